# SPDX-License-Identifier: BSD-2-Clause
"""Snapshots of the host: what is in them, what their difference names, and files that are none."""
from attach import *
from bpfsh import *
from state import *

SEEN = ("change", "kind", "name", "what", "old", "new")


def save(box, name="s.json", *words):
    path = os.path.join(box.dir, name)
    box.bpfsh("snapshot", "save", path, *words).expect(0)
    return path


def mine(box, *words):
    """The differences that are this test's own, as (change, kind, name, what, old, new)."""
    found = box.bpfsh("-j", "snapshot", "diff", *words).expect(0).json
    return [tuple(d.get(key) if not isinstance(d.get(key), dict) else "..." for key in SEEN)
            for d in found if box.tag in json.dumps(d) or box.dir in json.dumps(d)]


class World:
    """Something of each kind."""

    def __init__(self, box):
        self.box, self.group = box, box.cgroup()
        box.veth()
        box.bpftool("prog", "loadall", box.obj("link"), box.pin("p"))
        for name, entries in ("flows", 16), ("gone", 16), ("wide", 16):
            box.map_create(name, "hash", 4, 4, entries)
        update(open_pin(box.pin("flows")), b"\1\0\0\0", b"\2\0\0\0")
        update(open_pin(box.pin("flows")), b"\3\0\0\0", b"\4\0\0\0")
        box.script(f"link create {self.prog('x1')} xdp dev v0 pin {box.pin('lx')}\n"
                   f"link create {self.prog('c1')} cgroup {self.group} egress pin {box.pin('lc')}\n"
                   f"link create {self.prog('r1')} raw_tp sched_switch pin {box.pin('lr')}\n").expect(0)
        subprocess.run(["tc", "qdisc", "add", "dev", "v1", "clsact"], check=True)
        self.filter("add", "t1")
        self.at_cgroup("c2", True)
        self.dissector = load("flow_dissector", box.prefix + "f")
        self.event, prog = tracepoint(box, "sched/sched_switch"), load("tracepoint", box.prefix + "e")
        set_bpf(self.event, prog)
        os.close(prog)

    def prog(self, name):
        return self.box.pin(f"p/{self.box.prefix}{name}")

    def name(self, name):
        return self.box.prefix + name

    def tag(self, name):
        return self.box.bpfsh("-j", "prog", "show", "pinned", self.prog(name)).json["tag"]

    def filter(self, verb, prog):
        subprocess.run(["tc", "filter", verb, "dev", "v1", "ingress", "prio", "1", "handle", "1", "bpf",
                        "da", "pinned", self.prog(prog)], check=True)

    def at_cgroup(self, name, there):
        prog, group = open_pin(self.prog(name)), os.open(self.group, os.O_RDONLY)
        if there:
            attach(prog, group, BPF_EGRESS, 2)
        else:
            bpf(PROG_DETACH, struct.pack("=IIII", group, prog, BPF_EGRESS, 0))
        os.close(prog)
        os.close(group)


