# SPDX-License-Identifier: BSD-2-Clause
"""Scripts are transactions: what fails or is interrupted leaves the state of before."""
import os
import re
import signal
import subprocess

from bpfsh import *
from feature import needs

# Kind, key and value size, creation flags, and a key and value as bytes.
UNDOABLE = [
    ("hash", 4, 4, 0, "1 0 0 0", "9 0 0 0"),
    ("array", 4, 4, 0, "1 0 0 0", "9 0 0 0"),
    ("lru_hash", 4, 4, 0, "1 0 0 0", "9 0 0 0"),
    ("percpu_hash", 4, 8, 0, "1 0 0 0", "9 0 0 0 0 0 0 0"),
    ("percpu_array", 4, 8, 0, "1 0 0 0", "9 0 0 0 0 0 0 0"),
    ("lru_percpu_hash", 4, 8, 0, "1 0 0 0", "9 0 0 0 0 0 0 0"),
    ("lpm_trie", 8, 4, 1, "24 0 0 0 10 0 1 0", "9 0 0 0"),
]


def fails_at_the_end(box, text, *args, status=1):
    """Runs a script with a failing last line, and checks that it left no trace."""
    before = box.snapshot()
    done = box.script(text + "\nassert false\n", *args).expect(status)
    box.unchanged(before)
    return done


def test_fifth_line(box):
    box.map_create("old")
    box.bpftool("map", "update", "pinned", box.pin("old"), *"key 1 0 0 0 value 5 0 0 0".split())
    obj = box.obj("count")
    before = box.snapshot()
    done = box.script(f"""\
$m = map create type hash key 4 value 4 entries 8 name {box.prefix}new
map pin $m {box.pin("new")}
$p = prog load {obj} {box.pin("prog")}
map update pinned {box.pin("old")} key 1 0 0 0 value 6 0 0 0
map update pinned {box.pin("old")} key 1 0 0 0 value 1 2 3
map update pinned {box.pin("old")} key 2 0 0 0 value 7 0 0 0
""")
    done.expect(1, err=["value expected 4 bytes got 3", "script.bsh:5:"])
    box.unchanged(before)


def test_updates_in_a_row(box):
    """Updates that are written together fail at their own lines, and everything sees them."""
    pin, other = box.map_create("m", entries=8), box.map_create("o", entries=8)
    before = box.snapshot()
    lines = [f"map update pinned {pin} key {n} 0 0 0 value {n} 0 0 0\n" for n in range(12)]
    box.script("".join(lines)).expect(1, err=["script.bsh:9:1: error:", "is full",
                                              "rolled back 8 of 8; nothing changed"])
    box.unchanged(before)
    box.script("".join(lines[:8]) + f"map lookup pinned {pin} key 9\n") \
        .expect(1, err=["script.bsh:9:", "rolled back 8 of 8"])
    box.unchanged(before)
    done = box.script(f"{lines[1]}map lookup pinned {pin} key 1\n{lines[2]}"
                      f"!{BPFTOOL} map lookup pinned {pin} key 2 0 0 0\n{lines[3]}"
                      f"$x = map lookup pinned {pin} key 3\nassert $x.value[0] == \"0x03\"\n"
                      f"{lines[4]}map update pinned {pin} key 4 value 9 noexist\n").expect(1)
    assert "value: 01 00" in done.out and "02 00 00 00" in done.out, done
    assert "script.bsh:9:" in done.err and "rolled back 4 of 4" in done.err, done
    box.unchanged(before)
    mixed = "".join(f"map update pinned {path} key {n} value {n}\n"
                    for n in range(4) for path in (pin, other))
    box.script(f"{mixed}map update pinned {pin} key 1 value 7\n").expect(0)
    for path in (pin, other):
        values = {e["key"][0]: e["value"][0] for e in box.bpftool("map", "dump", "pinned", path)}
        assert values == {"0x00": "0x00", "0x01": "0x07" if path == pin else "0x01",
                          "0x02": "0x02", "0x03": "0x03"}, values


