# SPDX-License-Identifier: BSD-2-Clause
"""Every writing verb: its class is told before, and what it did is undone as that class says.

Each row is planned, rolled back, committed, and undone after the commit; pins,
elements, links, and what is frozen are compared. A writing verb without a row fails.
"""
import re

from attach import (BPF_INGRESS, BPF_TCX_EGRESS, BPF_TCX_INGRESS, SK_MSG_VERDICT,
                    SK_SKB_STREAM_PARSER, attach, attached, detach_all)
from bpfsh import *
from feature import needs
from state import *

# What waits for events: map_events.py; and what outlives a test that breaks: struct_ops.py.
ELSEWHERE = {"map read", "struct_ops unregister"}
FULL, LOSSY, NONE = "full", "lossy", "none"
# What is in the maps from the start; keys and values as bytes.
ZERO, ONE, EIGHT, NINE = "0 0 0 0", "1 0 0 0", "8 0 0 0", "9 0 0 0"
LPM = "24 0 0 0 10 0 1 0"


def number(text):
    return bytes(map(int, text.split()))


class World:
    """A map of each kind with an element, pinned programs and links."""

    def __init__(self, box):
        self.box = box
        box.veth()
        box.bpftool("prog", "loadall", box.obj("link"), box.pin("p"))
        box.bpftool("prog", "load", box.obj("maps"), box.pin("g"), "pinmaps", box.pin("globals"))
        self.group = box.cgroup()
        self.device = " ".join(map(str, socket.if_nametoindex("v0").to_bytes(4, sys.byteorder)))
        with open(box.file("lines", ""), "w") as f:
            f.write('{"key":1,"value":5}\n{"key":2,"value":6}\n')
        box.script("".join(f"prog asm type {kind} 'r0 = 1; exit' name {box.prefix}{name} pin"
                           f" {self.pin(name)}\n" for kind, name in (("sk_msg", "msg"),
                                                                    ("sk_skb/stream_parser", "parse")))
                   + f"map create {self.pin('socks')} type sockmap key 4 value 4 entries 4"
                   f" name {box.prefix}socks\n").expect(0)
        self.kept = set(box.pins())
        device = socket.if_nametoindex("v1")
        group, socks = os.open(self.group, os.O_RDONLY), open_pin(self.pin("socks"))
        self.places = [(device, BPF_TCX_INGRESS), (device, BPF_TCX_EGRESS), (group, BPF_INGRESS),
                       (socks, SK_MSG_VERDICT), (socks, SK_SKB_STREAM_PARSER)]
        self.build()
        self.before = self.state()

    def pin(self, name):
        return self.box.pin(name)

    def prog(self, name):
        return self.pin(f"p/{self.box.prefix}{name}")

    def make(self, kind, key, value, element=None, name=None, flags=0, inner=0):
        name = name or kind[:9]
        fd = create(kind, key, value, 4, self.box.prefix + name, flags, inner)
        pin(fd, self.pin(name))
        if element:
            update(fd, number(element[0]), element[1])
        return fd

    def build(self):
        fds = [self.make(kind, 4, 4, (ONE, number(NINE) * (2 * CPUS if "percpu" in kind else 1)), name)
               for kind, name in (("hash", "hash"), ("hash", "other"), ("array", "array"),
                                  ("lru_hash", "lru"), ("percpu_hash", "perhash"),
                                  ("percpu_array", "perarray"), ("lru_percpu_hash", "perlru"))]
        fds.append(self.make("lpm_trie", 8, 4, (LPM, number(NINE)), "lpm", 1))
        inner = self.make("array", 4, 4, None, "inner")
        hidden = create("array", 4, 4, 4, self.box.prefix + "hidden")
        prog, dev = open_pin(self.prog("x1")), open_pin(self.prog("d1"))
        for kind, name in (("array_of_maps", "aom"), ("hash_of_maps", "hom")):
            fds.append(self.make(kind, 4, 4, (ONE, struct.pack("=I", hidden)), name, 0, inner))
        fds.append(self.make("prog_array", 4, 4, (ONE, struct.pack("=I", prog)), "jmp"))
        # What is written as a descriptor is read as an ID.
        for kind, name in (("devmap", "dev"), ("devmap_hash", "devhash")):
            fds.append(self.make(kind, 4, 8, (ONE, number(self.device) + struct.pack("=I", dev)), name))
        fds.append(self.make("cpumap", 4, 4, (ZERO, number("100 0 0 0")), "cpu"))
        for kind in "queue", "stack", "bloom_filter":
            fds.append(self.make(kind, 0, 4, ("", number(NINE)), kind[:5]))
        pin(prog, self.pin("spare"))
        pin(dev, self.pin("device"))
        for fd in fds + [inner, hidden, prog, dev]:
            os.close(fd)
        self.box.script(f"""\
link create {self.prog("x1")} xdp dev v0 pin {self.pin("lx")}
link create {self.prog("c1")} cgroup {self.group} egress pin {self.pin("lc")}
link pin {self.pin("lc")} {self.pin("lc2")}
""").expect(0)

        for name, place in (self.prog("t2"), 0), (self.prog("c2"), 2), (self.pin("parse"), 4):
            prog = open_pin(name)
            attach(prog, *self.places[place], 2 if place == 2 else 0)
            os.close(prog)

    def state(self):
        """What is pinned, and what is attached without a link."""
        return dict(state(self.box.bpffs), **{f"{place}": attached(*place) for place in self.places})

    def rebuild(self):
        for place in self.places:
            detach_all(*place)
        for name in set(self.box.pins()) - self.kept:
            os.unlink(self.pin(name))
        for name in sorted(set(self.box.folders()) - {"p", "globals"}, reverse=True):
            os.rmdir(self.pin(name))
        self.box.bpfsh("map", "set", self.pin("g"), "total", 7).expect(0)
        self.build()
        gone = self.difference()
        assert not gone, gone

    def difference(self):
        return difference(self.before, self.state())

    def table(self):
        """Rows of verb, class, and a line; the first word behind the line's verb may be another map."""
        pin, prog = self.pin, self.prog
        elements = [("hash", FULL, ONE, EIGHT), ("array", FULL, ONE, EIGHT), ("lru", LOSSY, ONE, EIGHT),
                    ("perhash", FULL, ONE, EIGHT), ("perarray", FULL, ONE, EIGHT),
                    ("perlru", LOSSY, ONE, EIGHT), ("lpm", FULL, LPM, EIGHT),
                    ("aom", FULL, ONE, f"pinned {pin('inner')}"),
                    ("hom", FULL, ONE, f"pinned {pin('inner')}"),
                    ("jmp", FULL, ONE, f"pinned {prog('x2')}"),
                    ("dev", FULL, ONE, f"{self.device} {ZERO}"),
                    ("devhash", FULL, ONE, f"{self.device} {ZERO}"), ("cpu", FULL, ZERO, "200 0 0 0")]
        for name, kind, key, value in elements:
            yield "map update", kind, f"map update pinned {pin(name)} key {key} value {value}"
            if "array" not in name:
                yield "map delete", kind, f"map delete pinned {pin(name)} key {key}"
                yield "map clear", kind, f"map clear pinned {pin(name)}"
            if name not in ("lpm", "cpu"):
                new = key.replace("1", "2", 1)
                yield "map update", kind, f"map update pinned {pin(name)} key {new} value {value}"
        yield "map delete", FULL, f"map delete pinned {pin('hash')} pins"
        yield "map clear", FULL, f"map clear pinned {pin('array')}"
        for name, kind in ("hash", FULL), ("lru", LOSSY), ("array", FULL):
            yield "map import", kind, f"map import pinned {pin(name)} {self.box.dir}/lines"
        yield "map copy", FULL, f"map copy pinned {pin('array')} pinned {pin('other')}"
        yield "map copy", FULL, f"map copy pinned {pin('devhash')} pinned {pin('dev')}; " \
            f"map delete pinned {pin('dev')} key {ONE}"
        yield "map set", FULL, f"map set {pin('g')} total 8"
        yield "map push", LOSSY, f"map push pinned {pin('stack')} value 8 0 0 0"
        yield "map pop", LOSSY, f"map pop pinned {pin('stack')}"
        yield "map push", NONE, f"map push pinned {pin('bloom')} value 8 0 0 0"
        yield "map enqueue", NONE, f"map enqueue pinned {pin('queue')} value 8 0 0 0"
        yield "map dequeue", NONE, f"map dequeue pinned {pin('queue')}"
        yield "map freeze", NONE, f"map freeze pinned {pin('hash')}"
        yield "map create", FULL, f"map create {pin('new')} type hash key 4 value 4 entries 4"
        for obj, at, old in ("map", "hash", pin("other")), ("prog", "spare", pin("device")), \
                ("link", "lx", pin("lc")):
            kind = LOSSY if obj == "link" else FULL
            yield f"{obj} pin", FULL, f"{obj} pin pinned {pin(at)} {pin('new')}"
            yield f"{obj} pin", kind, f"{obj} pin pinned {pin(at)} {old} replace"
            yield f"{obj} unpin", kind, f"{obj} unpin {pin('lc2' if obj == 'link' else at)}"
        yield "prog load", FULL, f"prog load {self.box.dir}/{self.box.prefix}link.o {pin('new')}"
        yield "prog loadall", FULL, f"prog loadall {self.box.obj('count')} {pin('globals')}"
        yield "prog loadall", FULL, f"prog loadall {self.box.obj('count')} {pin('folder')}"
        yield "prog asm", FULL, f"prog asm 'r0 = 2; exit' type xdp name {self.box.prefix}n pin {pin('new')}"
        yield "prog run", NONE, f"prog run {prog('x2')} data_in {self.box.dir}/lines"
        yield "link create", FULL, f"link create {prog('t1')} tcx_egress dev v0 pin {pin('new')}"
        yield "net attach", FULL, f"net attach tcx_egress {prog('t1')} dev v1"
        yield "net detach", FULL, f"net detach tcx_ingress dev v1"
        yield "cgroup attach", FULL, f"cgroup attach {self.group} ingress {prog('c1')} multi"
        yield "cgroup detach", FULL, f"cgroup detach {self.group} ingress {prog('c2')}"
        yield "prog attach", FULL, f"prog attach {pin('msg')} sk_msg_verdict pinned {pin('socks')}"
        yield "prog detach", FULL, f"prog detach {pin('parse')} sk_skb_stream_parser pinned {pin('socks')}"
        yield "struct_ops register", FULL, f"struct_ops register {self.box.obj('opslink')} {pin('ops')}"
        yield "iter pin", FULL, f"iter pin {self.box.obj('iter')} {pin('new')} map pinned {pin('hash')}"
        yield "link update", FULL, f"link update {pin('lx')} {prog('x2')}"
        yield "link detach", LOSSY, f"link detach {pin('lx')}"

    def script(self, text, *options):
        return self.box.script(text + "\n", options=list(options))


