# SPDX-License-Identifier: BSD-2-Clause
"""bpfsh at a terminal: what keys do."""
import os
import re
import signal

from bpfsh import *



def test_a_command_and_quit(box):
    with start(box) as tty:
        tty.check("echo hello\r", "\nhello\n")
        tty.check("quit\r", "quit")
        assert tty.wait() == 0


def test_end_of_file_leaves(box):
    with start(box) as tty:
        tty.send("\x04")
        assert tty.wait() == 0


def test_tab_on_words(box):
    with start(box) as tty:
        tty.check("ma\t", "map ")
        tty.check("upd\t", "update ")
        tty.check("\x15", "")
        tty.check("map \t\t", re.compile(r"create[^>]*dump[^>]*lookup", re.S))


def test_tab_shows_the_name_beside_an_id(box):
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    ident = box.bpftool("prog", "show", "pinned", box.pin("p"))["id"]
    with start(box, rows=500) as tty:
        text = tty.check("prog show id \t\t", box.prefix + "xdp")
        assert str(ident) in text, text


def test_tab_completes_an_id(box):
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    ident = str(box.bpftool("prog", "show", "pinned", box.pin("p"))["id"])
    with start(box) as tty:
        tty.check(f"prog show id {ident[:-1]}\t\t", ident)


def test_tab_on_names_pins_variables_and_files(box):
    pin = box.map_create("m")
    box.file("filter.o", "x")
    with start(box) as tty:
        tty.check(f"map show name {box.prefix}\t", f"{box.prefix}m")
        tty.check("\x15", "")
        tty.check(f"map dump pinned {box.bpffs}/\t", pin)
        tty.check("\x15", "")
        tty.check(f"$flows = map show pinned {pin}\r", PROMPT)
        tty.check("map dump $fl\t", "$flows")
        tty.check("\x15", "")
        tty.check("prog load filt\t", "filter.o")


def test_help_at_the_cursor(box):
    with start(box) as tty:
        tty.check("map update ?", "MAP")
        tty.check("\x15", "")
        tty.check("map ?", "create")


def test_question_mark_in_quotes_is_text(box):
    with start(box) as tty:
        tty.check("echo 'what?'\r", "\nwhat?\n")


def test_interrupt_of_a_line(box):
    with start(box) as tty:
        tty.check("echo not-run", "not-run")
        tty.check("\x03", PROMPT)
        text = tty.check("echo after\r", "\nafter\n")
        assert "not-run\nnot-run" not in tty.seen.replace("\r", ""), text


def test_interrupt_of_a_dump(box):
    pin = box.map_create("m", entries=300000)
    fill_map(pin, 200000)
    with start(box) as tty:
        tty.check(f"map dump pinned {pin}\r", "key: ")
        tty.send("\x03")
        tty.expect(PROMPT, timeout=PATIENCE)
        tty.check("echo alive\r", "\nalive\n")
        assert "Found 200000" not in tty.seen, "the dump came to its end"
        tty.check(f"map dump pinned {pin}\r", "key: ")
        tty.check("\x03", PROMPT, timeout=PATIENCE)
        tty.check("echo status $?\r", "\nstatus 130\n")


def test_interrupt_of_a_program(box):
    with start(box) as tty:
        tty.check("!echo it ru''ns; read line\r", "it runs")
        tty.check("\x03", PROMPT, timeout=PATIENCE)
        tty.check("echo alive\r", "\nalive\n")


def test_prompt_tells_the_transaction(box):
    pin = box.map_create("m")
    with start(box) as tty:
        tty.check("begin\r", re.compile(r"bpfsh\*> ?$"))
        tty.check(f"map update pinned {pin} key 1 value 1\r", re.compile(r"bpfsh\*> ?$"))
        # A failed command is undone by itself; the transaction goes on, and the prompt says so.
        tty.check(f"map update pinned {pin} key 1 value 1 2 3\r", re.compile(r"bpfsh\*?!> ?$"))
        tty.check(f"map update pinned {pin} key 2 value 2\r", re.compile(r"bpfsh\*> ?$"))
        # So is a block, whose commands have said what they changed.
        tty.check(f"if true {{ map update pinned {pin} key 3 value 3; assert false }}\r",
                  "of this command: rolled back 1 of 1")
        tty.check("echo on\r", re.compile(r"bpfsh\*> ?$"))
        tty.check("commit\r", re.compile(r"bpfsh> ?$"))
        tty.check("quit\r", "quit")
        assert tty.wait() == 0
    keys = sorted(e["key"][0] for e in box.bpftool("map", "dump", "pinned", pin))
    assert keys == ["0x01", "0x02"], keys