def test_each_kind(box):
    """Nothing is told of what stays; each change is, once and alone."""
    world = World(box)
    before = save(box)
    assert mine(box, before) == []
    name, pin, prog = world.name, box.pin, world.prog

    def changes(act, *wanted):
        """What is told of one change, which is the state of the next one's."""
        nonlocal before
        act()
        def told():
            found = mine(box, before)
            return sorted(found, key=str) == sorted(wanted, key=str)
        try:
            # Objects end a moment after what held them.
            wait_until(told, 10)
        except AssertionError:
            raise AssertionError(f"wanted {wanted}\ntold {mine(box, before)}") from None
        before = save(box)

    thing = lambda change, kind, what: (change, kind, what, None,
                                        "..." if change == "-" else None,
                                        "..." if change == "+" else None)
    path = lambda what: (lambda: os.unlink(pin(what)))
    new_map = lambda what, entries, *more: (lambda: box.map_create(what, "hash", 4, 4, entries, *more))

    changes(lambda: None)
    changes(path("gone"), thing("-", "map", name("gone")), thing("-", "pin", pin("gone")))
    changes(new_map("came", 8), thing("+", "map", name("came")), thing("+", "pin", pin("came")))

    def wider():
        os.unlink(pin("wide"))
        box.map_create("wide", "hash", 4, 8, 32, "flags", "1")
    changes(wider, ("~", "map", name("wide"), "bytes_value", 4, 8),
            ("~", "map", name("wide"), "max_entries", 16, 32),
            ("~", "map", name("wide"), "flags", "0x0", "0x1"))
    changes(lambda: box.bpfsh("link", "update", pin("lx"), prog("x2")).expect(0),
            ("~", "link", "xdp v0", "program", name("x1"), name("x2")))
    changes(path("lr"), thing("-", "link", "raw_tracepoint sched_switch"),
            thing("-", "pin", pin("lr")))
    changes(lambda: world.filter("replace", "t2"),
            ("~", "hook", "clsact/ingress v1", "program", name("t1"), name("t2")),
            ("~", "hook", "clsact/ingress v1", "filter", f"{name('t1')}:[*fsobj]",
             f"{name('t2')}:[*fsobj]"))
    changes(lambda: subprocess.run(["tc", "qdisc", "del", "dev", "v1", "clsact"], check=True),
            thing("-", "hook", "clsact/ingress v1"))
    changes(lambda: world.at_cgroup("c2", False),
            thing("-", "hook", f"cgroup cgroup_inet_egress {world.group}"))
    changes(lambda: attach(world.dissector, 0, BPF_FLOW_DISSECTOR),
            thing("+", "hook", "netns flow_dissector"))
    changes(lambda: bpf(PROG_DETACH, struct.pack("=IIII", 0, world.dissector, BPF_FLOW_DISSECTOR, 0)),
            thing("-", "hook", "netns flow_dissector"))
    changes(lambda: os.close(world.event), thing("-", "hook", "tracepoint sched_switch"),
            thing("-", "program", name("e")))
    changes(path("lx"), thing("-", "link", "xdp v0"), thing("-", "pin", pin("lx")))
    changes(lambda: box.script(f"net attach xdp {prog('x1')} dev v0\n").expect(0),
            thing("+", "hook", "xdp v0"))
    changes(lambda: os.rename(pin("flows"), pin("named")), thing("-", "pin", pin("flows")),
            thing("+", "pin", pin("named")))


def test_reload(box):
    """The same object, loaded anew: other IDs, and no difference; another program of a name is one."""
    load_all = lambda: box.bpftool("prog", "loadall", box.obj("count"), box.pin("p"), "pinmaps",
                                   box.pin("m"))
    load_all()
    before = save(box)
    ids = {o["id"] for kind in ("prog", "map") for o in box.retry(kind)}
    shutil.rmtree(box.pin("p"))
    shutil.rmtree(box.pin("m"))
    wait_until(lambda: not box.objects())
    load_all()
    assert mine(box, before) == []
    assert not ids & {o["id"] for o in box.retry("prog") if o.get("name", "").startswith(box.prefix)}

    make = lambda code, pin: box.script(f"prog asm type xdp '{code}' name {box.prefix}same pin {pin}\n")
    make("r0 = 1; exit", box.pin("same")).expect(0)
    before, first = save(box), box.bpfsh("-j", "prog", "show", "pinned", box.pin("same")).json["tag"]
    os.unlink(box.pin("same"))
    make("r0 = 2; exit", box.pin("same")).expect(0)
    tag = box.bpfsh("-j", "prog", "show", "pinned", box.pin("same")).json["tag"]
    wanted = [("~", "program", box.prefix + "same", "tag", first, tag),
              ("~", "pin", box.pin("same"), "tag", first, tag)]
    wait_until(lambda: mine(box, before) == wanted)


