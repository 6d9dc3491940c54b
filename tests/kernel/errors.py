# SPDX-License-Identifier: BSD-2-Clause
"""Exit statuses, and errors that say what failed and what to do."""
import glob
import os

from bpfsh import *


def test_status_0(box):
    box.bpfsh("map", "show").expect(0, err="")
    box.bpfsh("-c", "echo hello").expect(0, out="hello\n")


def test_status_1(box):
    box.bpfsh("map", "show", "id", 4000000000).expect(1, err="4000000000")
    box.bpfsh("-c", "assert 1 == 2").expect(1, err="1 == 2")


def test_status_2(box):
    for words in (["nonsense"], ["map", "nonsense"], ["map", "update"], ["--nonsense"],
                  ["-c", "map shw"], ["-c", 'echo "open'], ["-f"]):
        done = box.bpfsh(*words)
        assert done.status == 2 and done.err, done


def test_missing_script(box):
    box.bpfsh("-f", "prog", "show").expect(2, err=["looks like bpftool's '-f'", "--bpffs"])
    done = box.bpfsh("-f", "not-there.bsh")
    assert done.status in (1, 2) and "not-there.bsh" in done.err, done


def test_did_you_mean(box):
    box.bpfsh("map", "shwo").expect(2, err="show")
    box.bpfsh("porg", "show").expect(2, err="prog")


def test_json_errors(box):
    """With -j, whatever happens, standard output is JSON."""
    for words, status in ((["map", "show", "id", "4000000000"], 1), (["map", "nonsense"], 2),
                          (["-c", "map show\nassert false"], 1), (["-c", 'echo "'], 2),
                          (["-c", "map show\nmap shw"], 2), (["--nonsense"], 2),
                          (["-f", "not-there.bsh"], 2), (["-o", "nonsense"], 2)):
        done = box.bpfsh("-j", *words).expect(status, err="")
        text = json.dumps(done.json)
        assert '"error"' in text, done


def test_unprivileged(box):
    pin = box.map_create("m")
    os.chmod(pin, 0o644)
    for words in (["map", "show"], ["prog", "show"], ["map", "dump", "pinned", pin],
                  ["map", "create", box.pin("n"), "type", "hash", "key", "4", "value", "4",
                   "entries", "1", "name", "n"]):
        done = box.unprivileged(*words)
        if words[1] == "dump":
            assert done.status in (0, 1), done
        else:
            done.expect(1, err="CAP_")
    done = box.unprivileged("-j", "prog", "show").expect(1, err="")
    assert "CAP_" in json.dumps(done.json), done


def with_caps(box, caps, *words):
    """bpfsh as a user who has these capabilities alone."""
    caps = ",".join("+" + cap for cap in caps.split())
    return box.run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                   "--inh-caps=-all" + (f",{caps}" if caps else ""),
                   *([f"--ambient-caps={caps}"] if caps else []), BPFSH, "--no-rc", *words)


def test_missing_capabilities(box):
    """Exactly those that the call takes and the process lacks; what it says is enough, is."""
    os.chmod(box.bpffs, 0o777)
    xdp = ["prog", "asm", "r0 = 2; exit", "type", "xdp", "name", box.prefix + "x", "pin", box.pin("x")]
    probe = ["prog", "asm", "r0 = 0; exit", "type", "kprobe", "name", box.prefix + "k", "pin",
             box.pin("k")]
    new_map = ["map", "create", box.pin("m"), *"type hash key 4 value 4 entries 4".split(),
               "name", box.prefix + "m"]
    for words, caps, text in ((xdp, "bpf", "needs CAP_NET_ADMIN\n"),
                              (xdp, "", "needs CAP_BPF and CAP_NET_ADMIN\n"),
                              (probe, "bpf net_admin", "needs CAP_PERFMON\n"),
                              (new_map, "net_admin perfmon", "needs CAP_BPF\n"),
                              (["prog", "show"], "bpf net_admin perfmon", "needs CAP_SYS_ADMIN\n"),
                              (["net", "show"], "bpf", "needs CAP_SYS_ADMIN\n"),
                              (["prog", "load", box.obj("link"), box.pin("o")], "bpf",
                               "needs CAP_NET_ADMIN\n")):
        with_caps(box, caps, *words).expect(1, err=text)
    for words, caps in (xdp, "bpf net_admin"), (probe, "bpf perfmon"), (new_map, "bpf"):
        with_caps(box, caps, *words).expect(0)


