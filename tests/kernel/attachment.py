# SPDX-License-Identifier: BSD-2-Clause
"""Attaching without a link: seen to run, refused with a reason, taken back, also after a kill at each step."""
from attach import (BPF_EGRESS, BPF_FLOW_DISSECTOR, BPF_TCX_INGRESS, SK_MSG_VERDICT, attached,
                    other_netns)
from bpfsh import *
from feature import needs
from state import journals

FAULTY = os.path.join(BUILD, "faults/bpfsh")
PROTOCOL = 0x88b5		# for local experiments
TYPES = {"x": "xdp", "t": "tc", "e": "cgroup_skb/egress", "m": "sk_msg", "f": "flow_dissector"}
RESULTS = {"x": 2, "t": 0, "e": 1, "m": 1, "f": 0}


class Places:
    """Three programs of each type, and a place for each."""

    def __init__(self, box):
        needs("tcx")
        self.box = box
        self.device = socket.if_nametoindex(box.veth()[0])
        self.group = box.cgroup()
        self.names = {}
        lines = [f"prog asm type {TYPES[kind]} 'r0 = {RESULTS[kind]}; exit' name {box.prefix}{kind}{n}"
                 f" pin {box.pin(f'{kind}{n}')}\n" for kind in TYPES for n in (1, 2, 3)]
        lines.append(f"map create {box.pin('socks')} type sockmap key 4 value 4 entries 4"
                     f" name {box.prefix}s\n")
        box.script("".join(lines)).expect(0)
        for kind in TYPES:
            for n in 1, 2, 3:
                shown = box.bpfsh("-j", "prog", "show", "pinned", box.pin(f"{kind}{n}")).json
                self.names[shown["id"]] = f"{kind}{n}"

    def prog(self, name):
        return f"pinned {self.box.pin(name)}"

    def lines(self, *changes):
        """Lines of words in which a program's name stands for its pin."""
        known = {name: self.prog(name) for name in self.names.values()}
        known.update(S=f"pinned {self.box.pin('socks')}", G=self.group, V="dev v0")
        return "".join(" ".join(known.get(word, word) for word in change.split()) + "\n"
                       for change in changes)

    def do(self, *changes, status=0, **more):
        return self.box.script(self.lines(*changes)).expect(status, **more)

    def named(self, found):
        return [self.names.get(ident, ident) for ident, _ in found]

    def state(self):
        """What is attached where, by bpf(2) and ip."""
        shown = json.loads(self.box.run("ip", "-j", "-d", "link", "show", "v0").out)[0].get("xdp", {})
        xdp = {mode["mode"]: self.names.get(mode["prog"]["id"])
               for mode in shown.get("attached", [shown] if "prog" in shown else [])}
        group = os.open(self.group, os.O_RDONLY)
        socks = open_pin(self.box.pin("socks"))
        netns = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            return {"xdp": xdp, "tcx": self.named(attached(self.device, BPF_TCX_INGRESS)),
                    "group": [(self.names[i], flags) for i, flags in attached(group, BPF_EGRESS)],
                    "socks": self.named(attached(socks, SK_MSG_VERDICT)),
                    "flow": self.named(attached(netns, BPF_FLOW_DISSECTOR)),
                    "pins": [pin for pin in self.box.pins() if pin not in self.names.values()],
                    "folders": self.box.folders()}
        finally:
            for fd in group, socks, netns:
                os.close(fd)


# Each from nothing: what is attached, and what of it is there then.
BEGIN = ["net attach xdp x1 V", "net attach tcx_ingress t1 V", "net attach tcx_ingress t2 V",
         "cgroup attach G egress e1 multi", "cgroup attach G egress e2 multi",
         "prog attach m1 sk_msg_verdict S", "prog attach f1 flow_dissector"]
THEN = {"tcx": ["t1", "t2"], "group": [("e1", 2), ("e2", 2)], "socks": ["m1"], "flow": ["f1"]}
# All kinds of changes to it, and what is there at their end.
CHANGES = ["net attach xdp x2 V overwrite", "net detach xdp V", "net attach xdpgeneric x3 V",
           "net attach tcx_ingress t3 V before t2", "net detach tcx_ingress V prog t1",
           "net attach tcx_ingress t1 V replace t2", "cgroup attach G egress e3 multi replace e1",
           "cgroup detach G egress e2", "prog attach m2 sk_msg_verdict S overwrite",
           "prog detach m2 sk_msg_verdict S", "prog attach f2 flow_dissector overwrite"]
END = {"tcx": ["t3", "t1"], "group": [("e3", 2)], "socks": [], "flow": ["f2"]}


