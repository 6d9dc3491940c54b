# SPDX-License-Identifier: BSD-2-Clause
"""net show: programs on devices, of flow dissection and netfilter, in the test's own namespace."""
import threading

from attach import *
from bpfsh import *
from feature import needs
from state import pin

NFPROTO_IPV4, LOCAL_OUT = 2, 3
# What bpftool does not tell of XDP.
EXTRA = {"name", "link_id"}
SECTIONS = ["xdp", "tc", "flow_dissector", "netfilter"]


def index(device):
    return socket.if_nametoindex(device)


def do(box, command):
    done = box.run(*command.split())
    if "tc" in command and "Unknown qdisc" in done.err:
        raise Skip(done.err)
    done.expect(0)


def attach_old(box):
    """XDP in two modes and filters of tc, on a pair of devices; returns the program's IDs."""
    box.veth()
    xdp, tc = load("xdp", box.prefix + "x", 2), load("sched_cls", box.prefix + "t", -1)
    for fd, name in (xdp, "xdp"), (tc, "tc"):
        pin(fd, box.pin(name))
    for command in (f"ip link set dev v0 xdpgeneric pinned {box.pin('xdp')}",
                    f"ip link set dev v1 xdpdrv pinned {box.pin('xdp')}",
                    "tc qdisc add dev v0 clsact", "tc qdisc add dev v1 root handle 1: htb",
                    "tc class add dev v1 parent 1: classid 1:10 htb rate 1mbit",
                    f"tc filter add dev v0 ingress bpf da object-pinned {box.pin('tc')}",
                    f"tc filter add dev v0 egress bpf da object-pinned {box.pin('tc')}",
                    f"tc filter add dev v1 parent 1: bpf da object-pinned {box.pin('tc')}"):
        do(box, command)
    return ident(xdp), ident(tc)


def show(box, *words):
    """The one record of JSON."""
    one, = box.bpfsh("-j", "net", "show", *words).expect(0).json
    assert list(one) == SECTIONS, one
    return one


def here(record):
    """Without netfilter, whose links are shown from wherever they are: others' tests have some."""
    return {section: record[section] for section in SECTIONS[:-1]}


def plain_sections(text):
    """Lines of plain output by the heading above them."""
    found, lines = {}, None
    for line in text.splitlines():
        if line.rstrip(":") in SECTIONS:
            lines = found[line.rstrip(":")] = []
        elif line:
            lines.append(line)
    return found


def test_show(box):
    """What bpftool knows is the same, in plain and JSON."""
    xdp, tc = attach_old(box)
    for words in [], ["dev", "v0"]:
        theirs, = box.bpftool("net", "show", *words)
        ours = show(box, *words)
        assert theirs["xdp"] and theirs["tc"], theirs
        for section in "xdp", "tc":
            known = [{k: v for k, v in row.items() if section != "xdp" or k not in EXTRA}
                     for row in ours[section]]
            assert list(map(list, known)) == list(map(list, theirs[section])), ours
            assert known == theirs[section], (section, ours, theirs)
        dissector = link(load("flow_dissector", box.prefix + "d"), os.open("/proc/self/ns/net", 0),
                         BPF_FLOW_DISSECTOR)
        # bpftool's JSON has no braces around a dissector's ID, in any version.
        mine = re.sub(r" name \S+$| netns unknown$", "",
                      box.bpfsh("net", "list", *words).expect(0).out, flags=re.M)
        theirs = plain_sections(box.run(BPFTOOL, "net", "show", *words).out)
        for section in "xdp", "tc", "flow_dissector":
            assert plain_sections(mine)[section] == theirs[section], (mine, theirs)
        assert mine.startswith("xdp:\nv"), mine
        known = show(box, *words)["flow_dissector"]
        assert theirs["flow_dissector"] == [f"id {known[0]['id']}"] and len(known) == 1
        assert known[0]["link_id"] == ident(dissector), known
        os.close(dissector)
    modes = {one["devname"]: (one["mode"], one["id"]) for one in show(box)["xdp"]}
    assert modes == {"v0": ("generic", xdp), "v1": ("driver", xdp)}, modes
    assert {one["kind"] for one in show(box)["tc"]} == {"htb", "clsact/ingress", "clsact/egress"}


def test_ingress_once(box):
    """An ingress qdisc has one list of filters, which bpftool shows four times."""
    box.veth()
    pin(load("sched_cls", box.prefix + "t", -1), box.pin("tc"))
    do(box, "tc qdisc add dev v0 ingress")
    do(box, f"tc filter add dev v0 ingress bpf da object-pinned {box.pin('tc')}")
    rows = show(box)["tc"]
    assert [row["kind"] for row in rows] == ["ingress"], rows