def test_pin_exchanged_in_a_row(box):
    """A path means what is pinned there when the update's turn comes."""
    needs("exchange")
    pin, other = box.map_create("m"), box.map_create("o")
    update = f"map update pinned {pin} key %d value 5\n"
    box.script(update % 1 + f"map pin pinned {other} {pin} replace\n" + update % 2).expect(0)
    assert [e["key"][0] for e in box.bpftool("map", "dump", "pinned", other)] == ["0x02"]
    assert box.bpftool("map", "dump", "pinned", pin) == box.bpftool("map", "dump", "pinned", other)


def test_syntax_error_runs_nothing(box):
    before = box.snapshot()
    done = box.script(f"""\
map create {box.pin("a")} type hash key 4 value 4 entries 8 name {box.prefix}a
map creat {box.pin("b")} type hash key 4 value 4 entries 8 name {box.prefix}b
map update $m key
map create {box.pin("c")} type hash key 4 value 4 entries 8 name "{box.prefix}c
""")
    done.expect(2, err=["script.bsh:2:", "script.bsh:3:", "script.bsh:4:", "^"])
    assert "did you mean" in done.err and "create" in done.err, done
    box.unchanged(before)


def test_commit(box):
    box.script(f"""\
map create {box.pin("a")} type hash key 4 value 4 entries 8 name {box.prefix}a
map update pinned {box.pin("a")} key 1 0 0 0 value 2 0 0 0
""").expect(0, out="")
    assert box.pins() == ["a"]
    assert box.bpftool("map", "lookup", "pinned", box.pin("a"), "key", 1, 0, 0, 0)["value"] \
        == ["0x02", "0x00", "0x00", "0x00"]


def test_explicit_commit_stays(box):
    box.map_create("m")
    box.script(f"""\
map update pinned {box.pin("m")} key 1 0 0 0 value 1 0 0 0
commit
map update pinned {box.pin("m")} key 2 0 0 0 value 2 0 0 0
assert false
""").expect(1)
    assert [e["key"][0] for e in box.bpftool("map", "dump", "pinned", box.pin("m"))] == ["0x01"]


def test_savepoint(box):
    box.map_create("m", "array", entries=3)
    box.script(f"""\
map update pinned {box.pin("m")} key 0 0 0 0 value 1 0 0 0
savepoint a
map update pinned {box.pin("m")} key 1 0 0 0 value 1 0 0 0
map update pinned {box.pin("m")} key 0 0 0 0 value 2 0 0 0
rollback to a
map update pinned {box.pin("m")} key 2 0 0 0 value 3 0 0 0
""").expect(0)
    values = [e["value"][0] for e in box.bpftool("map", "dump", "pinned", box.pin("m"))]
    assert values == ["0x01", "0x00", "0x03"], values


def test_rollback_then_go_on(box):
    box.map_create("m")
    box.script(f"""\
map update pinned {box.pin("m")} key 1 0 0 0 value 1 0 0 0
rollback
map update pinned {box.pin("m")} key 2 0 0 0 value 2 0 0 0
""").expect(0)
    assert [e["key"][0] for e in box.bpftool("map", "dump", "pinned", box.pin("m"))] == ["0x02"]


def test_what_was_evicted(box):
    """A full LRU map drops what was there: a rollback does not claim that nothing changed."""
    pin = box.map_create("lru", "lru_hash", 4, 4, 16)
    box.script(f"for $i in range(16) {{ map update pinned {pin} key $i value 1 }}\n").expect(0)
    done = box.script(f"for $i in range(100; 200) {{ map update pinned {pin} key $i value 1 }}\n"
                      "assert false\n").expect(1, err="rolled back 100 of 100; perhaps not all "
                                               "is as before: an update may evict other elements")
    assert "nothing changed" not in done.err, done


def test_no_transaction(box):
    box.map_create("m")
    box.script(f"""\
map update pinned {box.pin("m")} key 1 0 0 0 value 1 0 0 0
map update pinned {box.pin("m")} key 1 0 0 0 value 1 2 3
map update pinned {box.pin("m")} key 3 0 0 0 value 3 0 0 0
""", options=["--no-transaction"]).expect(1)
    assert [e["key"][0] for e in box.bpftool("map", "dump", "pinned", box.pin("m"))] == ["0x01"]