def writing_verbs():
    return {name for name, row in command_rows().items() if "CMD_WRITES" in row}


def check(world, kind, line):
    plan = world.script(line, "--plan").expect(0, out=f"undo: {kind}")
    assert not world.difference(), plan
    nested = world.script(f"plan {{ {line} }}").expect(0)
    assert nested.out == plan.out and not world.difference(), (nested, plan)
    deferred = "at commit" in plan.out
    if kind == NONE and not deferred:
        refused = world.script(line).expect(1, err=["cannot be undone", "--allow-irreversible"])
        assert not world.difference(), refused
        left = world.script(f"{line}\nassert false", "--allow-irreversible")
        assert left.status == 3 and "1 failed" in left.err and not journals(), left
        world.rebuild()
    else:
        back = world.script(f"{line}\nassert false").expect(1)
        assert not world.difference() and not journals(), f"{back}\n{world.difference()}"
    options = ["--allow-irreversible"] if kind == NONE else []
    done = world.script(line, *options).expect(0)
    # A new top of a queue cannot be seen, nor what a bloom filter has.
    assert world.difference() or any(word in line for word in ("bloom", "enqueue", "prog run")), done
    world.rebuild()
    undone = world.script(f"begin\n{line}\ncommit\nundo", "--no-transaction", *options)
    if kind == NONE:
        assert undone.status == 1 and "cannot be undone" in undone.err, undone
        world.rebuild()
    else:
        assert undone.status == 0, undone
        assert not world.difference() and not journals(), f"{undone}\n{world.difference()}"


def test_each_verb(box):
    needs("tcx")
    world = World(box)
    verbs = set()
    for verb, kind, line in world.table():
        try:
            check(world, kind, line)
        except AssertionError as wrong:
            raise AssertionError(f"{line}:\n{wrong}")
        verbs.add(verb)
    missing = writing_verbs() - verbs - ELSEWHERE
    assert not missing and len(verbs) > 20, f"no row for {missing}"


run(__name__)