def test_counters(box):
    """How often a program ran is told where that is asked for."""
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    with open(save(box)) as f:
        saved = f.read()
    name = re.search(rf'"name":"({box.prefix}\w+)","id":\d+,"type"', saved).group(1)
    changed = box.file("o.json", re.sub(r'"run_cnt":\d+', '"run_cnt":7', saved))
    assert mine(box, box.file("s.json", saved), changed) == []
    told = mine(box, box.file("s.json", saved), changed, "counters")
    assert ("~", "program", name, "run_cnt", 0, 7) in told, told


def test_contents(box):
    """Elements by their keys: which came, went, changed; those of objects by the objects' names."""
    flows = box.map_create("flows")
    box.map_create("perhash", "percpu_hash", 4, 8)
    jump = box.map_create("jmp", "prog_array")
    make = lambda: box.script(f"prog asm type xdp 'r0 = 1; exit' name {box.prefix}x pin {box.pin('x')}\n"
                              f"map update {jump} key 1 value {box.pin('x')}\n").expect(0)
    make()
    box.script(f"map update {flows} key 1 value 2\nmap update {flows} key 3 value 4\n"
               f"map update {box.pin('perhash')} key 1 value 5\n").expect(0)
    before = save(box, "s.json", "contents")
    os.unlink(box.pin("x"))
    box.bpfsh("map", "delete", jump, "key", 1).expect(0)
    wait_until(lambda: not any("_x" in o for o in box.objects()))
    make()
    assert mine(box, before) == []
    box.script(f"map update {flows} key 1 value 7\nmap delete {flows} key 3\n"
               f"map update {flows} key 5 value 6\n").expect(0)
    bytes_of = lambda n: [f"0x{n:02x}", "0x00", "0x00", "0x00"]
    told = box.bpfsh("-j", "snapshot", "diff", before).expect(0).json
    told = {(d["change"], *map(str, (d["key"], d.get("old"), d.get("new"))))
            for d in told if d["name"] == f"{box.prefix}flows"}
    assert told == {("~", *map(str, (bytes_of(1), bytes_of(2), bytes_of(7)))),
                    ("-", *map(str, (bytes_of(3), bytes_of(4), None))),
                    ("+", *map(str, (bytes_of(5), None, bytes_of(6))))}, told
    box.bpfsh("snapshot", "diff", before, save(box, "bare.json")).expect(0, err="elements are not compared")


HEAD = '{"format":"bpfsh snapshot","version":1,"taken":1,"host":"h","contents":true'
OLD = HEAD + """,
"programs":[{"name":"pass","id":1,"type":"xdp","tag":"0000000000000001","maps":"flows","run_cnt":1},
{"name":"old","id":2,"type":"xdp","tag":"0000000000000002"},
{"name":"pass","id":3,"type":"sched_cls","tag":"0000000000000003"}],
"maps":[{"name":"flows","id":1,"type":"hash","bytes_key":4,"bytes_value":8,"max_entries":16,"flags":"0x0"}],
"links":[{"name":"xdp eth0","id":1,"program":"pass","tag":"0000000000000001"}],
"pins":[{"name":"/sys/fs/bpf/a","object":"program","object_name":"pass","tag":"0000000000000001"}],
"hooks":[{"name":"tcx/ingress eth0","program":"a\\u001b","tag":"0000000000000004","flags":"0x0"}],
"settings":[{"name":"net.core.bpf_jit_enable","value":"1"}],
"elements":[{"map":0,"key":{"ip":"10.0.0.1"},"value":1},
{"map":0,"key":2,"key_hex":"0200","value":18446744073709551615},{"map":0,"key":3,"value":"\\"}]"}]}
"""
NEW = HEAD + """,
"programs":[{"name":"pass","id":9,"type":"sched_cls","tag":"0000000000000003"},
{"name":"new","id":8,"type":"xdp","tag":"0000000000000005"},
{"name":"pass","id":7,"type":"xdp","tag":"0000000000000006","maps":"flows","run_cnt":2}],
"maps":[{"name":"flows","id":4,"type":"hash","bytes_key":4,"bytes_value":8,"max_entries":32,"flags":"0x1"}],
"links":[{"name":"xdp eth0","id":2,"program":"new","tag":"0000000000000005"}],
"pins":[], "hooks":[],
"settings":[{"name":"net.core.bpf_jit_enable","value":"2"}],
"elements":[{"map":0,"key":3,"value":"\\"}]"},
{"map":0,"key": {"ip": "10.0.0.1" },"value":2},
{"map":0,"key":2,"key_hex":"0200","value":18446744073709551614}]}
"""
TEXT = r"""- program old: type xdp, tag 0000000000000002, id 2
~ program pass: tag 0000000000000001 -> 0000000000000006
+ program new: type xdp, tag 0000000000000005, id 8
~ map flows: max_entries 16 -> 32
~ map flows: flags 0x0 -> 0x1
~ element flows[{"ip":"10.0.0.1"}]: 1 -> 2
~ element flows[{"value":2,"hex":"0200"}]: 18446744073709551615 -> 18446744073709551614
~ link xdp eth0: program pass -> new
~ link xdp eth0: tag 0000000000000001 -> 0000000000000005
- pin /sys/fs/bpf/a: object program, object_name pass, tag 0000000000000001
- hook tcx/ingress eth0: program a\x1b, tag 0000000000000004
~ setting net.core.bpf_jit_enable: value 1 -> 2
"""