def test_check_and_plan_run_nothing(box):
    box.map_create("m")
    before = box.snapshot()
    text = f"""\
$m = map create {box.pin("n")} type hash key 4 value 4 entries 8 name {box.prefix}n
map update $m key 1 0 0 0 value 1 0 0 0
map unpin {box.pin("m")}
"""
    box.script(text, options=["--check"]).expect(0)
    done = box.script(text, options=["--plan"]).expect(0)
    for word in ("create", "update", "unpin"):
        assert word in done.out, done
    box.unchanged(before)


def missing(done):
    """What --check found, as "LINE:COLUMN" of errors, and of notes."""
    return [re.findall(rf"^script.bsh:(\d+:\d+): {kind}: ", done.err.replace(f"{os.getcwd()}/", ""),
                       re.MULTILINE) for kind in ("error", "note")]


def test_check_looks_up_what_is_named(box):
    box.map_create("m")
    errors, notes = missing(box.script(f"""\
map dump id 4294967295
map update pinned {box.pin("m")} key 1 value 1 2 3
map dump pinned {box.pin("none")}
map import pinned {box.pin("m")} none.jsonl
prog load none.o
""", options=["--check"]).expect(1))
    assert errors == ["1:13", f"2:{len(box.pin('m')) + 32}", "3:17",
                      f"4:{len(box.pin('m')) + 20}", "5:11"], errors
    errors, notes = missing(box.script(f"""\
prog dump xlated name {box.prefix}none
time map delete name {box.prefix}none pins
if $? == 0 {{ map dump name {box.prefix}none }}
link create pinned {box.pin("m")} xdp dev none
link create pinned {box.pin("none")} cgroup /none egress
prog asm type none 'r0 = 0; exit'
map create type hash key 4 entries 4 btf {box.obj("typed")} value_type none
prog cfg obj {box.obj("count")} prog none
map unpin $1/none
""", box.bpffs, options=["--check"]).expect(1))
    lines = [int(error.split(":")[0]) for error in errors]
    assert lines == [1, 2, 4, 4, 5, 5, 6, 7, 8], errors
    assert notes == ["3:28"], notes


def test_check_trusts_what_may_be_made(box):
    box.map_create("m")
    box.file("more.bsh", f"$late = map show pinned {box.pin('m')}")
    count = box.obj("count")
    before = box.snapshot()
    done = box.script(f"""\
source more.bsh
map dump $late | tee copy.json
map import pinned {box.pin("m")} copy.json
map pin pinned {box.pin("m")} {box.pin("again")}
map dump pinned {box.pin("again")}
prog loadall {count} {box.pin("progs")}
prog show pinned {box.pin("progs")}/{box.prefix}xdp
map dump name {box.prefix}late
map dump pinned /sys/fs/bpf/{box.prefix}declared
!true
link create pinned {box.pin("progs")}/{box.prefix}xdp xdp dev none
""", options=["--check"]).expect(0)
    assert not done.err and not done.out, done
    done = box.script(f"""\
$m = map create {box.pin("other")} type hash key 4 value 4 entries 4
map dump pinned {box.pin("none")}
""", options=["--check"]).expect(1)
    assert missing(done) == [["2:17"], []], done
    for words in (["btf", "dump", "file", "none.o"], ["cgroup", "show", "none"],
                  ["net", "show", "dev", "none"]):
        box.bpfsh("--check", *words).expect(1, err="none")
    box.file("more.bsh", "map dump pinned /none\nmap dump")
    done = box.script("source more.bsh", options=["--check"]).expect(2, err="more.bsh:2:1: error:")
    assert "no pin" not in done.err, done
    box.file("more.bsh", "map dump pinned /none")
    box.bpfsh("--check", "source", "more.bsh").expect(1, err="more.bsh:1:17: error: no pin")
    box.bpfsh("--check", "batch", "file", "none").expect(1, err="cannot read 'none'")
    box.unchanged(before)


