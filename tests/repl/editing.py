# SPDX-License-Identifier: BSD-2-Clause
"""The prompt: editing, completion and history in detail."""
import os
import re
import signal
import stat
import termios

from bpfsh import *

KILL_LINE = "\x15"
UP, DOWN = "\x1b[A", "\x1b[B"


def with_rc(box):
    return terminal_of(box, BPFSH)


def line_of(tty, keys):
    """What the line holds after these keys: it is echoed by the shell and dropped."""
    tty.send(keys)
    tty.settle()
    tty.send("\x01echo '<\x05>'\r")
    found = re.search(r"\n<(.*)>\n", tty.expect(re.compile(r"\n<.*>\n")), re.S)
    tty.settle()
    return found.group(1)


# Completion

def test_common_beginning_then_list(box):
    box.map_create("one")
    box.map_create("other")
    with start(box) as tty:
        tty.check(f"map show name {box.prefix[:-1]}\t", f"{box.prefix}o")
        tty.settle()
        text = tty.check("\t", f"{box.prefix}other")
        assert f"{box.prefix}one" in text, text


def test_list_fits_the_window(box):
    for i in range(40):
        box.file(f"file-{i:02}-{'x' * 30}", "")
    with start(box, rows=10, columns=72) as tty:
        tty.send("prog load file-\t\t")
        text = tty.settle()
        lines = [line for line in text.splitlines() if line.startswith("file-")]
        assert 4 <= len(lines) <= 8, text
        assert all(len(line) < 72 for line in lines), text
        assert re.search(r"\.\.\. \d+ more\n", text), text


def test_names_are_quoted_when_typed(box):
    os.mkdir("my dir")
    box.file("my dir/a b.o", "x")
    box.file("it's;x", "x")
    with start(box) as tty:
        tty.check("source my\t", "'my dir/")
        tty.check("\t", "a b.o' ")
        tty.check(KILL_LINE + "source \"my\ta\t", 'b.o" ')
        tty.check(KILL_LINE + "source it\t", "'it'\\''s;x' ")


def test_hostile_names_are_escaped(box):
    box.file("evil\x1b]0;title\x07a", "")
    box.file("evil\x1b]0;title\x07b", "")
    with start(box) as tty:
        tty.send("source evil\t\t\t")
        tty.settle()
        assert "\x1b]0;" not in tty.seen, tty.seen
        assert "\\x1b]0;title" in tty.seen, tty.seen


def test_statements_of_one_line(box):
    with start(box) as tty:
        tty.check("echo a; ma\t", "map ")
        tty.check("sh\t", "show ")


def test_behind_assignment_pipe_and_redirection(box):
    box.file("target.txt", "")
    with start(box) as tty:
        tty.check("$x = ma\t", "map ")
        tty.check("show | j\t\t", "filter the command's JSON")
        tty.check(KILL_LINE + "map show > targ\t", "target.txt ")
        tty.check(KILL_LINE + "!cat targ\t", "target.txt ")


def test_variables_and_their_fields(box):
    pin = box.map_create("m")
    with start(box) as tty:
        tty.check(f"$flows = map show pinned {pin}\r", PROMPT)
        tty.check("echo \"${fl\t", "${flows}")
        tty.check(KILL_LINE + "echo $fl\t\t", "$flows")
        tty.check(KILL_LINE + "assert $flows.max_e\t", "$flows.max_entries")


def test_id_shows_its_name_when_completed(box):
    ident = str(box.bpftool("map", "show", "pinned", box.map_create("m"))["id"])
    with start(box) as tty:
        tty.check(f"map show id {ident}\t", f"{box.prefix}m")


def test_nothing_fits_is_a_beep(box):
    with start(box) as tty:
        tty.send("map show name no-such-map\t")
        tty.settle()
        assert "\a" in tty.seen


def test_completion_in_the_middle(box):
    with start(box) as tty:
        assert line_of(tty, "maX show\x01\x1b[C\x1b[C\t") == "map X show"


