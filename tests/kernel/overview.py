# SPDX-License-Identifier: BSD-2-Clause
"""hooks: all attachments in one overview, compared with what was attached here."""
import threading

import state
from attach import *
from bpfsh import *
from feature import needs
from loader import Program

Box.shows_holders = True

NFPROTO_IPV4, LOCAL_OUT = 2, 3
LINK_DETACH = 34


def rows(box, *words):
    """The records about this test's programs, by their ID, without what only some have."""
    listed = box.bpfsh("-j", "hooks", *words).expect(0).json
    return [row for row in listed if row.get("prog_name", "").startswith(box.prefix)]


def by_name(box, *words):
    """(hook, place, type, order, link) by the part of the program's name behind the prefix."""
    found = {}
    for row in rows(box, *words):
        found.setdefault(row["prog_name"][len(box.prefix):], []).append(
            (row["hook"], row["place"], row["type"], row.get("order"), row.get("link_id")))
    return found


def test_devices(box):
    """XDP with a link and without; three of tcx, in their order; the filter of one device."""
    needs("tcx")
    box.veth()
    one, two = (socket.if_nametoindex(dev) for dev in ("v0", "v1"))
    old, new = load("xdp", box.prefix + "old", 2), load("xdp", box.prefix + "new", 2)
    state.pin(old, box.pin("old"))
    box.run("ip", "link", "set", "dev", "v0", "xdpgeneric", "pinned", box.pin("old")).expect(0)
    links = {"new": link(new, two, XDP)}
    for name in "a", "b", "c":
        links[name] = link(load("sched_cls", box.prefix + name, -1), one, BPF_TCX_INGRESS)
    ids = {name: ident(fd) for name, fd in links.items()}
    wanted = {
        "old": [("xdp", "v0", "generic", None, None)],
        "new": [("xdp", "v1", "driver", None, ids["new"])],
        **{name: [("tcx", "v0", "tcx/ingress", place + 1, ids[name])]
           for place, name in enumerate("abc")}}
    assert by_name(box) == wanted, by_name(box)
    assert by_name(box, "dev", "v1") == {"new": wanted["new"]}
    assert by_name(box, "dev", "v0", "prog", "id", ident(old)) == {"old": wanted["old"]}
    assert by_name(box, "prog", "name", box.prefix + "b") == {"b": wanted["b"]}
    assert by_name(box, "pid", os.getpid()).keys() == wanted.keys()
    assert by_name(box, "pid", 1) == {}
    for row in rows(box, "dev", "v0"):
        assert row["pids"] == [{"pid": os.getpid(), "comm": "python3"}], row
        assert row.get("pinned") == ([box.pin("old")] if row["hook"] == "xdp" else None), row
    text = box.bpfsh("hooks", "dev", "v0").expect(0).out
    shown = [re.sub(r" +", " ", line) for line in text.splitlines()]
    assert [line for line in shown if line.startswith(" v")] == [" v0", " v0"], text
    assert f" generic prog {ident(old)} {box.prefix}old no link pinned {box.pin('old')} pids " \
        f"python3({os.getpid()})" in shown, text
    assert len({line.index("prog ") for line in text.splitlines() if " prog " in line}) == 1, text
    box.bpfsh("-o", "table", "hooks", "dev", "v0").expect(0, out=["hook", "prog_name", "tcx"])


def test_elsewhere(box):
    """Links at devices of another network namespace, and their own, are said to be so."""
    with other_netns():
        box.veth()
        far = link(load("xdp", box.prefix + "x", 2), socket.if_nametoindex("v0"), XDP)
        lookup = link(load("flow_dissector", box.prefix + "f"), os.open("/proc/self/ns/net", 0),
                      BPF_FLOW_DISSECTOR)
    found = {row["link_id"]: row for row in rows(box)}
    assert found[ident(far)]["netns"] == found[ident(lookup)]["netns"] == "another", found
    assert found[ident(far)]["place"].startswith("ifindex "), found
    box.bpfsh("hooks").expect(0, out=" in another network namespace\n")
    assert rows(box, "dev", "lo") == []
    bpf(LINK_DETACH, struct.pack("=I", far))
    assert [row for row in rows(box) if row["link_id"] == ident(far)][0]["detached"] is True


