# SPDX-License-Identifier: BSD-2-Clause
"""Conditions, loops, and commands that run others: what they change, and when they end."""
import json
import os
import re
import signal
import subprocess
import time

from bpfsh import *


def values(box, pin):
    return {int.from_bytes(bytes(int(b, 16) for b in e["key"]), sys.byteorder):
            int.from_bytes(bytes(int(b, 16) for b in e["value"]), sys.byteorder)
            for e in box.bpftool("map", "dump", "pinned", pin)}


def running(box, *words):
    return subprocess.Popen([BPFSH, "--no-rc", *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process, done):
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.005)


def test_branches_and_loops_change_maps(box):
    pin = box.map_create("m", "array", entries=8)
    box.script(f"""\
$m = map show pinned {pin}
for $i in range($m.max_entries) {{
	if $i % 2 == 0 {{ map update $m key $i value 1 }} else if $i > 4 {{
		map update $m key $i value 2
	}} else {{
	}}
}}
""").expect(0)
    assert values(box, pin) == {0: 1, 1: 0, 2: 1, 3: 0, 4: 1, 5: 2, 6: 1, 7: 2}


def test_an_endless_loop_is_interrupted_and_rolled_back(box):
    pin = box.map_create("m")
    before = box.snapshot()
    new = box.pin("new")
    process = running(box, "-c", f"map create {new} type hash key 4 value 4 entries 4 name "
                      f"{box.prefix}n; for $x in 1 | repeat(.) {{ if $x {{ map update pinned {pin} "
                      f"key 1 value 2 }} }}")
    wait_for(process, lambda: os.path.exists(new))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "rolled back" in err, (process.returncode, out, err)
    box.unchanged(before)


def test_a_block_outside_of_scripts_is_all_or_nothing(box):
    pin = box.map_create("m", "array", entries=2)
    before = box.snapshot()
    block = f"{{ map update pinned {pin} key $i value 7 }}"
    box.bpfsh("for", "$i", "in", "[0, 1, 2]", block).expect(1, err="rolled back 2 of 2")
    box.unchanged(before)
    box.bpfsh("for", "$i", "in", "[0, 1]", block).expect(0)
    assert values(box, pin) == {0: 7, 1: 7}


def test_a_reader_that_leaves_ends_the_loop(box):
    done = box.bpfsh("-c", "for $x in repeat(1) { echo $x } | head -2; echo on").expect(0)
    assert done.out == "1\n1\non\n", done
    pin = box.map_create("m")
    before = box.snapshot()
    box.bpfsh("-c", f"for $x in repeat(1) {{ echo $x; map update pinned {pin} key 1 value 1 }} "
              "| head -1").expect(1, err="rolled back")
    box.unchanged(before)


def test_json_of_blocks(box):
    done = box.bpfsh("-j", "-c", "for $i in [1, 2] { if $i == 2 { echo two } }; "
                     "for $i in [3] { echo $i } | jq -r .; if error(\"no\") { }")
    assert done.status == 1, done
    found = done.json
    assert [(e["command"][0], e["output"]) for e in found] == [
        ("echo", "two"), ("for", ["3"]), ("if", None)], found
    assert found[2]["error"]["message"] == "no", found


def test_words_of_the_command_line_are_not_read_again(box):
    done = box.bpfsh("time", "echo", "a;b", "$x", "| rm").expect(0)
    assert done.out == "a;b $x | rm\n" and re.search(r"note: \d\.\d+ s", done.err), done
    box.bpfsh("watch", "1", "map", "show", "name", "x; quit").expect(1, err="'x; quit'")


def test_watch_streams_and_ends_when_the_object_vanishes(box):
    pin = box.map_create("m")
    process = running(box, "-o", "jsonl", "watch", "0.05", "map", "show", "pinned", pin)
    lines = [process.stdout.readline() for _ in range(3)]
    assert all(json.loads(line)["name"] == f"{box.prefix}m" for line in lines), lines
    os.unlink(pin)
    out, err = process.communicate(timeout=PATIENCE)
    last = json.loads(out.splitlines()[-1])
    assert process.returncode == 1 and "no pin" in last["error"]["message"], (out, err)


def test_json_of_commands_that_run_others_is_one_document(box):
    pin = box.map_create("m")
    for ending, status in [(lambda process: process.send_signal(signal.SIGINT), 130),
                           (lambda process: os.unlink(pin), 1)]:
        process = running(box, "-j", "watch", "0.05", "time", "map", "show", "pinned", pin)
        lines = [process.stdout.readline() for _ in range(3)]
        ending(process)
        found = json.loads("".join(lines) + process.stdout.read())
        assert process.wait(20) == status and len(found) > 2, (process.returncode, found)
        assert found[0]["command"] == ["map", "show", "pinned", pin], found
        assert found[0]["output"]["name"] == f"{box.prefix}m", found
    assert "no pin" in found[-1]["error"]["message"] and found[-1]["output"] is None, found
    for text, outputs in [("if true { echo hi; echo ho }", ["hi", "ho"]), ("if false { }", [])]:
        found = box.bpfsh("-j", *text.split()).expect(0).json
        assert [member["output"] for member in found] == outputs, found


def test_watch_is_interrupted(box):
    process = running(box, "watch", "3000", "echo", "once")
    assert process.stdout.readline() == "once\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and not out, (process.returncode, out, err)


def test_inner_commands_are_checked_first(box):
    for text in ["time map shw", "watch 1 time map shw", "watch 0 map show", "watch 1",
                 "time if $nothing { }", "set output plain color maybe"]:
        done = box.bpfsh("-c", f"echo not shown; {text}")
        assert done.status == 2 and not done.out, done


def test_expressions_know_their_variables(box):
    box.bpfsh("-c", "$max = 3; assert $mx == 3").expect(2, err="did you mean '$max'?")
    box.bpfsh("-c", "assert [1] | map(. as $y | $y) == [1]").expect(0)
    box.bpfsh("-c", 'assert "$5 \\("$5")" == "$5 " + "$5"').expect(0)
    box.bpfsh("-c", "assert $2 == 1", "a").expect(2, err="no argument '$2'")


def test_a_plan_in_a_transaction_leaves_it_alone(box):
    pin = box.map_create("m", "array", entries=2)
    done = box.bpfsh("-c", f"""\
map update pinned {pin} key 0 value 1
plan {{ map update pinned {pin} key 1 value 2; rollback }}
plan {{ commit; undo }}
""").expect(1, err="rolled back 1 of 1")
    assert "'undo' is for what was committed" in done.err, done
    box.bpfsh("-c", f"""\
map update pinned {pin} key 0 value 1
plan {{ map update pinned {pin} key 1 value 2; rollback }}
plan {{ map update pinned {pin} key 1 value 3; commit }}
""").expect(0)
    assert values(box, pin) == {0: 1, 1: 0}


def test_variables_keep_what_pipes_end_in(box):
    done = box.bpfsh("-c", """\
$n = 5
$one = echo 7 | jq 'tonumber + $n'
$two = echo x | jq '1, 2'
$text = echo "a b" | tr a-z A-Z
echo $one $two "<$text>"
for $i in [3, 1] { echo $i | cat; !echo 2 } | sort -u
""").expect(0)
    assert done.out == "12 [1,2] <A B>\n1\n2\n3\n", done
    for text, why in [("$x = echo a > f", "cannot be kept"), ("$_ = 1", "cannot be set"),
                      ("echo a | jq '$nn'", "no variable '$nn'")]:
        box.bpfsh("-c", text).expect(2, err=why)


run(__name__)
