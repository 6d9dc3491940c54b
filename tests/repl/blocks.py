# SPDX-License-Identifier: BSD-2-Clause
"""The prompt: blocks over several lines, watch, history and options."""
import os
import re
import time

from bpfsh import *

MORE = re.compile(r"\.\.\.> ?$")


def test_blocks_go_on_until_their_brace(box):
    with start(box) as tty:
        tty.check("for $i in [1, 2] {\r", MORE)
        tty.check("if $i == 2 {\r", MORE)
        tty.check("echo \"it is }$i\"\r", MORE)
        tty.check("}\r", MORE)
        text = tty.check("}\r", PROMPT)
        assert "it is }2\n" in text and "}1" not in text, text
        tty.check("if true { echo |\r", MORE)
        text = tty.check("}\r", PROMPT)
        assert "no command after '|'" in text, text


def test_completion_and_help_in_blocks(box):
    box.map_create("m")
    with start(box) as tty:
        tty.check(f"if true {{ map show name {box.prefix}\t", f"{box.prefix}m ")
        tty.check("}; for $i in [1] { map up\t", "map update ")
        text = tty.check("?", "map update MAP key")
        assert "whether the key must exist" in text, text
        tty.check("\x15watch 1 time prog sh\t", "prog show ")
        tty.check("?", "prog show [PROG]")
        tty.check("\x15set viewer te\t", "text ")
        tty.check("\x15for $item in [1] { $other = 2; echo $it\t", "$item ")
        tty.check("$ot\t", "$other ")
        tty.check("\x15ass 1 == 1; fo $i in [7] { ec\t", "ho ")
        tty.check("at $i }\r", "\nat 7\n")


def test_ctrl_c_ends_an_endless_loop(box):
    pin = box.map_create("m")
    before = box.snapshot()
    with start(box) as tty:
        tty.send(f"for $x in repeat(1) {{ map update pinned {pin} key 1 value 2 }}\r")
        wait_until(lambda: has_elements(pin))
        text = tty.check("\x03", PROMPT, timeout=PATIENCE)
        assert re.search(r"rolled back (\d+) of \1;", text), text[-300:]
        box.unchanged(before)


def test_ctrl_c_ends_a_step_of_jq(box):
    """One that jq itself would not leave for long; the session and its variables stay."""
    with start(box) as tty:
        tty.check("$x = 7; begin\r", PROMPT)
        for expr in '("x" * 1e9 | length)', '(("x" * 1e6) | [match("."; "g")] | length)':
            tty.send(f"assert {expr}\r")
            time.sleep(0.3)
            assert "interrupted" in tty.check("\x03", PROMPT, timeout=PATIENCE)
            tty.check("echo still $x\r", "still 7\n")


def test_watch_marks_changes_and_ends_with_ctrl_c(box):
    pin = box.map_create("m", "array", entries=1)
    with start(box, columns=60) as tty:
        tty.send(f"watch 0.05 map dump pinned {pin}\r")
        tty.expect("value: 00 00 00 00")
        box.bpftool("map", "update", "pinned", pin, "key", "0", "0", "0", "0", "value",
                    "7", "0", "0", "0")
        deadline = time.monotonic() + PATIENCE
        while "value: 0\x1b[7m7\x1b[27m 00" not in tty.pending:
            assert time.monotonic() < deadline, tty.pending[-500:]
            tty.read(0.05)
        tty.resize(4, 30)
        tty.check("\x03", PROMPT)
        assert "\x1b[?1049l" in tty.seen, tty.seen[-300:]
        tty.check("echo $?\r", "\n0\n")
        tty.send(f"watch 0.05 map show pinned {pin}\r")
        tty.expect("array")
        os.unlink(pin)
        text = tty.expect(PROMPT)
        assert f"no pin '{pin}'" in text, text[-300:]


def test_history_and_options(box):
    with start(box) as tty:
        tty.check("echo one\r", PROMPT)
        tty.check("for $i in [7] {\r", MORE)
        tty.check("}\r", PROMPT)
        text = tty.check("history 2\r", PROMPT)
        assert re.search(r"\n\d+  for \$i in \[7\] \{\n\}\n\d+  history 2\n", text), text
        tty.check("set output json pretty on\r", PROMPT)
        text = tty.check("set\r", PROMPT)
        assert re.search(r'"option": "output",\n +"value": "json"', text), text


run(__name__)