def test_cgroups(box):
    """Several in a row, one by a link; a cgroup below; the filter has those below it."""
    path = box.cgroup()
    below = path + "/in"
    os.mkdir(below)
    folder, inner = os.open(path, os.O_RDONLY), os.open(below, os.O_RDONLY)
    try:
        progs = {name: load("cgroup_skb", box.prefix + name, 1) for name in "abc"}
        attach(progs["a"], folder, BPF_EGRESS, 2)
        by = ident(link(progs["b"], folder, BPF_EGRESS))
        attach(progs["a"], inner, BPF_INGRESS, 2)
        wanted = {
            "a": [("cgroup", path, "cgroup_inet_egress", 1, None),
                  ("cgroup", below, "cgroup_inet_ingress", 1, None)],
            "b": [("cgroup", path, "cgroup_inet_egress", 2, by)]}
        assert by_name(box) == by_name(box, "cgroup", path) == wanted, by_name(box)
        assert by_name(box, "cgroup", below) == {"a": wanted["a"][1:]}
        box.bpfsh("hooks", "cgroup", path + "/none").expect(1, err="no such file or directory")
    finally:
        os.close(inner)
        os.rmdir(below)


def test_tracing(box):
    """A raw tracepoint's link that two processes hold, a perf event of a file, an iterator's pin."""
    progs = {name: load(kind, box.prefix + name) for name, kind in (
        ("r", "raw_tracepoint"), ("u", "kprobe"))}
    raw = raw_tracepoint(progs["r"], "sched_process_exit")
    child = os.fork()
    if not child:
        signal.pause()
    try:
        set_bpf(uprobe(BPFSH, 64), progs["u"])
        found = by_name(box)
        assert found["r"] == [("tracepoint", "sched_process_exit", "raw_tracepoint", None,
                               ident(raw))], found
        assert found["u"] == [("uprobe", BPFSH + "+0x40", "uprobe", None, None)], found
        owners = {row["prog_name"][-1]: {p["pid"] for p in row["pids"]} for row in rows(box)}
        assert owners == {"r": {os.getpid(), child}, "u": {os.getpid()}}, owners
        assert by_name(box, "pid", child).keys() == {"r", "u"}
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_iterator_pinned(box):
    fd = Program(box.obj("hooks"), box.prefix + "iter").attach()
    state.pin(fd, box.pin("i"))
    number = ident(fd)
    found = [row for row in rows(box) if row["link_id"] == number]
    assert [(row["hook"], row["place"], row["type"], row["pinned"]) for row in found] == [
        ("iter", "task", "iter", [box.pin("i")])], found


def test_netns(box):
    """The flow dissector without a link, and netfilter, whose links tell no namespace."""
    dissector = load("flow_dissector", box.prefix + "f")
    attach(dissector, 0, BPF_FLOW_DISSECTOR)
    assert by_name(box) == {"f": [("netns", "this network namespace", "flow_dissector", 1, None)]}
    with contextlib.suppress(OSError):
        prog = load("netfilter", box.prefix + "n", 1, BPF_NETFILTER)
        late = netfilter(prog, NFPROTO_IPV4, LOCAL_OUT, 5)
        early = netfilter(prog, NFPROTO_IPV4, LOCAL_OUT, -5)
        found = by_name(box)["n"]
        assert found == [("netfilter", "ip output", "priority -5", None, ident(early)),
                         ("netfilter", "ip output", "priority 5", None, ident(late))], found
    bpf(PROG_DETACH, struct.pack("=IIII", 0, dissector, BPF_FLOW_DISSECTOR, 0))


def test_names_are_escaped(box):
    """Names of cgroups may have almost any byte; on a terminal it is shown, not obeyed."""
    path = box.cgroup("\x1b[31m")
    folder = os.open(path, os.O_RDONLY)
    attach(load("cgroup_skb", box.prefix + "c", 1), folder, BPF_EGRESS, 2)
    assert by_name(box)["c"][0][1] == path
    with Pty(box, "hooks", columns=200) as tty:
        tty.expect("\\x1b[31m")
        tty.wait()
        assert "\x1b[31m" not in tty.text, tty.text


def test_none(box):
    """JSON parses where nothing is found; a user who may not look is told."""
    box.veth()
    assert box.bpfsh("-j", "hooks", "dev", "v0").expect(0).json == []
    assert box.bpfsh("hooks", "dev", "v0").expect(0).out == ""
    box.bpfsh("hooks", "dev", "none").expect(1, err="'none'")
    box.bpfsh("hooks", "pid", 0).expect(1, err="0 is no process")
    box.unprivileged("hooks").expect(1, err="cannot list what is attached")
    assert "error" in box.unprivileged("-j", "hooks").expect(1).json


def test_vanishing(box):
    """Links that come and go meanwhile disturb nothing."""
    prog, stop = load("raw_tracepoint", box.prefix + "r"), threading.Event()

    def churn():
        while not stop.is_set():
            os.close(raw_tracepoint(prog, "sched_process_exit"))

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(20):
            for row in box.bpfsh("-j", "hooks").expect(0).json:
                assert row["hook"] and row["place"], row
    finally:
        stop.set()
        thread.join()


run(__name__)