def test_completion_on_a_further_line(box):
    with start(box) as tty:
        tty.check("map \\\r", "...> ")
        tty.check("sho\t", "show ")
        tty.check("\r", PROMPT)


def test_long_line_with_a_list(box):
    """The line is whole again below a list, also where it takes several rows."""
    with start(box, columns=40) as tty:
        tty.send("echo " + "a" * 60 + "; map \t\t")
        text = tty.settle().replace(" ", "").replace("\b", "")
        assert text.endswith("bpfsh>echo" + "a" * 60 + ";map"), text


# Help

def test_question_mark_in_a_word_is_text(box):
    with start(box) as tty:
        assert line_of(tty, "a?b") == "a?b"
        tty.check("map show | jq ?", "jq ?")
        tty.check(KILL_LINE, "")
        tty.check("echo $?\r", "\n0\n")


def test_help_keeps_the_line(box):
    with start(box) as tty:
        text = tty.check("map update ?", re.compile(r"MAP.*bpfsh> map update $", re.S))
        assert "map update MAP key KEY value VALUE" in text, text


# Signals and the terminal

def test_interrupt_drops_further_lines(box):
    with start(box) as tty:
        tty.check("echo 'one\r", "...> ")
        tty.check("two", "two")
        tty.check("\x03", PROMPT)
        tty.check("echo after\r", "\nafter\n")


def test_end_key_gives_up_an_unfinished_statement(box):
    with start(box) as tty:
        tty.check("echo 'one\r", "...> ")
        tty.check("\x04", PROMPT)
        tty.check("echo after\r", "\nafter\n")


def terminal(tty):
    return [termios.tcgetattr(tty.fd)[i] for i in (0, 1, 2, 3)]


def new_terminal():
    ends = pty.openpty()
    attributes = [termios.tcgetattr(ends[0])[i] for i in (0, 1, 2, 3)]
    for end in ends:
        os.close(end)
    return attributes


def test_terminal_is_restored(box):
    before = new_terminal()
    for end in ("quit\r", "\x04", signal.SIGTERM, signal.SIGHUP):
        with Pty(box) as tty:
            tty.expect(PROMPT)
            assert terminal(tty) != before
            if isinstance(end, str):
                tty.send(end)
                want = 0
            else:
                os.kill(tty.pid, end)
                want = 128 + end
            # Looked at while the terminal is still there.
            wait_until(lambda: terminal(tty) == before)
            status = tty.wait()
            assert status == want, (end, status)
            assert tty.seen.rfind("\x1b[?2004l") > tty.seen.rfind("\x1b[?2004h")


def test_suspend_and_come_back(box):
    script = f"{BPFSH} --no-rc; echo stopped; sleep 0.5; fg; echo done"
    with terminal_of(box, "sh", "-mc", script) as tty:
        before = terminal(tty)
        tty.expect(PROMPT)
        tty.check("echo ke", "echo ke")
        tty.check("\x1a", "stopped")
        assert terminal(tty) == before
        tty.expect("echo ke")
        tty.check("pt\r", "\nkept\n")
        tty.check("quit\r", "done")


def test_suspend_without_a_shell(box):
    """Nobody could continue it: it goes on."""
    with start(box) as tty:
        tty.check("echo ke\x1a", "echo ke")
        tty.settle()
        tty.check("pt\r", "\nkept\n")


def test_unfinished_output_keeps_the_prompt_whole(box):
    with start(box, columns=80) as tty:
        for text in ("abc", "x" * 79, "y" * 80):
            tty.send(f"!printf {text}\r")
            tty.settle()
            # The blanks that lead to the next line.
            assert re.search(text + r" {80}\r\x1b\[K", tty.seen), tty.seen[-400:]


# Paste

def test_pasted_lines_wait_for_enter(box):
    with start(box) as tty:
        tty.send("\x1b[200~echo one\recho two\r\x1b[201~")
        text = tty.settle()
        assert "\none\n" not in text, text
        tty.check("\r", "\none\ntwo\n")