def test_leaving_rolls_back(box):
    pin = box.map_create("m")
    with start(box) as tty:
        tty.check("begin\r", PROMPT)
        tty.check(f"map update pinned {pin} key 1 value 1\r", PROMPT)
        tty.check("\x04", "rolled back")
        tty.wait()
    assert not box.elements(pin)


def test_hangup_rolls_back(box):
    pin = box.map_create("m")
    with start(box) as tty:
        tty.check("begin\r", PROMPT)
        tty.check(f"map update pinned {pin} key 1 value 1\r", PROMPT)
        os.kill(tty.pid, signal.SIGHUP)
        tty.wait()
    assert not box.elements(pin)


def test_writing_commands_say_what_changed(box):
    pin = box.map_create("m")
    with start(box) as tty:
        text = tty.check(f"map update pinned {pin} key 1 value 1\r", PROMPT)
        assert "updated" in text or "update" in text.split("\r")[-1], text
        assert len(text.strip().splitlines()) >= 3, text


def test_several_lines(box):
    with start(box) as tty:
        tty.check("echo one \\\r", re.compile(r"> ?$"))
        tty.check("two\r", "\none two\n")
        tty.check("echo 'a\r", re.compile(r"> ?$"))
        tty.check("b'\r", "\na\nb\n")


def test_history(box):
    with start(box) as tty:
        tty.check("echo first\r", "\nfirst\n")
        tty.settle()
        tty.check("\x1b[A\r", "\nfirst\n")
        tty.check("quit\r", "quit")
        tty.wait()
    with start(box) as tty:
        tty.check("\x1b[A\x1b[A\r", "\nfirst\n")
    state = [os.path.join(folder, name) for folder, _, names in os.walk(os.environ["XDG_STATE_HOME"])
             for name in names]
    assert len(state) == 1 and os.stat(state[0]).st_mode & 0o077 == 0, state


def test_paste(box):
    """Pasted lines are text until Enter; a tab in them completes nothing."""
    with start(box) as tty:
        text = tty.check("\x1b[200~echo a\tb\x1b[201~\r", re.compile(r"\na b\n"))
        assert "map" not in text, text


def test_resize(box):
    with start(box) as tty:
        tty.check("echo " + "x" * 60, "xxx")
        tty.resize(24, 40)
        tty.settle()
        tty.check("\r", "\n" + "x" * 60 + "\n")


def test_errors_go_on(box):
    with start(box) as tty:
        tty.check("map nonsense\r", "nonsense")
        tty.check("map show id 4000000000\r", "4000000000")
        tty.check("echo alive\r", "\nalive\n")


def test_dumb_terminal(box):
    with Pty(box, env={"TERM": "dumb"}) as tty:
        tty.expect("bpfsh")
        tty.check("echo hello\r", "hello")
        assert "\x1b[" not in tty.seen, tty.seen
        tty.send("quit\r")
        assert tty.wait() == 0


def test_endless_expression(box):
    """Ctrl-C ends an expression that finds no result, and the same one works again."""
    with start(box) as tty:
        for _ in range(2):
            tty.check("$n = 1000000000000\r", PROMPT)
            tty.send("assert last(range($n)) == 2\r")
            worker, = wait_until(lambda: children(tty.pid))
            wait_until(lambda: process_stat(worker)[1] > 0.2)
            tty.check("\x03", "interrupted", timeout=PATIENCE)
            tty.check("$n = 3\r", PROMPT)
            tty.check("assert last(range($n)) == 2; echo good\r", "\ngood\n")


run(__name__)
