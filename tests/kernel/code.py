# SPDX-License-Identifier: BSD-2-Clause
"""Instructions as commands show and take them: listings, machine code, assembler, graphs."""
from bpfsh import *


def load(box, name="kinds"):
    pin = box.pin("p")
    box.bpfsh("prog", "load", box.obj(name), pin).expect(0)
    return pin


def without_names(text):
    """bpftool 7.1 knows subprograms by their symbols; bpfsh by their names."""
    return re.sub(r"(call pc[+-]\d+)#\S+", r"\1", text)


def test_xlated_as_bpftool(box):
    pin = load(box)
    for options in ([], ["opcodes"], ["linum"]):
        words = ["prog", "dump", "xlated", "pinned", pin, *options]
        ours, theirs = box.bpfsh(*words).expect(0).out, box.run(BPFTOOL, *words).out
        assert without_names(ours) == without_names(theirs), f"{ours}\nby bpftool:\n{theirs}"
        ours, theirs = box.bpfsh("-j", *words).expect(0).json, box.bpftool(*words)
        assert [insn.pop("insn") for insn in ours][:1] == [0]
        assert without_names(json.dumps(ours)) == without_names(json.dumps(theirs)), words


def test_bytes_to_a_file(box):
    pin = load(box)
    box.bpfsh("prog", "dump", "xlated", "pinned", pin, "file", "ours").expect(0)
    box.run(BPFTOOL, "prog", "dump", "xlated", "pinned", pin, "file", "theirs")
    with open("ours", "rb") as ours, open("theirs", "rb") as theirs:
        assert ours.read() == theirs.read()


def test_jited(box):
    pin = load(box)
    size = box.bpfsh("-j", "prog", "show", "pinned", pin).expect(0).json["bytes_jited"]
    done = box.bpfsh("-j", "prog", "dump", "jited", "pinned", pin, "opcodes").expect(0).json
    assert sum(len(insn["opcodes"]) for func in done for insn in func["insns"]) == size
    assert done[0]["name"].startswith("bpf_prog_"), done[0]["name"]
    plain = box.bpfsh("prog", "dump", "jited", "pinned", pin).expect(0).out
    assert re.search(r"^ +0:\t\w+", plain, re.M), plain
    assert "ret" in plain, plain


def test_assembled_program_runs_its_text(box):
    box.bpfsh("prog", "asm", "type", "xdp", "r0 = 2; exit", "pin", box.pin("two")).expect(0)
    done = box.bpfsh("prog", "dump", "xlated", "pinned", box.pin("two")).expect(0)
    assert done.out == "   0: (b7) r0 = 2\n   1: (95) exit\n", done


def test_assembler_takes_maps(box):
    script = f"""$m = map create type array key 4 value 8 entries 1 name {box.prefix}m
$p = prog asm type xdp 'r1 = map[$m]
r2 = r10
r2 += -4
*(u32 *)(r10 -4) = 0
call bpf_map_lookup_elem
r0 = 2
exit'
assert $p.map_ids == [$m.id]"""
    box.bpfsh("-c", script).expect(0)


def test_assembler_says_where(box):
    box.bpfsh("prog", "asm", "type", "xdp", "r0 = 2; exlt").expect(1, err="exlt")
    done = box.bpfsh("prog", "asm", "type", "xdp", "r0 = r5; exit").expect(1, err="!read_ok")
    assert "R5" in done.err, done


def test_assembler_blames_the_line_that_is_refused(box):
    with open("late.s", "w") as f:
        f.write("r6 = r1  # the context\nr0 = 0\n\nout: r0 = r7 // never set\nexit\n")
    done = box.bpfsh("prog", "asm", "type", "xdp", "file", "late.s").expect(1, err="late.s:4:6: ")
    assert "R7 !read_ok" in done.err and "\n  out: r0 = r7 // never set\n       ^~~~~~~\n" in done.err, done


def test_assembler_knows_kfuncs_targets_and_licences(box):
    box.bpfsh("prog", "asm", "type", "xdp", "call bpf_rcu_read_lock kfunc; "
              "call bpf_rcu_read_unlock kfunc; r0 = 1; exit").expect(0)
    box.bpfsh("prog", "asm", "type", "xdp", "call bpf_rcu_read_lock; exit").expect(
        1, err="it is a kfunc: call bpf_rcu_read_lock kfunc")
    box.bpfsh("prog", "asm", "type", "tp_btf/sched_switch", "r0 = 0; exit").expect(0)
    box.bpfsh("prog", "asm", "type", "tp_btf/no_such", "r0 = 0; exit").expect(1, err="has no 'no_such'")
    box.bpfsh("prog", "asm", "type", "tp_btf", "r0 = 0; exit").expect(1, err="lacks what it attaches to")
    sleeps = "r1 = r10; r1 += -8; r2 = 8; r3 = 0; call bpf_copy_from_user; r0 = 0; exit"
    box.bpfsh("prog", "asm", "type", "uprobe.s", sleeps).expect(0)
    box.bpfsh("prog", "asm", "type", "uprobe", sleeps).expect(1, err="might sleep")
    box.bpfsh("prog", "asm", "type", "raw_tp", sleeps.replace("copy_from_user", "probe_read_kernel"),
              "license", "BSD").expect(1, err="GPL-restricted")
    box.bpfsh("prog", "asm", "type", "xdp", "r0 = 1; exit", "name", "sixteen_letters_").expect(
        1, err="at most 15 letters")


def test_graph_of_an_object_needs_nothing(box):
    box.bpfsh("prog", "cfg", "obj", box.obj("count"), "prog", box.prefix + "xdp", "file", "g.svg").expect(0)
    with open("g.svg") as f:
        assert "<svg" in f.read()
    summary = box.bpfsh("prog", "cfg", "obj", box.obj("count"), "prog", box.prefix + "tc", "summary").expect(0)
    assert summary.out.startswith("function"), summary


def test_graph_of_one_function(box):
    pin = load(box)
    graph = box.bpfsh("-j", "prog", "cfg", "pinned", pin, "json").expect(0).json
    assert "blocks" in json.dumps(graph)
    box.bpfsh("prog", "cfg", "pinned", pin, "func", "no_such_function").expect(1, err="no function")


run(__name__)