def test_pasted_control_characters_do_nothing(box):
    with start(box) as tty:
        tty.send("\x1b[200~echo a\x03b\x1b[1mc?\x04\x1b[201~\r")
        tty.expect("\nab[1mc?\n")


def test_pasted_megabyte(box):
    with start(box) as tty:
        text = "x" * 4000
        tty.send("\x1b[200~echo ")
        for _ in range(25):
            tty.send(text)
            tty.settle(0.01)
        tty.send("\x1b[201~")
        tty.settle()
        tty.send("| wc -c\r")
        tty.expect("\n100001\n", timeout=PATIENCE)


# History

def test_up_searches_by_beginning(box):
    with start(box) as tty:
        for word in ("one", "two", "three"):
            tty.check(f"echo {word}\r", f"\n{word}\n")
        tty.check("vars\r", PROMPT)
        tty.settle()
        tty.send("\x12wo")
        tty.settle()
        tty.check("\r", "\ntwo\n")
        assert line_of(tty, "echo t" + UP + UP) == "echo three"
        tty.send("echo t" + UP + UP + DOWN + DOWN)
        assert line_of(tty, "") == "echo t"


def history_file():
    return os.path.join(os.environ["XDG_STATE_HOME"], "bpfsh", "history")


def test_history_file(box):
    with start(box) as tty:
        tty.check("echo one\r", PROMPT)
        tty.check(" echo secret\r", PROMPT)
        tty.check("echo 'a\r", "...> ")
        tty.check("b\\c'\r", PROMPT)
        tty.check("echo one\r", PROMPT)
        tty.check("echo one\r", PROMPT)
        tty.check("quit\r", "quit")
        assert tty.wait() == 0
    with open(history_file()) as f:
        lines = f.read().splitlines()
    assert lines == ["echo one", "echo 'a\\nb\\\\c'", "echo one", "quit"], lines
    assert stat.S_IMODE(os.stat(history_file()).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(history_file())).st_mode) == 0o700
    with start(box) as tty:
        # One entry, of two lines.
        tty.send(UP * 3)
        tty.settle()
        tty.check("\r", "\na\nb\\c\n")


def test_history_follows_no_link(box):
    os.makedirs(os.path.dirname(history_file()), 0o700)
    victim = box.file("victim", "safe\n")
    for link in os.symlink, os.link:
        link(victim, history_file())
        with start(box) as tty:
            tty.check("echo one\r", "\none\n")
            tty.check(UP + UP, "")
            tty.send(KILL_LINE + "quit\r")
            assert tty.wait() == 0
        with open(victim) as f:
            assert f.read() == "safe\n", link
        os.unlink(history_file())


def test_history_of_many_entries(box):
    os.makedirs(os.path.dirname(history_file()), 0o700)
    with open(history_file(), "w") as f:
        f.writelines(f"echo {i}\n" for i in range(20000))
    with start(box) as tty:
        tty.check(UP + "\r", "\n19999\n")
        tty.check("echo 10000" + UP + "\r", "\n10000\n")
        tty.send(KILL_LINE + "quit\r")
        assert tty.wait() == 0


# Set-up files

def write_rc(text, mode=0o600):
    path = os.path.join(os.environ["XDG_CONFIG_HOME"], "bpfsh", "rc")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def test_rc_file(box):
    write_rc("echo from rc\n$x = 7\n")
    with with_rc(box) as tty:
        tty.expect("\nfrom rc\n")
        tty.check("echo $x\r", "\n7\n")
    with start(box) as tty:
        assert "from rc" not in tty.seen


def test_rc_file_of_others_is_refused(box):
    write_rc("echo from rc\n", 0o666)
    with with_rc(box) as tty:
        tty.expect("is not run: others can write it")
        tty.check("echo alive\r", "\nalive\n")
        assert "\nfrom rc" not in tty.seen.replace("\r", "")