def test_attach_and_detach(box):
    places = Places(box)
    nothing = places.state()
    places.do(*BEGIN)
    begun = places.state()
    assert begun.items() >= THEN.items() and list(begun["xdp"].values()) == ["x1"], begun
    back = places.do(*CHANGES, "assert false", status=1)
    assert places.state() == begun and "rolled back" in back.err, (back, places.state())
    places.do(*CHANGES)
    end = places.state()
    assert end.items() >= END.items() and list(end["xdp"].values()) == ["x3"], end
    # The very same from the prompt's side: after the commit.
    places.do("net detach xdp V", "net detach tcx_ingress V prog t3", "net detach tcx_ingress V",
              "cgroup detach G egress e3", "prog detach f2 flow_dissector")
    assert places.state() == nothing and not journals(), places.state()


def test_undone_after_the_commit(box):
    places = Places(box)
    places.do(*BEGIN)
    begun = places.state()
    script = box.file("undo.bsh", "begin\n" + places.lines(*CHANGES) + "commit\nundo\n")
    done = box.bpfsh("--no-transaction", "-f", script).expect(0)
    assert places.state() == begun and not journals(), f"{done}\n{places.state()}"


def test_programs_run(box):
    """Packets through the pair are dropped where a program says so."""
    Places(box)
    drop = {"x": ("xdp", "r0 = 1"), "t": ("tc", "r0 = 2")}
    for kind, (name, code) in drop.items():
        box.bpfsh("prog", "asm", "type", name, f"{code}; exit", "name", f"{box.prefix}d{kind}", "pin",
                  box.pin(f"d{kind}")).expect(0)
    for hook, kind in ("xdp", "x"), ("xdpgeneric", "x"), ("tcx_ingress", "t"):
        assert arrives()
        box.bpfsh("net", "attach", hook, "pinned", box.pin(f"d{kind}"), "dev", "v0").expect(0)
        assert not arrives(), hook
        box.bpfsh("net", "detach", hook, "dev", "v0").expect(0)
    assert arrives()


