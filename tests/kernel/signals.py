# SPDX-License-Identifier: BSD-2-Clause
"""SIGINT, SIGTERM and SIGHUP end whatever waits, within a second, and all is rolled back."""
from bpfsh import *

LIMIT = 1.0 if not os.environ.get("SANITIZE") else 5.0
SIGNALS = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
DEAF = 'trap "" TERM INT HUP; sleep 30; sleep 30'


def long_expressions(nr):
    return "\n".join(f"$v{i} = {i} + 1 - {i}" for i in range(nr))


def ended(process, sig, before, box, where):
    """Sends the signal, again and again as some supervisors do, and looks at what is left."""
    start = time.monotonic()
    process.send_signal(sig)
    _, err = process.communicate(timeout=20)
    took = time.monotonic() - start
    assert process.returncode == 128 + sig, f"{where}: {process.returncode}\n{err}"
    assert took < LIMIT, f"{where}: {took:.2f} s\n{err}"
    assert box.elements(box.pin("m")) == before, f"{where}\n{err}"
    assert not os.listdir("/run/bpfsh") if os.path.isdir("/run/bpfsh") else True, where
    return err


def start(box, *words, **more):
    # Those who start the tests may ignore some.
    return subprocess.Popen([BPFSH, "--no-rc", *words], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.PIPE, start_new_session=True,
                            preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL) for s in SIGNALS],
                            **more)


def test_waiting_places(box):
    """Wherever a script waits; what it started hears of it, or is killed."""
    pin = box.map_create("m")
    marker = os.path.join(box.dir, "marker")
    fifo = os.path.join(box.dir, "fifo")
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)
    places = ("!sleep 30", "!sleep 30; sleep 30", f"!{DEAF}", "map show | sleep 30",
              "map show | sleep 30 | sleep 30", f"map show | sh -c '{DEAF}'",
              f"map import pinned {pin} {fifo}", f"source {fifo}", "watch 30 echo on",
              "time watch 30 echo on", f"map top pinned {pin} interval 30",
              "$x = echo a | sleep 30", "for $x in repeat(1) { !sleep 30\n }",
              "[range(1e12)] | length", "def f: f; f", '"x" * 1e9 | length',
              '("x" * 1e6) | [match("."; "g")] | length')
    before = box.elements(pin)
    for place in places:
        command = place if place.split()[0] in "!sleep source map time watch for".split() or \
            place[0] in "!$" else f"assert ({place})"
        text = f"map update pinned {pin} key 1 value 1\n!touch {marker}\n{command}\n"
        script = box.file("script.bsh", text)
        for sig in SIGNALS:
            for words in ["-f", script], ["-c", text]:
                process = start(box, *words)
                wait_until(lambda: os.path.exists(marker) or process.poll() is not None)
                time.sleep(0.1)
                ended(process, sig, before, box, (sig, place, words[0]))
                os.remove(marker)
    os.close(writer)


def test_reading_and_checking(box):
    """Before anything runs."""
    box.map_create("m")
    many = box.file("many.bsh", long_expressions(4000))
    before = box.elements(box.pin("m"))
    for sig in SIGNALS:
        for words in ["--check", "-f", many], ["-f", many], ["-c", f"source {many}"]:
            process = start(box, *words)
            time.sleep(0.3)
            ended(process, sig, before, box, (sig, words))
        reader, writer = os.pipe()
        process = start(box, "-f", "-", stdin=reader)
        os.write(writer, b"echo on\n")
        time.sleep(0.1)
        ended(process, sig, before, box, (sig, "a slow pipe"))
        os.close(writer)
        os.close(reader)


def test_impatient(box):
    """More signals during the rollback do not stop it."""
    pin = box.map_create("m", entries=20000)
    rows = box.file("rows.jsonl", "".join(f'{{"key":{i},"value":{i}}}\n' for i in range(15000)))
    before = box.elements(pin)
    for sig in SIGNALS:
        process = start(box, "-c", f"map import pinned {pin} {rows}\n!sleep 30")
        wait_until(lambda: children(process.pid))
        while process.poll() is None:
            process.send_signal(sig)
        assert process.wait() == 128 + sig and box.elements(pin) == before, process.stderr.read()


def test_crashes_of_expressions(box):
    """What ends jq is an error of the expression, and the rest is rolled back as ever."""
    pin = box.map_create("m")
    before = box.elements(pin)
    limited = ["prlimit", f"--as={3 << 30}"] if not os.environ.get("SANITIZE") else []
    for expr, why in (("(reduce range(1000000) as $i (null; [.]) | length)", "too deep"),
                      ("[] | .[500000000] = 1 | length", "not enough memory"),
                      ("[range(300)] | reduce .[] as $i (0; [.])", "nested too deeply")):
        if not limited and "memory" in why:
            continue
        text = f"map update pinned {pin} key 1 value 1\nassert {expr}\n"
        done = box.run(*limited, BPFSH, "--no-rc", "-c", text).expect(1, err=[why, "rolled back 1 of 1"])
        assert box.elements(pin) == before, done


def test_own_crash(box):
    """Whatever else ends bpfsh: it says what to do, where there is something to do."""
    if os.environ.get("SANITIZE"):
        return		# they look at crashes themselves
    pin = box.map_create("m")
    before = box.elements(pin)
    for sig in "SEGV", "ABRT", "BUS", "QUIT":
        kill = f"!kill -{sig} $PPID; sleep 5"
        done = subprocess.run([BPFSH, "--no-rc", "-c", f"map update pinned {pin} key 1 value 1\n{kill}"],
                              capture_output=True, text=True)
        assert done.returncode == -getattr(signal, f"SIG{sig}"), done
        assert done.stderr == ("error: bpfsh died, and its changes are not rolled back: "
                               "run 'bpfsh recover'\n"), done
        box.bpfsh("recover").expect(0)
        assert box.elements(pin) == before
        done = subprocess.run([BPFSH, "--no-rc", "-c", f"map update pinned {pin} key 1 value 1\n"
                               f"rollback\n{kill}"], capture_output=True, text=True)
        assert not done.stderr, done


def test_constants_are_jqs(box):
    """Literals and variables that jq does not see have the values that it would give them."""
    for text in ("7", "-1", "1.5e3", '"a\\u00e9\\n"', '[1, [2, {"a": null}]]', "007",
                 '"a\\(1 + 1)"', "1 # one", "[1, 2][0]", "1e1000", '{"a": 1, "a": 2}'):
        wanted = box.run("jq", "-nc", text).expect(0).out
        done = box.bpfsh("-j", "-c", f"$x = {text}\n$y = $x\n$y = [$y][0]\nvars").expect(0).json
        got = {v["name"]: v.get("value") for v in done[-1]["output"]}
        assert got["x"] == got["y"] == json.loads(wanted), (text, got, wanted)
    box.bpfsh("-c", "$x = [1, 2").expect(2)
    box.bpfsh("-c", "$x = 1 2").expect(2, err="syntax error")
    box.bpfsh("-c", "$x = $nothing").expect(2, err="nothing")


run(__name__)
