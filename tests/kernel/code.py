# SPDX-License-Identifier: BSD-2-Clause
"""Instructions as commands show and take them: listings, machine code, assembler, graphs."""
import glob
import os

from bpfsh import *
from feature import needs


def load(box, name="kinds"):
    pin = box.pin("p")
    box.bpfsh("prog", "load", box.obj(name), pin).expect(0)
    return pin


# Instructions that bpftool 7.1 does not know, or shows by another name.
NEWER = ("{code=", "s/=", "s%=", "(s8)", "(s16)", "(s32)", "__percpu", "gotol", "may_goto", "bswap")


def same_line(ours, theirs):
    """Only we name callbacks and mark kfuncs; of what bpftool does not know the opcode has to do."""
    ours = re.sub(r"(subprog\[[+-]\d+\])#\w+| kfunc$", r"\1", ours)
    newer = "BUG_" in theirs or any(word in ours for word in NEWER)
    return ours == theirs or (newer and ours.partition(")")[0] == theirs.partition(")")[0])


def same_text(ours, theirs):
    lines = list(zip(ours.splitlines(), theirs.splitlines(), strict=True))
    assert lines and all(same_line(*pair) for pair in lines), [p for p in lines if not same_line(*p)]


def same_json(ours, theirs):
    at = 0
    for one, other in zip(ours, theirs, strict=True):
        assert one.pop("insn") == at, one
        at += 2 if one["disasm"].startswith("(18)") else 1
        one = {key: value for key, value in one.items() if value != 0}
        if "\\" in one.get("src", ""):     # which bpftool 7.1 writes wrongly
            one["src"] = other["src"]
        assert same_line(one.pop("disasm"), other.pop("disasm")) and one == other, (one, other)


def load_corpus(box):
    """The pins of all programs that this kernel takes, of all objects."""
    objects = glob.glob(os.path.join(BUILD, "tests/progs/cfg_*.bpf.o"))
    for at, path in enumerate([*objects, os.path.join(BUILD, "scripts/xdp_flow.bpf.o")]):
        os.mkdir(box.pin(f"corpus{at}"))
        box.bpfsh("prog", "loadall", path, box.pin(f"corpus{at}"))
    return glob.glob(box.pin("corpus*/*"))


def test_xlated_as_bpftool(box):
    """Each program as JSON; some also as text. bpftool takes a tenth of a second for each."""
    needs("callbacks")
    pins = load_corpus(box)
    assert len(pins) > 40, pins
    words = [["prog", "dump", "xlated", "pinned", pin, ("opcodes", "linum")[at % 2]]
             for at, pin in enumerate(pins)]
    ours = box.bpfsh("-j", "-c", "\n".join(map(" ".join, words))).expect(0).json
    for command, done in zip(words, ours, strict=True):
        same_json(done["output"], box.bpftool(*command))
    for command in words[::7]:
        same_text(box.bpfsh(*command).expect(0).out, box.run(BPFTOOL, *command).out)


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
    with open("code", "wb"):
        box.bpfsh("prog", "dump", "jited", "pinned", pin, "file", "code").expect(0)
    with open("code", "rb") as code:
        assert code.read().hex() == "".join(byte[2:] for func in done for insn in func["insns"]
                                            for byte in insn["opcodes"])
    plain = box.bpfsh("prog", "dump", "jited", "pinned", pin).expect(0).out
    assert re.search(r"^ +0:\t\w+", plain, re.M), plain
    assert "ret" in plain, plain


def test_jited_functions(box):
    """Subprograms and callbacks by their symbols, with source lines; jumps within a function."""
    needs("callbacks")
    box.bpfsh("prog", "load", os.path.join(BUILD, "tests/progs/cfg_callbacks.bpf.o"), box.pin("c")).expect(0)
    done = box.bpfsh("-j", "prog", "dump", "jited", "pinned", box.pin("c"), "linum").expect(0).json
    names = [re.sub(r"^bpf_prog_[0-9a-f]{16}_", "", func["name"]) for func in done]
    assert names == ["sum_up", "step", "add_element", "weight"], names
    assert done[1]["proto"] == "long step(__u32 i, struct state * s)", done[1]
    symbols = {insn["symbol"] for insn in done[0]["insns"] if "symbol" in insn}
    assert {func["name"] for func in done[1:]} <= symbols, symbols
    assert any(insn.get("src") == "s->limit = i;" and insn["line_num"] for insn in done[1]["insns"]), done[1]
    for func in done:
        places = {insn["pc"] for insn in func["insns"]}
        jumps = [insn for insn in func["insns"] if insn["operation"].startswith("j") and "symbol" not in insn]
        assert all(insn["operands"][0] in places for insn in jumps), jumps


