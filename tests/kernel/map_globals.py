# SPDX-License-Identifier: BSD-2-Clause
"""Global variables by name: read, listed, set, completed."""
import re

from bpfsh import *


def load(box):
    box.bpftool("prog", "load", box.obj("maps"), box.pin("p"), "pinmaps", box.pin("m"))
    return box.pin("p")


def get(box, prog, name):
    return box.bpfsh("-j", "map", "get", prog, name).expect(0).json["value"]


def test_get(box):
    prog = load(box)
    assert get(box, prog, "total") == 7
    assert get(box, prog, "last") == {"a": 1, "b": [2, 3]}
    assert get(box, prog, "last.b[1]") == 3
    assert get(box, prog, "limit") == 42
    assert get(box, prog, "grow") == {"n": 2, "more": [7, 8, 9, 0]}
    names = {v["name"] for v in box.bpfsh("-j", "map", "get", prog).expect(0).json}
    assert {"total", "last", "zero", "limit"} <= names, names
    box.bpfsh("map", "get", prog, "total").expect(0, out="total: __u64 = 7")
    bare = box.map_create("bare", "array")
    box.bpfsh("-j", "map", "get", bare).expect(0, out="[]", err="has no global variables")
    box.bpfsh("map", "get", prog, "totla").expect(
        1, err=["no global variable 'totla'", "did you mean 'total'?"])
    data = box.pin([n for n in box.pins() if n.endswith("data") and "rodata" not in n][0])
    box.bpfsh("map", "get", data, "totla").expect(1, err="did you mean 'total'?")
    prog_id = box.bpftool("prog", "show", "pinned", prog)["id"]
    box.bpfsh("map", "get", "prog", "id", prog_id, "total").expect(0, out="= 7")


def test_set(box):
    prog = load(box)
    for words in (["total", "hex", "09", *["00"] * 7], ["zero[1]", "-5"], ["last", "a=3"],
                  ["zero", "[4,5,6]"], ["grow", "{n: 5,", "more:", "[1, 2]}"],
                  ["grow.more[2]", "be", "256"], ["last", "b=[7,", "1]"], ["last.b", "[1]=8"]):
        box.bpfsh("map", "set", prog, *words).expect(0, out="")
    assert get(box, prog, "total") == 9 and get(box, prog, "zero") == [4, 5, 6]
    assert get(box, prog, "last") == {"a": 3, "b": [7, 8]}
    assert get(box, prog, "grow") == {"n": 5, "more": [1, 2, 1, 0]}
    box.bpfsh("map", "set", prog, "grow.more[4]", "1").expect(1, err="no such element")
    box.bpfsh("map", "set", prog, "grow.more[1]x", "1").expect(1, err="expected '.' or '['")
    # A number, no option.
    box.bpfsh("map", "set", prog, "total", "-inf").expect(1, err="value: '-inf' is not a number")
    box.bpfsh("map", "set", prog, "last.b[0]", "70000").expect(1, err="out of range for __u16")
    box.bpfsh("map", "set", prog, "limit", "1").expect(1, err="frozen")


def test_set_is_undone(box):
    prog = load(box)
    before = box.snapshot()
    box.script(f"$p = prog show pinned {prog}\nmap set $p total 100\nmap set $p last.a 2\n"
               "$v = map get $p total\nassert $v.value == 100\nassert false\n").expect(1)
    box.unchanged(before)
    assert get(box, prog, "total") == 7


def test_set_beside_a_program(box):
    """What the program writes beside the variable meanwhile stays, also when that is undone."""
    prog, packet = load(box), box.file("packet", bytes(64))
    box.script(f"map set {prog} last.a 2\n"
               f"!{BPFTOOL} prog run pinned {prog} data_in {packet} repeat 5 > ran\n"
               "assert false\n").expect(1, err="rolled back 1 of 1; nothing changed")
    # Each run adds limit + last.a + zero[1] + grow.more[2].
    assert get(box, prog, "total") == 7 + 5 * (42 + 2 + 9)
    assert get(box, prog, "last.a") == 1
    script = box.file("script", f"map set {prog} last.a 2\nmap set {prog} total 1\n"
                                "!kill -9 $PPID\n")
    box.bpfsh("-f", script).expect(-9)
    assert get(box, prog, "total") == 1
    box.bpfsh("recover").expect(0)
    assert get(box, prog, "total") == 272 and get(box, prog, "last.a") == 1
    done = box.script(f"map set {prog} total 1\n"
                      f"!{BPFTOOL} prog run pinned {prog} data_in {packet} > ran\nassert false\n")
    done.expect(3, err="' total is 53, expected 1: left alone")


def test_tab(box):
    prog = load(box)
    with Pty(box) as shell:
        shell.expect("bpfsh>")
        shell.send(f"map get {prog} tot\t")
        shell.expect("total")
        # Fields of a variable, as a path and to be set.
        shell.check(f"\x15map set {prog} last.b[\t\t", re.compile(r"last\.b\[0\].*last\.b\[1\]", re.S))
        shell.check(f"\x15map set {prog} last a\t", "a=")


run(__name__)