def test_user_namespace(box):
    if box.run("unshare", "-Ur", "true").status:
        raise Skip("no user namespaces, as in a chroot")
    done = box.run("unshare", "-Ur", BPFSH, "--no-rc", "map", "create", box.pin("m"),
                   *"type hash key 4 value 4 entries 4".split(), "name", box.prefix + "m")
    done.expect(1, err=["needs CAP_BPF, and those of a user namespace do not count",
                        "outside of the user namespace"])


def test_unknown_is_not_zero(box):
    """What the kernel hides from this user is left out, not told as 0 bytes and "not jited"."""
    box.bpfsh("prog", "asm", "r0 = 0; exit", "type", "socket", "name", box.prefix + "s", "pin",
              box.pin("s")).expect(0)
    os.chmod(box.bpffs, 0o777)
    os.chmod(box.pin("s"), 0o666)
    words = ["prog", "show", "pinned", box.pin("s")]
    assert box.bpfsh("-j", *words).expect(0).json["bytes_xlated"] == 16
    hidden = box.unprivileged("-j", *words).expect(0).json
    assert not {"bytes_xlated", "jited", "bytes_jited"} & hidden.keys(), hidden
    out = box.unprivileged(*words).expect(0).out
    assert "xlated" not in out and "jited" not in out and "memlock" in out, out
    for form in "xlated", "jited":
        box.unprivileged("prog", "dump", form, "pinned", box.pin("s")).expect(
            1, err="hint: it needs CAP_BPF\n")
    with_caps(box, "bpf", "prog", "dump", "xlated", "pinned", box.pin("s")).expect(0, out="exit")


def test_maps_inside(box):
    """In what a map differs from those that a map of maps takes, in an empty one and one with maps."""
    def create(name, words):
        box.bpfsh("map", "create", box.pin(name), *words.split(), "name", box.prefix + name).expect(0)
        return box.pin(name)

    array = create("a4", "type array key 4 value 4 entries 4")
    hash_map = create("h", "type hash key 8 value 12 entries 4 flags 1")
    ring = create("r", "type ringbuf entries 4096")
    outer = "type array_of_maps key 4 value 4 entries 3 inner_map pinned "
    for name, model, words, text in (
        ("a", array, "type array key 4 value 4 entries 8", "entries 8, not 4\n"),
        ("b", array, "type array key 4 value 16 entries 4", "value 16 bytes, not 4\n"),
        ("c", array, "type percpu_array key 4 value 8 entries 4",
         "type percpu_array, not array; value 8 bytes, not 4\n"),
        ("d", hash_map, "type hash key 4 value 12 entries 9 flags 1", "key 4 bytes, not 8\n"),
        ("e", hash_map, "type hash key 8 value 12 entries 9", "other flags (its are 0)"),
        ("f", ring, "type hash key 8 value 12 entries 9",
         "type hash, not ringbuf; key 8 bytes, not 0; value 12 bytes, not 0\n"),
    ):
        inside = create("i" + name, words)
        for kind, key in (outer, "0"), (outer.replace("array_of", "hash_of"), "7"):
            holder = create("o" + name + key, kind + model)
            update = ["map", "update", holder, "key", key, "value", inside]
            box.bpfsh(*update).expect(1, err=text)
            update[-1] = model
            box.bpfsh(*update).expect(0)
            update[-1] = inside
            box.bpfsh(*update).expect(1, err="flags 0, not 0x1\n" if name == "e" else text)
    box.bpfsh("map", "update", create("last", outer + array), "key", "0", "value", hash_map).expect(
        1, err="type hash, not array; key 8 bytes, not 4; value 12 bytes, not 4\n")


def test_types_that_cannot_be_read(box):
    """A map has BTF, and only root may read it: that is not "without BTF"."""
    box.bpfsh("map", "create", box.pin("m"), *"type hash key_type int value_type int".split(),
              "entries", "4", "btf", box.obj("typed"), "name", box.prefix + "m").expect(0)
    os.chmod(box.bpffs, 0o777)
    os.chmod(box.pin("m"), 0o666)
    done = box.unprivileged("map", "update", "pinned", box.pin("m"), "key", "a=1", "value", "b=2")
    assert "its types cannot be read (needs CAP_SYS_ADMIN)" in done.err, done
    assert "without BTF" not in done.err, done