def test_newer_places(box):
    """tcx with and without links, in the order in which programs run, and netfilter."""
    needs("tcx")
    box.veth()
    first, second = (load("sched_cls", box.prefix + name, -1) for name in ("one", "two"))
    attach(first, index("v0"), BPF_TCX_INGRESS)
    held = link(second, index("v0"), BPF_TCX_INGRESS)
    two = fact(held, "prog_id")
    attach(second, index("v1"), BPF_TCX_EGRESS)
    hooks = [netfilter(load("netfilter", box.prefix + "n", 1, BPF_NETFILTER), NFPROTO_IPV4,
                       LOCAL_OUT, priority) for priority in (7, -3)]
    found = show(box)
    tc = sorted(found["tc"], key=lambda row: row["devname"])
    assert tc == [
        {"devname": "v0", "ifindex": index("v0"), "kind": "tcx/ingress", "prog_flags": [],
         "name": box.prefix + "one", "prog_id": ident(first), "link_id": 0, "link_flags": []},
        {"devname": "v0", "ifindex": index("v0"), "kind": "tcx/ingress", "prog_flags": [],
         "name": box.prefix + "two", "prog_id": two, "link_id": ident(held),
         "link_flags": []},
        {"devname": "v1", "ifindex": index("v1"), "kind": "tcx/egress", "prog_flags": [],
         "name": box.prefix + "two", "prog_id": two, "link_id": 0, "link_flags": []}], tc
    # Links do not tell in which namespace they are: others' may stand between.
    mine = [row for row in found["netfilter"] if row["link_id"] in map(ident, hooks)]
    assert [(row["prio"], row["link_id"]) for row in mine] == [(-3, ident(hooks[1])),
                                                              (7, ident(hooks[0]))], mine
    assert (mine[0]["pf"], mine[0]["hook"], mine[0]["flags"]) == (NFPROTO_IPV4, LOCAL_OUT, 0)
    assert mine[0]["netns_ino"] is None, mine
    box.bpfsh("net", "show").expect(0, out=[
        f"v0({index('v0')}) tcx/ingress {box.prefix}two prog_id {two} "
        f"link_id {ident(held)}\n",
        f"ip output prio -3 prog_id {mine[0]['id']} link_id {ident(hooks[1])} netns unknown\n"])
    assert show(box, "dev", "v1")["tc"] == tc[2:]


def test_xdp_links(box):
    """Name and link, also where another namespace has the same program on a device of that number."""
    name = box.prefix + "long_name_of_x"[:15 - len(box.prefix)]
    box.veth()
    prog = load("xdp", name, 2)
    held = link(prog, index("v0"), XDP)
    row = {"devname": "v0", "ifindex": index("v0"), "mode": "driver", "id": ident(prog), "name": name}
    assert show(box, "dev", "v0")["xdp"] == [dict(row, link_id=fact(held, "link_id"))]
    box.bpfsh("net", "show").expect(0, out=f"v0({index('v0')}) driver id {ident(prog)} name {name} "
                                           f"link_id {fact(held, 'link_id')}\n")
    with other_netns():
        box.veth("w0", "w1")
        assert index("w0") == row["ifindex"]
        far, keep = link(prog, index("w0"), XDP), os.open("/proc/self/ns/net", 0)
    # Nobody can tell which of the two links is here.
    assert show(box, "dev", "v0")["xdp"] == [row]
    os.close(far)
    os.close(keep)
    wait_until(lambda: "link_id" in show(box, "dev", "v0")["xdp"][0])


def test_styles(box):
    attach_old(box)
    done = box.bpfsh("-o", "table", "net", "show").expect(0)
    lines = [line.split() for line in done.out.splitlines()]
    assert ["xdp:"] in lines and ["devname", "ifindex", "mode", "id", "name", "link_id"] in lines, done
    assert ["netfilter:"] in lines, done
    lines, = box.bpfsh("-o", "jsonl", "net", "show").expect(0).jsonl
    pretty, = box.bpfsh("-p", "net", "show").expect(0).json
    assert here(lines) == here(pretty) == here(show(box)), (lines, pretty)
    box.script("$v = net show\nassert $v[0].tc[0].kind and ($v[0].xdp | length) == 2\n").expect(0)


def test_nothing_there(box):
    assert show(box)["xdp"] == show(box)["tc"] == show(box)["flow_dissector"] == []
    assert box.bpfsh("net").expect(0).out.startswith("xdp:\n\ntc:\n\nflow_dissector:\n\nnetfilter:")


def test_devices_vanish(box):
    """Devices come and go during the listing: those that stay are shown whole."""
    attach_old(box)
    # So many that the kernel tells of them in several parts.
    for n in range(40):
        box.veth(f"more{n}", f"other{n}")
    before, stop, rounds = show(box), threading.Event(), []

    def churn():
        while not stop.is_set():
            box.veth("gone0", "gone1")
            subprocess.run(["ip", "link", "del", "gone0"], check=True)
            rounds.append(None)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        while len(rounds) < 8:
            now = show(box)
            assert now["xdp"] == before["xdp"] and now["tc"] == before["tc"], now
            assert thread.is_alive()
    finally:
        stop.set()
        thread.join()


def test_hostile_name(box):
    box.veth("a\x1b[31m\"b", "v1")
    attach(load("sched_cls", box.prefix + "t", -1), index("a\x1b[31m\"b"), BPF_TCX_INGRESS)
    assert show(box)["tc"][0]["devname"] == "a\x1b[31m\"b"
    with Pty(box, "net", "show", columns=200) as tty:
        assert tty.wait() == 0
        assert "a\\x1b[31m\"b(" in tty.seen and "\x1b[31m" not in tty.seen, tty.seen


def test_refused(box):
    box.veth()
    box.bpfsh("net", "show", "dev", "v2").expect(1, err=["no network device 'v2'",
                                                        "did you mean 'v"])
    box.bpfsh("net", "show", "v0").expect(2)
    done = box.unprivileged("net", "show").expect(1, err=["network namespace", "as root"])
    assert not done.out
    assert "error" in box.unprivileged("-j", "net", "show").expect(1).json


def test_tab(box):
    box.veth()
    with start(box) as tty:
        tty.check("net show \t", "net show dev ")
        tty.check("v\t\t", re.compile(r"v0.*v1", re.S))


def test_closed_pipe(box):
    box.veth()
    for _ in range(60):
        for kind in BPF_TCX_INGRESS, BPF_TCX_EGRESS:
            for device in "v0", "v1":
                link(load("sched_cls", box.prefix + "t", -1), index(device), kind)
    assert box.unread("-p", "net", "show").status == 141


run(__name__)