def test_pin_and_unpin(box):
    box.map_create("m")
    box.bpftool("prog", "loadall", box.obj("count"), box.pin("progs"))
    xdp = box.pin(f"progs/{box.prefix}xdp")
    fails_at_the_end(box, f"""\
map pin pinned {box.pin("m")} {box.pin("again")}
map unpin {box.pin("m")}
prog unpin {xdp}
prog pin id {box.bpftool("prog", "show", "pinned", xdp)["id"]} {box.pin("p")}
""")
    box.script(f"map unpin {box.pin('m')}\nprog unpin {xdp}\n").expect(0)
    assert box.pins() == [f"progs/{box.prefix}tc"], box.pins()


def test_load(box):
    obj = box.obj("count")
    fails_at_the_end(box, f"""\
$m = map create type array key 4 value 4 entries 5 name {box.prefix}count
$p = prog load {obj} map name {box.prefix}count $m
map update $m key 1 value 5
prog pin $p {box.pin("p")}
map pin $m {box.pin("m")}
""")


def test_preimages(box):
    """Update, insert and delete on each map type come back to the byte."""
    for kind, key_size, value_size, flags, key, value in UNDOABLE:
        pin = box.map_create(kind, kind, key_size, value_size, 8, "flags", str(flags))
        words = ["map", "update", "pinned", pin, "key", *key.split(), "value"]
        box.bpftool(*words, *value.split())
        other = value.replace("9", "77", 1)
        new = "2" + key[1:] if kind != "lpm_trie" else "16 0 0 0 10 1 0 0"
        text = f"map update pinned {pin} key {key} value {other}\n"
        if "array" not in kind:
            text += f"""\
map update pinned {pin} key {new} value {other}
map delete pinned {pin} key {key}
map update pinned {pin} key {key} value {other}
map delete pinned {pin} key {new}
"""
        else:
            text += f"map update pinned {pin} key {new} value {other}\n"
        before = box.snapshot()
        box.script(text + "assert false\n").expect(1)
        box.unchanged(before)


def test_percpu_values_differ(box):
    """A preimage of a per-CPU element keeps each CPU's own value."""
    pin = box.map_create("m", "percpu_array", 4, 8, 2)
    box.script(f"map update pinned {pin} key 0 0 0 0 value cpu 0 5 0 0 0 0 0 0 0\n").expect(0)
    before = box.snapshot()
    assert '"0x05"' in str(before["elements"]).replace("'", '"'), before
    fails_at_the_end(box, f"map update pinned {pin} key 0 0 0 0 value 7 0 0 0 0 0 0 0")


def test_map_in_map_and_prog_array(box):
    box.bpftool("prog", "loadall", box.obj("maps"), box.pin("p"), "pinmaps", box.pin("m"))
    pin = lambda name: box.pin(f"m/{box.prefix}{name}")
    prog = box.pin(f"p/{box.prefix}maps")
    box.bpftool("map", "update", "pinned", pin("jmp"), *"key 0 0 0 0 value pinned".split(), prog)
    other = f"map create type array key 4 value 4 entries 2 name {box.prefix}other"
    fails_at_the_end(box, f"""\
$o = {other}
map update pinned {pin("outer")} key 0 0 0 0 value $o
map update pinned {pin("outer")} key 1 0 0 0 value $o
map update pinned {pin("jmp")} key 1 0 0 0 value pinned {prog}
map delete pinned {pin("jmp")} key 0 0 0 0
map delete pinned {pin("outer")} key 1 0 0 0
""")
    assert len(box.elements(pin("jmp"))) == 1 and len(box.elements(pin("outer"))) == 1


def test_many_updates(box):
    """More than there may be open descriptors: one serves all changes of a map."""
    pin = box.map_create("m", entries=40000)
    lines = "".join(f"map update pinned {pin} key {n} value {n}\n" for n in range(1, 30001))
    box.script(lines).expect(0)
    before = box.snapshot()
    box.script(lines.replace("value ", "value 1") + "assert false\n").expect(1)
    assert len(before["elements"]["m"]) == 30000
    box.unchanged(before)