def test_text(box):
    """What one reads, and its JSON; a layout of the file that is not ours is one, too."""
    old, new = box.file("old.json", OLD), box.file("new.json", NEW)
    with Pty(box, "snapshot", "diff", old, new, columns=200) as tty:
        tty.expect("a\\x1b")
    told = box.bpfsh("snapshot", "diff", old, new).expect(0)
    assert told.out.replace("\x1b", "\\x1b") == TEXT, told
    assert len(box.bpfsh("-j", "snapshot", "diff", old, new).json) == TEXT.count("\n")
    assert box.bpfsh("-j", "snapshot", "diff", old, old).expect(0).json == []
    laid_out = box.file("laid.json", box.run("jq", "-n", "input", old).expect(0).out)
    quiet = [line for line in box.bpfsh("snapshot", "diff", old, laid_out).expect(0).out.splitlines()
             if "1844674407370955" not in line]		# jq rounds it
    assert not quiet, quiet


def test_bad_files(box):
    """Each is refused, with a reason; none is taken for an empty snapshot."""
    thing = '{"name":"m","type":"hash"}'
    lists = HEAD + ',"maps":[%s]}'
    elements = HEAD + ',"maps":[' + thing + '],"elements":[%s]}'
    bad = ["", "{", "[]", "{}", "null", "\0", "not", '{"format":"bpfsh snapshot"}', '{"version":1}',
           '{"format":"other","version":1}', '{"format":"bpfsh snapshot","version":2}',
           '{"format":"bpfsh snapshot","version":"\x1b[31m"}', '{"maps":[],' + HEAD[1:] + "}",
           HEAD + "} x", HEAD + "}\0", HEAD, HEAD + ",}", lists % "1", lists % "{}", lists % '{"name":1}',
           lists % '{"name":"a\\u0000b"}', lists % '{"name":"m","bytes_key":"x"}',
           lists % '{"name":"m","bytes_key":1e300}', lists % '{"name":"m","bytes_key":-1}',
           lists % '{"name":"m","type":["hash"]}', lists % f"{thing}{thing}", lists % f"{thing},",
           lists % ('{"name":"' + "x" * 100000 + '"}'), lists % ('{"name":' + "[" * 100000),
           lists % ('{"name":' + "[" * 100 + "]" * 100 + "}"), lists.replace("]}", ""), lists.replace("]", "}"),
           lists % f'{thing}],"maps":[{thing}', elements % "{}", elements % '{"map":0,"key":1}',
           elements % '{"map":1,"key":1,"value":1}', elements % '{"map":-1,"key":1,"value":1}',
           elements % '{"map":99999999999999999999,"key":1,"value":1}', elements % '{"map":0,"key":1,"value":',
           elements % '{"map":0,"key":1,"value":1}],"elements":[{"map":0,"key":1,"value":1}',
           HEAD + ',"programs":5,"maps":{"a":', HEAD + ',"elements":[' + '{"map":0,"key":1,"value":1}]}']
    whole = box.file("whole.json", OLD)
    for n, text in enumerate(bad + [OLD[:n] for n in range(0, len(OLD) - 2, 37)]):
        path = box.file("bad.json", text)
        for words in (path, whole), (whole, path):
            done = box.bpfsh("snapshot", "diff", *words)
            assert done.status == 1 and "bad.json' is " in done.err and "\x1b" not in done.err, (text, done)
    for path, why in ("/dev/zero", "no regular file"), (box.dir, "directory"), ("none", "No such file"):
        box.bpfsh("snapshot", "diff", path).expect(1, err=f"cannot read '{path}': ")
    os.mkfifo("pipe")
    box.bpfsh("snapshot", "diff", "pipe").expect(1, err="it is no regular file")
    # What is no JSON, or no text, inside of an element is shown as a string.
    odd = box.file("odd.json", elements % '{"map":0,"key":1,"value":{nonsense}},{"map":0,"key":2,"value":"\x9b"}')
    told = box.bpfsh("-j", "snapshot", "diff", odd, box.file("none.json", elements % "")).expect(0).json
    assert [d["old"] for d in told] == ["{nonsense}", '"\x9b"'], told