def test_pin_at_the_mount_point(box):
    new = ["type", "hash", "key", "4", "value", "4", "entries", "4", "name", box.prefix + "m"]
    box.bpfsh("map", "create", box.bpffs, *new).expect(1, err=[
        f"'{box.bpffs}' is where a bpffs is mounted", f"name the pin in it: '{box.bpffs}/NAME'"])
    box.bpfsh("map", "create", box.dir + "/m", *new).expect(1, err=[
        "is not on a bpffs", f"below a mounted bpffs, here: '{box.bpffs}'"])


def test_cgroup_of_version_1(box):
    path = os.path.join(box.dir, "old")
    os.mkdir(path)
    try:
        mount("none", path, "cgroup", data=f"none,name={box.prefix}v1")
    except OSError as error:
        raise Skip(f"no cgroups of version 1: {error}")
    try:
        box.bpfsh("cgroup", "show", path).expect(1, err=[f"'{path}' is a cgroup of version 1",
                                                         "those of version 2 are"])
    finally:
        umount(path)


def test_help_needs_no_privilege(box):
    box.unprivileged("help").expect(0, out="map")
    box.unprivileged("--version").expect(0, out="bpfsh")


def test_help_of_mistyped_words(box):
    for words, text in (("mpa", "hint: did you mean 'map'?"), ("map dmup", "did you mean 'dump'?"),
                        ("map zzz", "hint: 'help map' lists its commands")):
        box.bpfsh("help", *words.split()).expect(1, err=text)
    out = box.bpfsh("help", "pin").expect(0).out
    assert all(f"{kind} pin " in out for kind in ("prog", "map", "link")), out


def test_json_of_failed_lists_and_plans_parses(box):
    queue = box.map_create("q", "queue", 0, 4)
    for options in ["-j"], ["-p"]:
        for words in ["dump", "pinned", queue], ["export", "pinned", queue, "-"]:
            done = box.bpfsh(*options, "map", *words).expect(1).json
            assert "cannot be listed" in done["error"]["message"], done
        for words in ["vars"], ["set"], ["txn"], ["recover"]:
            assert type(box.bpfsh(*options, "--plan", *words).expect(0).json) is list, words


def test_full_disk(box):
    box.map_create("m")
    with open("/dev/full", "w") as full:
        for words in (["map", "show"], ["-j", "map", "show"], ["help"]):
            box.bpfsh(*words, stdout=full).expect(1, err="no space left on device")


def test_closed_stdout(box):
    box.map_create("m")
    done = box.run("sh", "-c", f"exec {BPFSH} --no-rc map show >&-")
    assert done.status == 1 and "output" in done.err, done


def test_closed_pipe(box):
    """A reader that goes away ends the command as SIGPIPE would, without a word; a script is undone."""
    pin = box.map_create("m", entries=30000)
    fill_map(pin, 20000)
    script = box.file("script.bsh", f"map update pinned {pin} key 1 0 0 0 value 9 9 9 9\n"
                                    f"map dump pinned {pin}\n")
    before = box.elements(pin)
    for command, said in ((f"map dump pinned {pin}", ""), (f"map export pinned {pin} -", ""),
                          (f"--no-transaction -c 'map dump pinned {pin}'", ""),
                          (f"-f {script}", "rolled back 1 of 1; nothing changed\n")):
        done = box.run("bash", "-c",
                       f"{BPFSH} --no-rc {command} | head -1; echo ${{PIPESTATUS[0]}}")
        assert done.out.splitlines()[1:] == ["141"] and done.err == said, done
    assert box.elements(pin) == before
    # However little it writes: what a script does must not depend on that.
    update = f"map update pinned {pin} key 1 0 0 0 value 8 8 8 8; map count pinned {pin}"
    box.unread("-c", update).expect(141, err="rolled back 1 of 1")
    assert box.elements(pin) == before
    box.run("bash", "-c", f"{BPFSH} --no-rc -c '{update}' | cat; exit ${{PIPESTATUS[0]}}").expect(0)
    assert box.elements(pin) != before