def test_few_descriptors(box):
    """Wherever the descriptors end: an error, and the state of before."""
    from state import create, journals, pin, update
    first = create("array", 4, 4, 2, f"{box.prefix}i0")
    outer = create("array_of_maps", 4, 4, 16, f"{box.prefix}o", 0, first)
    pin(outer, box.pin("o"))
    for n in range(8):
        inner = create("array", 4, 4, 2, f"{box.prefix}i{n}")
        update(outer, struct.pack("=I", n), struct.pack("=I", inner))
        os.close(inner)
    os.close(outer)
    lines = "".join(f"map update pinned {box.pin('o')} key {n} 0 0 0 value $n\n" for n in range(8))
    path = box.file("few.bsh", f"""\
$n = map create type array key 4 value 4 entries 2 name {box.prefix}n
{lines}map pin $n {box.pin("n")}
map unpin {box.pin("o")}
map pin $n {box.pin("o")}
map unpin {box.pin("n")}
assert false
""")
    before = box.snapshot()
    for limit in range(7, 32):
        done = box.run("prlimit", f"--nofile={limit}:{limit}", BPFSH, "--no-rc", "-f", path).expect(1)
        assert not journals(), done
        # Comparing takes longer than the script.
        if limit % 4 == 0:
            box.unchanged(before)
    assert "assertion failed" in done.err, done
    box.unchanged(before)


def interrupted(box, signum, status):
    pin = box.map_create("m", entries=300000)
    before = box.snapshot()
    text = f"map create {box.pin('new')} type hash key 4 value 4 entries 4 name {box.prefix}new\n"
    text += "".join(f"map update pinned {pin} key {n} value {n}\n" for n in range(1, 300000))
    path = box.file("long.bsh", text)
    process = subprocess.Popen([BPFSH, "--no-rc", "-f", path], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: has_elements(pin))
    process.send_signal(signum)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, (process.returncode, out, err)
    assert "rolled back" in err, err
    os.unlink(path)
    box.unchanged(before)


def test_sigint(box):
    interrupted(box, signal.SIGINT, 130)


def test_sigterm(box):
    interrupted(box, signal.SIGTERM, 143)


def test_conflict(box):
    """A value that somebody else wrote meanwhile is left alone, and said."""
    pin = box.map_create("m", "array", entries=2)
    text = f"""\
map update pinned {pin} key 0 0 0 0 value 1 0 0 0
map update pinned {pin} key 1 0 0 0 value 1 0 0 0
!{BPFTOOL} map update pinned {pin} key 1 0 0 0 value 7 0 0 0
assert false
"""
    done = box.script(text).expect(3, err="1 conflict")
    values = [e["value"][0] for e in box.bpftool("map", "dump", "pinned", pin)]
    assert values == ["0x00", "0x07"], (values, done.err)
    # The script's own rollback: what comes behind it has nothing to say.
    done = box.script(text.replace("assert false", "rollback").replace("value 7", "value 8"))
    done.expect(3, out="rolled back 1 of 2; 1 conflict", err="left alone")
    assert "nothing changed" not in done.err, done
    box.bpfsh("map", "clear", "pinned", pin).expect(0)
    # Once for an element, whether its changes are one operation or several.
    text = f"map update pinned {pin} key 1 0 0 0 value 3 0 0 0\n{text}"
    for options in [], ["-j"]:
        box.script(text, options=options).expect(3, err="rolled back 2 of 3; 1 conflict")
        box.bpfsh("map", "clear", "pinned", pin).expect(0)
    *_, failed, undone = box.script(text, options=["-j"]).expect(3).json
    assert failed["command"][0] == "assert" and "assertion" in failed["error"]["message"], failed
    assert undone["command"] is None and "left alone" in undone["error"]["message"], undone


def test_source(box):
    pin = box.map_create("m")
    inner = box.file("inner.bsh", f"map update pinned {pin} key 1 0 0 0 value 1 0 0 0\n"
                                  f"map update pinned {pin} key 1 0 0 0 value 1 2 3\n")
    before = box.snapshot()
    box.script(f"map update pinned {pin} key 2 0 0 0 value 1 0 0 0\nsource {inner}\n") \
        .expect(1, err=["inner.bsh:2:", "script.bsh:2"])
    box.unchanged(before)


def test_one_command_is_a_transaction(box):
    """A failed one-shot load that pins leaves neither pin nor program."""
    obj = box.obj("count")
    box.map_create("taken")
    before = box.snapshot()
    box.bpfsh("prog", "load", obj, box.pin("taken")).expect(1, err="taken")
    box.unchanged(before)


run(__name__)
