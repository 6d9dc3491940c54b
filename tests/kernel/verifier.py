# SPDX-License-Identifier: BSD-2-Clause
"""What the verifier refuses: the reason in a few lines, the whole log, and the path in a graph."""
import os

from bpfsh import *

REFUSED = os.path.join(BUILD, "tests/progs/verifier.bpf.o")


def test_reason(box):
    done = box.bpfsh("prog", "load", REFUSED, box.pin("p")).expect(1)
    for words in ("refuses program 'null_deref'", "R1 invalid mem access 'map_value_or_null'",
                  "(79) r0 = *(u64 *)(r1 +0)",
                  "source: return n > 3 ? *p : 0;", "R1=map_value_or_null(", "path: 0-",
                  "not taken  ; if (key == 7)"):
        assert words in done.err, (words, done.err)
    assert len(done.err.splitlines()) < 16, done.err
    assert "processed " not in done.err
    assert not os.path.exists(box.pin("p"))


def test_whole_log(box):
    done = box.bpfsh("prog", "load", REFUSED, box.pin("p"), "log").expect(1)
    assert "processed " in done.err and "caller:" in done.err, done.err
    done = box.bpfsh("prog", "log")
    assert done.status == 1 and "there is no log" in done.err, done


def test_text(box):
    done = box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", "null_deref", "verifier").expect(0)
    assert "visited 1 time, on the refused path" in done.out, done.out
    assert "refused at " in done.out and "never visited" in done.out, done.out
    assert "R1 invalid mem access" in done.err, done.err


def test_json(box):
    """Visits of each block; the path's blocks, its edges, and the call on it."""
    done = box.bpfsh("-j", "prog", "cfg", "obj", REFUSED, "prog", "null_deref", "verifier", "json")
    graph = json.loads(done.out)["graph"]
    blocks, verdict = graph["blocks"], graph["verifier"]
    assert not verdict["accepted"] and blocks[verdict["block"]]["start"] == verdict["insn"], verdict
    path = [b["block"] for b in blocks if b["refused"]]
    assert path and all(blocks[b]["visits"] == 1 for b in path), blocks
    assert any(not b["visits"] for b in blocks), blocks
    steps = [(e["from"], e["to"]) for e in graph["edges"] if e["refused"]]
    assert sorted(to for _, to in steps) == path[1:] and {f for f, _ in steps} < set(path), (steps, path)
    assert [e["refused"] for e in graph["edges"] if e["kind"] == "call"] == [True], graph["edges"]
    done = box.bpfsh("-j", "prog", "cfg", "obj", REFUSED, "prog", "accepted", "verifier", "json").expect(0)
    graph = done.json["graph"]
    assert graph["verifier"]["accepted"] and not any(b["refused"] for b in graph["blocks"]), graph


def test_call_on_the_path_is_red(box):
    box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", "null_deref", "verifier", "file", "red.dot").expect(0)
    with open("red.dot") as f:
        calls = [line for line in f if "dotted" in line and "->" in line]
    assert len(calls) == 1 and "#ff0000" in calls[0], calls


def test_loop_is_hot(box):
    path = os.path.join(box.dir, "hot.dot")
    done = box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", "endless", "verifier", "file", path)
    done.expect(0)
    assert "most visited: " in done.err, done.err
    with open(path) as f:
        text = f.read()
    assert "#ff0000" in text and "#fb8f44" in text and "visited at least " in text, text


def test_accepted(box):
    done = box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", "accepted", "verifier").expect(0)
    assert "visited 1 time" in done.out and "refused" not in done.out + done.err, done
    assert re.search(r"the verifier accepts it: \d+ instructions processed", done.err), done


# What the author of each program is told, in this order: the reason, the line, the states, advice.
REASONS = {
    "until_seven": ["too (large|complex)", r"path: .*\(\d+ times\)", "n != 7", r"most visited: .* times  ; ",
                    "advice: .*bpf_loop"],
    "no_null_check": ["'map_value_or_null'", r"source: \*value \+= 1", "R0=map_value_or_null",
                      "advice: .*NULL"],
    "short_packet": ["outside of the packet", "source: return ip->protocol", "R1=pkt", "not taken",
                     "advice: .*data_end.* 24 bytes, of which only 14"],
    "no_index_check": ["unbounded memory access", "source: .*rx_queue_index", "umax=0xffffffff",
                       "advice: .*constant"],
    "signed_index": ["out of bounds", "smin=0xffffffff80000000", "advice: .*lower bound"],
    "beyond_value": ["outside of the allowed memory range", "off=32 size=4", "advice: .*its size"],
    "leak": ["reference leak", r"taken at \d+: .*bpf_ringbuf_reserve.*; long \*event",
             "rx_queue_index == 3", "advice: release"],
    "write_ctx": ["invalid bpf_context access", "source: ctx->data = 0", "advice: .*that field"],
    "helper_of_tc": ["bpf_skb_vlan_pop", "advice: .*types of programs"],
    "sleeping": ["might sleep", "bpf_copy_from_user", "advice: only sleepable"],
    "no_pointer": ["invalid mem access 'scalar'", "advice: .*no pointer"],
    "dead_code": [r"unreachable insn \d+", r"at \d+: \(b[47]\) [rw]0 = 2", "source: return XDP_PASS; @ verifier.bpf.c:",
                  "advice: no path"],
    "any_result": ["program exit the register R0", "source: return skb->len", "R0=scalar",
                   "advice: .*results"],
    "deep_stack": ["combined stack size of 2 calls", "advice: .*512 bytes"],
}