def test_reader_that_does_not_read(box):
    """Ctrl-C ends what waits for it, and no more is written."""
    pin = box.map_create("m", entries=30000)
    fill_map(pin, 20000)
    process = subprocess.Popen([BPFSH, "--no-rc", "map", "dump", "pinned", pin],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(1)
    wait_until(lambda: process_stat(process.pid)[0] == "S")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130 and b"interrupted" in process.stderr.read()


def test_full_map(box):
    pin = box.map_create("m", entries=1)
    box.bpfsh(*f"map update pinned {pin} key 1 0 0 0 value 1 0 0 0".split()).expect(0)
    done = box.bpfsh(*f"map update pinned {pin} key 2 0 0 0 value 1 0 0 0".split())
    done.expect(1, err="full")
    assert "too long" not in done.err, done


def test_index_out_of_range(box):
    pin = box.map_create("m", "array", entries=2)
    done = box.bpfsh(*f"map update pinned {pin} key 7 0 0 0 value 1 0 0 0".split()).expect(1)
    assert "too long" not in done.err and "out of range (0 to 1)" in done.err, done


def test_frozen_map(box):
    pin = box.map_create("m", "array")
    box.bpftool("map", "freeze", "pinned", pin)
    box.bpfsh(*f"map update pinned {pin} key 0 0 0 0 value 1 0 0 0".split()).expect(1, err="frozen")


def test_undumpable(box):
    """What cannot be read is an error, never an empty map."""
    for kind, key, value, entries in (("queue", 0, 4, 4), ("ringbuf", 0, 0, 4096)):
        pin = box.map_create(kind, kind, key, value, entries)
        done = box.bpfsh("map", "dump", "pinned", pin)
        assert done.status == 1 and kind in done.err and "524" not in done.err, done


def test_lookup_miss(box):
    pin = box.map_create("m")
    done = box.bpfsh(*f"map lookup pinned {pin} key 1 0 0 0".split()).expect(1)
    assert "no" in done.err and "key" in done.err, done
    done = box.bpfsh("-j", *f"map lookup pinned {pin} key 1 0 0 0 or null".split()).expect(0)
    assert done.json is None, done


def test_pin_outside_bpffs(box):
    pin = box.map_create("m")
    box.bpfsh("map", "pin", "pinned", pin, os.path.join(box.dir, "x")).expect(1, err="bpffs")
    assert not os.path.exists(os.path.join(box.dir, "x"))


def test_pin_with_dot(box):
    pin = box.map_create("m")
    box.bpfsh("map", "pin", "pinned", pin, box.pin("a.b")).expect(1, err=["a.b", "dot"])


def test_never_mounts(box):
    """In a namespace without bpffs nothing is mounted, and the error says what to do."""
    umount(box.bpffs)
    with open("/proc/self/mounts") as f:
        before = f.read()
    box.bpfsh("map", "create", box.pin("m"), *"type hash key 4 value 4 entries 1 name m".split()) \
        .expect(1, err=["bpffs", "mount -t bpf"])
    with open("/proc/self/mounts") as f:
        assert f.read() == before
    mount("bpf", box.bpffs, "bpf")


def test_bad_object(box):
    for name, data in (("empty.o", b""), ("text.o", b"no ELF at all\n"),
                       ("cut.o", open(box.obj("count"), "rb").read()[:700])):
        done = box.bpfsh("prog", "load", box.file(name, data), box.pin("p"))
        assert done.status == 1 and name in done.err and "libbpf:" not in done.err, done
    assert not box.pins()


def test_verifier_says_why(box):
    done = box.bpfsh("prog", "load", box.obj("bad"), box.pin("p")).expect(1)
    assert "R0 !read_ok" in done.err or "invalid" in done.err, done
    assert len(done.err.splitlines()) < 40, done
    assert not box.pins()


def test_vanished_object(box):
    """A variable holds the object itself: removing all pins does not take it away."""
    pin = box.map_create("m")
    done = box.bpfsh("-c", f"$m = map create type hash key 4 value 4 entries 4 name {box.prefix}v\n"
                           f"!rm {pin}\nmap show $m | jq -r .name\nmap show pinned {pin}")
    assert done.status == 1 and f"{box.prefix}v" in done.out and pin in done.err, done


def test_hostile_names(box):
    """Text from a file name cannot move a terminal's cursor, nor break JSON."""
    name = "no\x1b[31mt\n\"there"
    with Pty(box, "prog", "load", name, box.pin("p")) as tty:
        assert tty.wait() == 1
        assert "\x1b[31mt" not in tty.seen, tty.seen
    damaged = box.file("a\x1b[31m.o", "\x7fELF" * 32)
    done = box.bpfsh("--debug", "prog", "load", damaged, box.pin("p"))
    assert "\x1b" not in done.expect(1).err, done
    with Pty(box, "-c", r"""echo a | jq -r '"a\u001b[31mt"'""") as tty:
        assert tty.wait() == 0
        assert "a\\x1b[31mt" in tty.seen, tty.seen
    json.loads(box.bpfsh("-j", "prog", "load", name, box.pin("p")).expect(1).out)
    done = box.bpfsh("-j", "prog", "load", "a\x9b31m", box.pin("p")).expect(1)
    assert "a\\u009b31m" in done.out and "a\x9b31m" in done.json["error"]["message"], done


def test_hostile_script_text(box):
    """The line above a caret obeys nothing: no C1 controls, no bidi overrides, no broken UTF-8."""
    with open("a.bsh", "wb") as f:
        f.write(b"nope \xc2\x9b31m \xe2\x80\xae \xff\x9b \xc3\xa9 \x1b[31m\n")
    err = box.bpfsh("-f", "a.bsh").expect(2).err
    assert not set("\x9b\u202e\ufffd\x1b") & set(err) and "\u00e9" in err and "\\xff" in err, err


def test_deep_nesting(box):
    """Commands that run each other without end are refused before any runs, and soon."""
    for text in ("time " * 300000 + "echo a", "if true { " * 300000, "echo a " + "| cat " * 300000):
        done = box.bpfsh("--check", "-f", box.file("deep.bsh", text), timeout=PATIENCE)
        assert done.status == (0 if "|" in text else 2), done
        assert "|" in text or "too many" in done.err, done


def test_broken_stdin_script(box):
    done = box.run(BPFSH, "--no-rc", "-f", "-", input="echo one\necho two\n").expect(0)
    assert done.out == "one\ntwo\n"
    done = box.run(BPFSH, "--no-rc", "-f", "-", input="echo one\n\0\x7f\x01(\n")
    assert done.status == 2 and done.out == "", done


def named_commands():
    """The commands with something to fill in that messages and hints name: "prog cfg obj FILE verifier"."""
    form = re.compile(r"(?:^|[ '(])((?:prog|map|link|btf) [a-z]+ [^';:,()]*)")
    sources = [path for floor in ("commands", "shell")
               for path in glob.glob(f"{ROOT}/{floor}/**/*.c", recursive=True)]
    for source in sources:
        with open(source) as f:
            text = re.sub(r'"\s*\n\s*"', "", f.read())
        for said in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
            for command in form.findall(said):
                # What begins with a sign describes a change; a type alone is not all of its command.
                if re.search(r"%s| [A-Z]{4}", command) and not re.search(r"\.\.\.|type %s", command) and \
                        said[0] not in "+~-":
                    yield re.sub(r" (makes|works).*", "", command).strip()


def test_hints_name_what_is_accepted(box):
    """Each command that a hint names passes the check, once its capitals are filled in."""
    obj = os.path.join(BUILD, "tests/progs/load_two.bpf.o")
    box.bpfsh("prog", "load", obj, box.pin("p")).expect(0)
    group = box.cgroup()
    fill = {"PROG": f"pinned {box.pin('p')}", "FILE.o": obj, "FILE": obj, "PATH": box.pin("new"), "DEVICE": "lo",
            "TYPE": "egress", "map name %s": "map name flows", "%s": obj, "$m": "$m", "SIZE": "16"}
    seen = set()
    for command in named_commands():
        line = command.replace("cgroup PATH", f"cgroup {group}")
        for word, means in fill.items():
            line = line.replace(word, means)
        if line in seen:
            continue
        seen.add(line)
        box.script(f"$m = map create type hash key 4 value 16 entries 4\n{line}\n", options=["--check"]).expect(0)
    assert len(seen) > 5, seen


def test_folder_that_bpffs_refuses(box):
    """Refused before anything is done, and so nothing is left to be undone."""
    program = os.path.join(BUILD, "tests/progs/load_two.bpf.o")
    done = box.bpfsh("prog", "loadall", program, box.pin("a.b")).expect(1, err="a bpffs cannot have a dot")
    assert "undo" not in done.err, done
    assert "unfinished" not in box.bpfsh("prog", "show").err


run(__name__)