def test_options_that_do_not_fit(box):
    pin = load(box)
    for words, error in ((("xlated", "file", "f", "opcodes"), "takes the bytes"),
                         (("xlated", "file", "f", "visual"), "takes the bytes"),
                         (("jited", "visual"), "is for 'dump xlated'")):
        box.bpfsh("prog", "dump", words[0], "pinned", pin, *words[1:]).expect(1, err=error)
    assert not os.path.exists("f")
    shown = box.bpfsh("prog", "dump", "xlated", "pinned", pin, "visual", "opcodes", "linum").expect(0)
    assert "[95 00 00 00 00 00 00 00]" in shown.out and " @ test_kinds.bpf.c:" in shown.out, shown
    hidden = box.run("setpriv", "--bounding-set", "-syslog,-sys_admin", "--inh-caps", "-syslog,-sys_admin",
                     BPFSH, "--no-rc", "prog", "dump", "jited", "pinned", pin)
    assert hidden.status == 1 and "hides the machine code" in hidden.err, hidden


def assemble(box, *words):
    return box.bpfsh("prog", "asm", *words, "pin", box.pin(f"asm{len(box.pins())}"))


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
    assemble(box, "type", "xdp", "r0 = 2; exlt").expect(1, err="exlt")
    done = assemble(box, "type", "xdp", "r0 = r5; exit").expect(1, err="!read_ok")
    assert "R5" in done.err, done


def test_assembler_blames_the_line_that_is_refused(box):
    with open("late.s", "w") as f:
        f.write("r6 = r1  # the context\nr0 = 0\n\nout: r0 = r7 // never set\nexit\n")
    done = assemble(box, "type", "xdp", "file", "late.s").expect(1, err="late.s:4:6: ")
    assert "R7 !read_ok" in done.err and "\n  out: r0 = r7 // never set\n       ^~~~~~~\n" in done.err, done


def test_assembler_shows_the_log(box):
    """The hint's word works here too."""
    words = ["type", "xdp", "r0 = r9; exit"]
    assemble(box, *words).expect(1, err="'log' at the end of the command")
    done = assemble(box, *words, "log").expect(1, err="R9 !read_ok")
    assert "processed " in done.err, done


def test_assembler_names_the_script(box):
    done = box.bpfsh("-c", 'echo on\nprog asm type xdp "r0 = 0\n  r9 = r8; exit"').expect(1, err="asm:2:3: ")
    assert "sourced from -c:2" in done.err, done
    done = assemble(box, "type", "xdp", "r9 = r8; exit").expect(1, err="asm:1:1: ")
    assert "sourced" not in done.err, done


def test_assembler_knows_kfuncs_targets_and_licences(box):
    needs("kfuncs")
    assemble(box, "type", "xdp", "call bpf_rcu_read_lock kfunc; "
              "call bpf_rcu_read_unlock kfunc; r0 = 1; exit").expect(0)
    assemble(box, "type", "xdp", "call bpf_rcu_read_lock; exit").expect(
        1, err="it is a kfunc: call bpf_rcu_read_lock kfunc")
    assemble(box, "type", "xdp", "call bpf_cgrp_storage_get; exit").expect(
        1, err="#210")      # newer than Debian's headers
    assemble(box, "type", "tp_btf/sched_switch", "r0 = 0; exit").expect(0)
    assemble(box, "type", "tp_btf/no_such", "r0 = 0; exit").expect(1, err="has no 'no_such'")
    assemble(box, "type", "tp_btf", "r0 = 0; exit").expect(1, err="lacks what it attaches to")
    sleeps = "r1 = r10; r1 += -8; r2 = 8; r3 = 0; call bpf_copy_from_user; r0 = 0; exit"
    assemble(box, "type", "uprobe.s", sleeps).expect(0)
    assemble(box, "type", "uprobe", sleeps).expect(1, err="might sleep")
    assemble(box, "type", "raw_tp", sleeps.replace("copy_from_user", "probe_read_kernel"),
              "license", "BSD").expect(1, err="GPL-restricted")
    assemble(box, "type", "xdp", "r0 = 1; exit", "name", "sixteen_letters_").expect(
        1, err="at most 15 letters")


