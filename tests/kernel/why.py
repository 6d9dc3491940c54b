# SPDX-License-Identifier: BSD-2-Clause
"""why alive: each kind of holder, by itself and two deep."""
import state
from attach import *
from bpfsh import *

Box.shows_holders = True


def why(box, *words):
    """The record of JSON."""
    return box.bpfsh("-j", "why", "alive", *words).expect(0).json


def kinds(held):
    return [one["by"] for one in held]


def hold(box, kind, number):
    """What holds an object, and the sentence that says it."""
    record = why(box, kind, "id", number)
    assert (record["kind"], record["id"]) == (kind, number), record
    return record["held_by"], record["sentence"]


def me():
    return f"python3({os.getpid()})"


def test_program(box):
    """Open, pinned, attached by a link that is pinned, and without one; inside of a map."""
    box.veth()
    prog = load("xdp", box.prefix + "p", 2)
    held, said = hold(box, "prog", ident(prog))
    name = f"program {ident(prog)} '{box.prefix}p'"
    assert kinds(held) == ["process"] and said == f"{name} is open in {me()}", said
    state.pin(prog, box.pin("p"))
    by = link(prog, socket.if_nametoindex("v0"), XDP)
    state.pin(by, box.pin("l"))
    number = ident(by)
    os.close(by)
    box.run("ip", "link", "set", "dev", "v1", "xdpgeneric", "pinned", box.pin("p")).expect(0)
    held, said = hold(box, "prog", ident(prog))
    assert kinds(held) == ["link", "attachment", "pin", "process"], held
    assert kinds(held[0]["held_by"]) == ["pin"], held
    assert said == (f"{name} is attached to v0 (driver) by link {number}, which is pinned at "
                    f"{box.pin('l')}; attached to v1 (generic) without a link; pinned at "
                    f"{box.pin('p')}; open in {me()}"), said
    assert hold(box, "link", number)[1] == f"link {number} is pinned at {box.pin('l')}"
    box.bpfsh("why", "alive", "prog", "pinned", box.pin("p")).expect(0, out=said + "\n")


def test_map(box):
    """A program that uses it, which a link attaches; an outer map."""
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    used = box.bpfsh("-j", "prog", "show", "pinned", box.pin("p")).json
    number = used["map_ids"][0]
    held, said = hold(box, "map", number)
    assert kinds(held) == ["prog"] and kinds(held[0]["held_by"]) == ["pin"], held
    assert f" is held by program {used['id']} '{used['name']}', which is pinned at " \
        f"{box.pin('p')}" in said, said
    inner = state.create("hash", 4, 4, 4, box.prefix + "i")
    outer = state.create("hash_of_maps", 4, 4, 4, box.prefix + "o", inner=inner)
    state.update(outer, b"key1", struct.pack("=I", inner))
    state.pin(outer, box.pin("o"))
    ids = [fact(fd, "map_id") for fd in (inner, outer)]
    held, said = hold(box, "map", ids[0])
    assert kinds(held) == ["map", "process"] and held[0]["id"] == ids[1], held
    assert said == (f"map {ids[0]} '{box.prefix}i' is inside of map {ids[1]} '{box.prefix}o', "
                    f"which is pinned at {box.pin('o')} and open in {me()}; open in {me()}"), said


def test_array_of_programs(box):
    prog = load("xdp", box.prefix + "p", 2)
    jumps = state.create("prog_array", 4, 4, 4, box.prefix + "j")
    state.update(jumps, struct.pack("=I", 1), struct.pack("=I", prog))
    number = ident(prog)
    held, said = hold(box, "prog", number)
    assert kinds(held) == ["map", "process"] and " is inside of map " in said, (held, said)


def test_types(box):
    """The kernel's own; a program's."""
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    used = box.bpfsh("-j", "prog", "show", "pinned", box.pin("p")).json
    held, said = hold(box, "btf", used["btf_id"])
    assert {(one["by"], one["id"]) for one in held} >= {("prog", used["id"])}, held
    assert f"held by program {used['id']} " in said, said


def test_variables(box):
    """A variable of the session, named itself or not."""
    out = box.script(f"""
        $m = map create type hash key 4 value 4 entries 4 name {box.prefix}m
        why alive $m
        why alive map name {box.prefix}m
    """).expect(0).out
    assert out.count("held by this session's $m") == 2, out
    out = box.script(f"""
        $m = map create type hash key 4 value 4 entries 4 name {box.prefix}m
        map pin $m {box.pin("m")}
        why alive $m
    """).expect(0).out
    assert "; held by this session's $m" in out and f"pinned at {box.pin('m')}" in out, out


def test_refused(box):
    pin = box.map_create("m")
    box.bpfsh("why", "alive").expect(2, err="no object is named")
    box.bpfsh("why", "alive", "map", "pinned", pin, "prog", "id", 1).expect(
        2, err="one object")
    box.bpfsh("why", "alive", "nonsense").expect(1, err="names no object")
    assert "error" in box.bpfsh("-j", "why", "alive", "map", "id", 4294967295).expect(1).json


def test_names_are_escaped(box):
    os.mkdir(box.pin("a\x1bb"))
    fd = state.create("hash", 4, 4, 4, box.prefix + "m")
    state.pin(fd, box.pin("a\x1bb/m"))
    with Pty(box, "why", "alive", "map", "id", str(fact(fd, "map_id")),
             columns=200) as tty:
        tty.expect("a\\x1bb/m")


run(__name__)