def test_usual_reasons(box):
    """At most 13 lines each; a kernel that is older may word one of them otherwise."""
    for prog, words in REASONS.items():
        done = box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", prog, "verifier", "summary").expect(0)
        told = done.err.partition("the verifier refuses it: ")[2]
        assert re.search(".*?".join(words), told, re.S), (prog, words, done.err)
        assert len(told.splitlines()) <= 13, (prog, told)


def test_what_a_kernel_lacks(box):
    """Loads that fail before or without the verifier, in words that say what to do."""
    for name, words in (("kfunc", ["no kfunc 'bpf_no_such_kfunc'", "hint: declare it __weak"]),
                        ("target", ["no 'no_such_event' that a program can attach to"]),
                        ("large", ["cannot create map 'large'", "larger than the kernel allows"]),
                        ("core", ["task_struct.no_such_member", "at 3: <invalid CO-RE relocation>",
                                  "advice: .*bpf_core_field_exists"])):
        path = os.path.join(BUILD, f"tests/progs/load_{name}.bpf.o")
        done = box.bpfsh("prog", "load", path, box.pin("p")).expect(1)
        assert re.search(".*".join(words), done.err, re.S), done
        assert not re.search(r": -\d|Argument list|too old", done.err.partition("\n  prog load")[0]), done
    done = box.bpfsh("prog", "asm", "type", "fentry/do_unlinkat", "r0 = 0; exit",
                     "pin", box.pin("f"))
    assert done.status == 0 or re.search("not permitted.*hint: .*may forbid it", done.err, re.S), done
    with open("long.s", "w") as f:
        f.write("r0 = 0\n" * 1000001 + "exit\n")
    box.bpfsh("prog", "asm", "type", "xdp", "file", "long.s", "pin", box.pin("l")).expect(1, err="1000002 instructions")


def test_weak_externs(box):
    """What the kernel lacks is named, though the verifier speaks of a register or an address."""
    path = os.path.join(BUILD, "tests/progs/load_weak.bpf.o")
    for prog, words in (("weak_kfunc", r"kfunc 'bpf_no_such_kfunc', which instruction \d+ calls: ask bpf_ksym_exists"),
                        ("weak_void", "kfunc 'bpf_no_such_void', which instruction 0 calls: ask bpf_ksym_exists"),
                        ("weak_variable", "variable 'bpf_no_such_variable', whose address instruction 0 takes: ask")):
        done = box.bpfsh("prog", "cfg", "obj", path, "prog", prog, "verifier", "summary").expect(0)
        # A newer libbpf tells it itself.
        assert re.search(f"advice: this kernel lacks the weak {words}", done.err) or \
            re.search(f"{words.partition(',')[0]} is referenced but wasn't resolved.*"
                      "this kernel lacks it: ask bpf_ksym_exists", done.err, re.S), (prog, done.err)


def test_reason_without_a_log(box):
    """The kernel's answer and its cause, where the verifier's log has no reason."""
    path = os.path.join(BUILD, "tests/progs/load_both_ops.bpf.o")
    for words in (["prog", "load", path, box.pin("p")],
                  ["prog", "cfg", "obj", path, "prog", "both_undo", "verifier"]):
        done = box.bpfsh("-j", *words)
        if done.status == 0:
            return
        error = done.expect(1).json["error"]
        assert not error["message"].endswith(": ") and "refuses program" not in error["message"], done
        if "error 524" in error["message"]:
            assert re.search(r"libbpf \(1\.[01]\) does not know section '\.struct_ops\.link', libbpf 1\.2",
                             error["hint"]), done


def test_type_of_a_section(box):
    """The hint's word works where it is given: for a load and for a graph of the refused path."""
    path = os.path.join(BUILD, "tests/progs/load_untyped.bpf.o")
    for words in (["load", path, box.pin("p")], ["cfg", "obj", path, "verifier", "summary"]):
        box.bpfsh("prog", *words).expect(1, err="say it: type TYPE")
        box.bpfsh("prog", *words, "type", "xdp").expect(0)
    done = box.bpfsh("prog", "cfg", "obj", path, "type", "xdp").expect(1)
    assert "'type' goes with 'verifier'" in done.err, done


def test_map_sized_by_its_loader(box):
    """The hint's two commands make the map and load the program with it."""
    name = "sized_stacks_of_a_long_name"
    path = os.path.join(BUILD, "tests/progs/load_sized.bpf.o")
    for words in (["load", path, box.pin("p")], ["cfg", "obj", path, "verifier", "summary"]):
        done = box.bpfsh("-j", "prog", *words).expect(1)
        create, load = done.json["error"]["hint"].partition("; here: ")[2].split("; ")
        assert load == f"prog load {path} map name {name} $m", done
        assert create == f"$m = map create type stack_trace key 4 value SIZE entries N name {name[:15]}", done
        create = create.replace("SIZE", "1016").replace(" N ", " 64 ")
        box.bpfsh("-c", f"{create}; prog {' '.join(words)} map name {name} $m").expect(0)


def test_only_objects(box):
    box.bpfsh("prog", "load", os.path.join(BUILD, "scripts/xdp_flow.bpf.o"), box.pin("p")).expect(0)
    done = box.bpfsh("prog", "cfg", "pinned", box.pin("p"), "verifier")
    assert done.status and "'verifier' is for object files" in done.err, done


def test_show_without_terminal(box):
    """Where no terminal reads, 'show' is the text form."""
    text = box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", "accepted").expect(0).out
    done = box.bpfsh("prog", "cfg", "obj", REFUSED, "prog", "accepted", "show").expect(0)
    assert done.out == text, done.out


def test_viewer(box):
    done = box.bpfsh("-c", "set viewer kitty; set").expect(0)
    assert "kitty" in done.out, done
    done = box.bpfsh("-c", "set viewer crayons")
    assert done.status and "chafa" in done.err, done


run(__name__)