def test_graph_of_an_object_needs_nothing(box):
    box.bpfsh("prog", "cfg", "obj", box.obj("count"), "prog", box.prefix + "xdp", "file", "g.svg").expect(0)
    with open("g.svg") as f:
        assert "<svg" in f.read()
    summary = box.bpfsh("prog", "cfg", "obj", box.obj("count"), "prog", box.prefix + "tc", "summary").expect(0)
    assert summary.out.startswith("function"), summary


def untyped(data):
    """An object as old clang made it: symbols of functions have no type, nor a size."""
    data = bytearray(data)
    sections, = struct.unpack_from("=Q", data, 0x28)
    for i in range(struct.unpack_from("=H", data, 0x3c)[0]):
        at = sections + 64 * i
        if struct.unpack_from("=I", data, at + 4)[0] != 2:      # SHT_SYMTAB
            continue
        first, size = struct.unpack_from("=QQ", data, at + 0x18)
        for symbol in range(first, first + size, 24):
            if data[symbol + 4] & 15 == 2:                      # STT_FUNC
                data[symbol + 4] &= 0xf0
                struct.pack_into("=Q", data, symbol + 16, 0)
    return bytes(data)


def graphs(box, obj, programs):
    return [box.bpfsh("prog", "cfg", "obj", obj, "prog", name, "text", "linum").expect(0).out for name in programs]


def test_graph_of_untyped_symbols(box):
    """The symbol that begins there names the program; a load says what is wrong with the object."""
    new = os.path.join(BUILD, "tests/progs/verifier.bpf.o")
    with open(new, "rb") as f:
        old = box.file("old.o", untyped(f.read()))
    programs = ["until_seven", "sleeping", "helper_of_tc"]
    assert graphs(box, old, programs) == graphs(box, new, programs)
    assert "function" in box.bpfsh("prog", "cfg", "obj", old, "prog", "null_deref", "summary").expect(0).out
    done = box.bpfsh("prog", "load", old, box.pin("p")).expect(1)
    assert re.search(r"section '\S+' holds \d+ instructions, but its symbols are no functions", done.err), done
    assert f"prog cfg obj {old}" in done.err, done
    box.bpfsh("prog", "cfg", "obj", old, "prog", "sleeping", "verifier").expect(1, err="are no functions")


def test_graph_of_the_other_byte_order(box):
    """Instructions, source lines and types are read, whichever machine the object is for."""
    machine = box.run("cc", "-dumpmachine").expect(0).out.strip()
    for source, programs in (("callbacks", ["sum_up"]), ("subprogs", ["first", "second"])):
        shown = []
        for target in ("bpfel", "bpfeb"):
            obj = os.path.join(box.dir, f"{source}.{target}.o")
            box.run("clang", "-target", target, "-g", "-O2", f"-I/usr/include/{machine}", "-c", "-o", obj,
                    os.path.join(ROOT, f"tests/progs/cfg_{source}.bpf.c")).expect(0)
            shown.append(graphs(box, obj, programs))
        assert shown[0] == shown[1] and all("exit" in text for text in shown[0]), source
    foreign = "bpfeb" if sys.byteorder == "little" else "bpfel"
    box.bpfsh("prog", "load", f"callbacks.{foreign}.o", box.pin("p")).expect(1, err="the other byte order")


def test_graph_of_one_function(box):
    pin = load(box)
    graph = box.bpfsh("-j", "prog", "cfg", "pinned", pin, "json").expect(0).json
    assert "blocks" in json.dumps(graph)
    box.bpfsh("prog", "cfg", "pinned", pin, "func", "no_such_function").expect(1, err="no function")


run(__name__)