def test_rc_file_is_refused_where_others_can_replace_it(box):
    write_rc("echo from rc\n")
    folder = os.path.join(os.environ["XDG_CONFIG_HOME"], "bpfsh")
    rc, theirs = os.path.join(folder, "rc"), os.path.join(box.dir, "theirs")
    os.mkdir(theirs)
    os.chown(theirs, NOBODY, NOBODY)
    ours = box.file("ours", "echo from rc\n")
    in_theirs = box.file("theirs/rc", "echo from rc\n")

    def link(target):
        os.unlink(rc)
        os.symlink(target, rc)

    def refused(change, why):
        change()
        with with_rc(box) as tty:
            tty.expect(why)
            tty.check("echo alive\r", "\nalive\n")
            assert "\nfrom rc" not in tty.seen.replace("\r", "")

    refused(lambda: os.chmod(folder, 0o775), f"others can write the folder '{folder}'")
    os.chmod(folder, 0o755)
    refused(lambda: os.chown(rc, NOBODY, NOBODY), "others can write it")
    refused(lambda: link(in_theirs), f"others can write the folder '{theirs}'")
    # A link there to a file of one's own is theirs, too, and so is a folder behind another.
    hop, way = box.file("theirs/hop", ""), os.path.join(box.dir, "way")
    for target in ours, "../ours":
        os.unlink(hop)
        os.symlink(target, hop)
        refused(lambda: link(hop), f"others can write the folder '{theirs}'")
    os.symlink(theirs, way)
    refused(lambda: link(f"{way}/../theirs/hop"), "others can write the folder")
    os.unlink(rc)
    os.symlink("rc", rc)
    refused(lambda: None, "cannot read")
    link(ours)
    with with_rc(box) as tty:
        tty.expect("\nfrom rc\n")


def test_editrc_of_others_is_refused(box):
    path = box.file("editrc", "bpfsh:bind -s q 'echo bound'\n")
    for mode, shown in (0o644, "echo bound"), (0o666, "others can write it"):
        os.chmod(path, mode)
        with Pty(box, env={"EDITRC": path}) as tty:
            tty.check("q", shown)


def test_errors_in_the_rc_file_have_a_place(box):
    write_rc("echo fine\nmap nonsense\n")
    with with_rc(box) as tty:
        tty.expect(re.compile(r"rc:2:\d+.*nonsense", re.S))
        tty.check("echo alive\r", "\nalive\n")


def test_editrc(box):
    path = box.file("editrc", "bpfsh:bind -v\nother:bind -e\n")
    with start(box, env={"EDITRC": path}) as tty:
        # vi: escape, to the line's start, delete a word.
        tty.check("bad echo hello", "hello")
        tty.send("\x1b0dw")
        tty.settle()
        tty.check("\r", "\nhello\n")
        tty.check("ma\t", "map ")
        tty.send("\x1bdd")
        tty.settle()
        tty.check("iecho \x1b[200~p;q\x1b[201~'\x1b0wi'\r", "\np;q\n")


# Terminals and users

def test_no_colour_where_it_is_not_wanted(box):
    with start(box, env={"NO_COLOR": "1"}) as tty:
        tty.check("map \t\t", "create")
        assert not re.search(r"\x1b\[[0-9;]+m", tty.seen), tty.seen


def test_wide_characters(box):
    with start(box) as tty:
        assert line_of(tty, "äö☃\x02\x02\x7f") == "ö☃"


def test_unprivileged_hint(box):
    with terminal_of(box, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                     "--inh-caps=-all", "--bounding-set=-all", BPFSH, "--no-rc") as tty:
        text = tty.expect(PROMPT)
        assert text.count("run bpfsh as root") == 1, text
        tty.send("map show id \t" + KILL_LINE + "quit\r")
        assert tty.wait() == 0


def test_output_elsewhere(box):
    """With the output in a file, the prompt is still at the terminal."""
    with terminal_of(box, BPFSH, "--no-rc", out="out") as tty:
        tty.expect(PROMPT)
        tty.check("echo into the file\r", PROMPT)
        tty.send("quit\r")
        assert tty.wait() == 0
    with open("out") as f:
        assert f.read() == "into the file\n"


run(__name__)