def test_many_elements(box):
    """More than are kept at a time: each difference is found once, and memory stays bounded."""
    number = 2200000
    head = HEAD + ',"maps":[{"name":"m","type":"hash"}],"elements":[\n'
    line = lambda n, value: f'{{"map":0,"key":{n},"value":{value}}}'
    changed = {n: n + 1 for n in range(0, number, 500000)}
    with open("old.json", "w") as old, open("new.json", "w") as new:
        old.write(head + ",\n".join(line(n, n) for n in range(number)) + "]}\n")
        new.write(head + ",\n".join(line(n, changed.get(n, n)) for n in reversed(range(1, number + 1)))
                  + "]}\n")
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (120 << 20, 120 << 20))
    # Sanitizers take more memory than there may be.
    limited = {} if os.environ.get("SANITIZE") else {"preexec_fn": limit}
    told = box.bpfsh("-j", "snapshot", "diff", "old.json", "new.json", **limited).expect(0).json
    found = sorted((d["key"], d["change"], d.get("old"), d.get("new")) for d in told)
    assert found == sorted([(n, "~", n, value) for n, value in changed.items() if n]
                           + [(0, "-", 0, None), (number, "+", None, number)]), found


def test_stopped(box):
    """A file is there whole, or the old one is; nobody else may read it."""
    pin = box.map_create("many", "hash", 4, 4, 300000)
    fill_map(pin, 300000, 4, 4)
    path = os.path.join(box.dir, "s.json")
    for number, left in (signal.SIGKILL, 1), (signal.SIGTERM, 0), (signal.SIGINT, 0):
        box.file("s.json", "old\n")
        os.chmod(path, 0o644)
        process = subprocess.Popen([BPFSH, "--no-rc", "snapshot", "save", path, "contents"],
                                   stderr=subprocess.DEVNULL)
        written = lambda: [f for f in os.listdir(".") if f.startswith(".bpfsh-")
                           and os.path.getsize(f) > 1 << 20]
        wait_until(lambda: written() or process.poll() is not None)
        process.send_signal(number)
        assert process.wait() != 0, "it was faster"
        with open(path) as f:
            assert f.read() == "old\n"
        files = [f for f in os.listdir(".") if f.startswith(".bpfsh-")]
        assert len(files) <= left, files
        for name in files:
            assert os.stat(name).st_mode & 0o777 == 0o600
            os.unlink(name)
    assert os.stat(save(box)).st_mode & 0o777 == 0o600
    json.load(open(path))
    for bad in "/proc/none/s.json", os.path.join(box.dir, "no", "s.json"):
        box.bpfsh("snapshot", "save", bad).expect(1, err="cannot write")


run(__name__)
