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
              "[range(1e12)] | length")
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
        wait_until(lambda: len(os.listdir(f"/proc/{process.pid}/task/{process.pid}")) and
                   open(f"/proc/{process.pid}/task/{process.pid}/children").read())
        while process.poll() is None:
            process.send_signal(sig)
        assert process.wait() == 128 + sig and box.elements(pin) == before, process.stderr.read()


run(__name__)