def arrives():
    """Whether a packet that v1 sends comes to a socket of its protocol, which is behind tc's hooks."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(PROTOCOL)) as sees, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sends:
        sees.bind(("v0", PROTOCOL))
        sees.settimeout(0.3)
        sends.bind(("v1", 0))
        sends.send(b"\xff" * 6 + b"\x02" * 6 + struct.pack("!H", PROTOCOL) + bytes(50))
        with contextlib.suppress(TimeoutError):
            return bool(sees.recv(100))
    return False


def test_refused(box):
    places = Places(box)
    places.do(*BEGIN)
    begun = places.state()
    x1 = next(ident for ident, name in places.names.items() if name == "x1")
    for change, words in {
            "net attach xdp x2 V": [f"'v0' runs program {x1} already", "'overwrite'"],
            "net attach xdp x1 V": "this program is attached to 'v0' already",
            "net attach xdpgeneric x2 V": "already in another XDP mode",
            "net attach tcx_egress x2 V": "the program has type xdp, and it takes type sched_cls",
            "net attach tcx_ingress t1 V": "attached there already",
            "net attach tcx_ingress t3 V before t3": "is not attached to 'v0'",
            "net attach tcx_ingress t3 V overwrite": ["runs 2 programs", "which one is meant"],
            "net attach tcx_ingress t3 V prepend overwrite": "only one place can be meant",
            "net attach xdp x2 V before x1": "one program alone runs there",
            "net detach tcx_ingress V": "runs 2 programs",
            "net detach tcx_ingress V prog t3": "is not attached to 'v0'",
            "net detach tcx_egress V": "runs no such program",
            "net detach xdp dev v7": "no network device 'v7'",
            "cgroup attach G egress e1 multi": "attached there already",
            "cgroup attach G egress e3": ["runs program", "'multi'"],
            "cgroup attach G egress x1 multi": "it takes type cgroup_skb",
            "cgroup detach G egress e3": "is not attached to",
            "cgroup detach G egres e1": ["unknown attach type 'egres'", "egress"],
            "prog attach m2 sk_msg_verdict S": "'overwrite'",
            "prog attach m2 sk_msg_verdict": "the map of sockets is missing",
            "prog attach x1 xdp": ["attached otherwise", "help net attach"],
            "prog detach f2 flow_dissector": "is not attached to this network namespace"}.items():
        done = places.do(change, status=1 if "egres " not in change else 2, err=words)
        assert places.state() == begun, f"{done}\n{places.state()}"


def test_links_are_left_alone(box):
    """What a link attaches, its holder takes off: neither detaching nor overwriting does."""
    places = Places(box)
    places.do(f"link create x1 xdp V pin {box.pin('lx')}",
              f"link create t1 tcx_ingress V pin {box.pin('lt')}",
              f"link create e1 cgroup G egress pin {box.pin('le')}")
    begun = places.state()
    for change, words in {"net detach xdp V": "link detach id",
                          "net attach xdp x2 V overwrite": "by link",
                          "net detach tcx_ingress V": "link detach id",
                          "net attach tcx_ingress t2 V replace t1": "",
                          "cgroup detach G egress e1": "link detach id"}.items():
        places.do(change, status=1, err=words)
        assert places.state() == begun, change


def test_others_changes_stay(box):
    """What somebody else attached meanwhile is left alone, and said."""
    places = Places(box)
    places.do("net attach xdp x1 V")
    other = f"!{BPFSH} --no-rc net attach xdp {places.prog('x3')} dev v0 overwrite\n"
    path = box.file("other.bsh", places.lines("net attach xdp x2 V overwrite") + other + "assert false\n")
    done = box.bpfsh("-f", path)
    assert done.status == 3 and "left alone" in done.err, done
    assert list(places.state()["xdp"].values()) == ["x3"], places.state()


class Faulty:
    """Runs with a fault at a point; see shell/base/fault.h."""

    def __init__(self, box):
        self.box = box

    def run(self, *words, fault=None, log=None):
        more = {"BPFSH_FAULT": fault, "BPFSH_FAULT_LOG": log}
        return self.box.run(FAULTY, "--no-rc", *words,
                            env=dict(os.environ, **{k: v for k, v in more.items() if v}))

    def points(self, path):
        log = self.box.file("points", "")
        self.run("-f", path, log=log)
        with open(log) as f:
            return f.read().splitlines()


def again(places, begun):
    """From wherever it is back to the beginning."""
    for change in ("net detach xdp V", "net detach xdpgeneric V", *["net detach tcx_ingress V prog " + t
                   for t in ("t1", "t2", "t3")], *["cgroup detach G egress " + e for e in
                   ("e1", "e2", "e3")], "prog detach m1 sk_msg_verdict S",
                   "prog detach m2 sk_msg_verdict S", "prog detach f1 flow_dissector",
                   "prog detach f2 flow_dissector"):
        places.box.script(places.lines(change))
    places.do(*BEGIN)
    assert places.state() == begun, places.state()


def test_killed_at_every_point(box):
    places, faulty = Places(box), Faulty(box)
    places.do(*BEGIN)
    begun = places.state()
    path = box.file("changes.bsh", places.lines(*CHANGES))
    names = faulty.points(path)
    end = places.state()
    committed = len(names) - names[::-1].index("journal phase written")
    assert names.count("attach done") == len(CHANGES), names
    again(places, begun)
    for n in range(1, len(names) + 1):
        done = faulty.run("-f", path, fault=str(n))
        assert done.status == -signal.SIGKILL, done
        recovered = faulty.run("recover").expect(0)
        wanted = end if n >= committed else begun
        assert places.state() == wanted and not journals(), \
            f"killed at {n} of {len(names)}, {names[n - 1]}\n{recovered}\n{places.state()}\n{wanted}"
        if n >= committed:
            again(places, begun)


def test_killed_while_rolling_back(box):
    places, faulty = Places(box), Faulty(box)
    places.do(*BEGIN)
    begun = places.state()
    path = box.file("changes.bsh", places.lines(*CHANGES, "assert false"))
    names = faulty.points(path)
    assert places.state() == begun
    first = len(names) - names[::-1].index("journal done written") + 1
    for n in range(first, len(names) + 1):
        done = faulty.run("-f", path, fault=str(n))
        assert done.status == -signal.SIGKILL, done
        recovered = faulty.run("recover").expect(0)
        assert places.state() == begun and not journals(), \
            f"killed at {n} of {len(names)}, {names[n - 1]}\n{recovered}\n{places.state()}"


def test_failing_at_every_attachment(box):
    places, faulty = Places(box), Faulty(box)
    places.do(*BEGIN)
    begun = places.state()
    path = box.file("changes.bsh", places.lines(*CHANGES))
    for n in range(1, len(CHANGES) + 1):
        for code in errno.EBUSY, errno.EINVAL, errno.ENOMEM:
            done = faulty.run("-f", path, fault=f"{n}:{code}:attach")
            assert done.status == 1 and "cannot" in done.err and not journals(), done
            assert places.state() == begun, f"{done}\n{places.state()}"


def test_recovered_elsewhere(box):
    """A journal's device is not looked for in another network namespace."""
    places, faulty = Places(box), Faulty(box)
    path = box.file("one.bsh", places.lines("net attach xdp x1 V"))
    names = faulty.points(path)
    places.do("net detach xdp V")
    done = faulty.run("-f", path, fault=str(names.index("attach done") + 1))
    assert done.status == -signal.SIGKILL, done
    with other_netns():
        box.veth()
        there = faulty.run("recover").expect(3, err="another network namespace")
    assert list(places.state()["xdp"].values()) == ["x1"], there
    faulty.run("recover").expect(0)
    assert not places.state()["xdp"] and not journals(), places.state()


run(__name__)
