# SPDX-License-Identifier: BSD-2-Clause
"""commit confirm, undo and txn show, in scripts and at the prompt."""
from bpfsh import *
from state import *


def made(box):
    fd = create("hash", 4, 4, 8, f"{box.prefix}m")
    pin(fd, box.pin("m"))
    os.close(fd)
    return box.pin("m")


def elements(path):
    return {key[0]: value[0] for key, value in describe(path)[2].items()}


def start(box, text):
    """A script in the background, once it waits for its confirmation."""
    process = subprocess.Popen([BPFSH, "--no-rc", "-f", box.file("wait.bsh", text)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_until(lambda: journals() and
               b"tiaw" in open(f"/run/bpfsh/{journals()[0]}", "rb").read(128))
    return process


def test_confirmed_by_another(box):
    path = made(box)
    process = start(box, f"map update pinned {path} key 1 0 0 0 value 1 0 0 0\n"
                         f"commit confirm 60\n"
                         f"map update pinned {path} key 2 0 0 0 value 2 0 0 0\n")
    box.bpfsh("confirm").expect(0)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, (out, err)
    assert elements(path) == {1: 1, 2: 2}
    box.bpfsh("confirm").expect(1, err="no transaction waits")


def test_not_confirmed(box):
    path = made(box)
    done = box.script(f"map update pinned {path} key 1 0 0 0 value 1 0 0 0\ncommit confirm 1\n")
    done.expect(1, err=["not confirmed in time", "rolled back 1 of 1"])
    assert elements(path) == {} and not journals()


def test_nothing_in_the_journal(box):
    """What ends with its process needs no record, but is guarded all the same."""
    box.script(f"$m = map create type array key 4 value 4 entries 2 name {box.prefix}n\n"
               "commit confirm 1\n").expect(1, err="not confirmed in time")
    assert not journals()


def test_hangup_while_confirming(box):
    """The guard survives a lost terminal, and rolls back in time; SIGTERM means: now."""
    path = made(box)
    text = f"map update pinned {path} key 1 0 0 0 value 1 0 0 0\ncommit confirm %d\n"
    begun = time.monotonic()
    process = start(box, text % 2)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: has_taken(process.pid, signal.SIGHUP))
    assert process.poll() is None and elements(path) == {1: 1}
    process.communicate(timeout=PATIENCE)
    assert time.monotonic() - begun >= 2 and elements(path) == {} and not journals()
    process = start(box, text % 60)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 143, process.returncode
    assert elements(path) == {} and not journals()


def test_killed_while_confirming(box):
    path = made(box)
    text = f"map update pinned {path} key 1 0 0 0 value 1 0 0 0\ncommit confirm 60\n"
    process = start(box, text)
    process.kill()
    process.communicate()
    box.bpfsh("recover").expect(0)
    assert elements(path) == {}


def begin(box, path, seconds):
    shell = Pty(box)
    shell.expect("> ")
    shell.check("begin\r", "*> ")
    shell.check(f"map update pinned {path} key 1 0 0 0 value 1 0 0 0\r", "*> ")
    shell.check(f"commit confirm {seconds}\r", f"[{seconds} s] bpfsh*> ")
    return shell


def test_prompt_counts_down(box):
    path = made(box)
    with begin(box, path, 2) as shell:
        shell.expect("[1 s] ")
        shell.expect("not confirmed in time: rolled back 1 of 1")
        shell.check("vars\r", "bpfsh> ")
        assert elements(path) == {}
        shell.send("quit\r")
        shell.wait()


def test_prompt_confirmed(box):
    path = made(box)
    with begin(box, path, 30) as shell:
        shell.send("confirm\r")
        shell.expect("bpfsh> ")
        assert elements(path) == {1: 1} and not journals()
    box.bpfsh("map", "delete", "pinned", path, "key", 1, 0, 0, 0)
    with begin(box, path, 30) as shell:
        box.bpfsh("confirm").expect(0)
        shell.expect("confirmed")
        assert elements(path) == {1: 1} and not journals()
        shell.send("quit\r")
        shell.wait()


def test_terminal_lost(box):
    path = made(box)
    begun = time.monotonic()
    with begin(box, path, 2) as shell:
        os.kill(shell.pid, signal.SIGHUP)
        wait_until(lambda: has_taken(shell.pid, signal.SIGHUP))
        assert elements(path) == {1: 1}
        shell.wait()
        assert time.monotonic() - begun >= 2 and elements(path) == {} and not journals()


def test_undo(box):
    """The last committed change is taken back, as long as nothing contradicts it."""
    path = made(box)
    update = f"map update pinned {path} key 1 0 0 0 value"
    with Pty(box) as shell:
        def run(command, want):
            shell.settle()
            shell.check(command + "\r", want)

        run(f"{update} 1 0 0 0", "~ map update")
        run(f"{update} 2 0 0 0", "~ map update")
        run("undo", "rolled back 1 of 1")
        assert elements(path) == {1: 1}
        run("undo", "nothing to undo")
        run(f"{update} 3 0 0 0", "~ map update")
        box.bpftool(*f"{update} 9 0 0 0".split())
        run("undo", "is 09 00 00 00, expected 03 00 00 00: left alone")
        assert elements(path) == {1: 9}
        run(f"map unpin {path}", "- unpin")
        run("undo", "rolled back 1 of 1")
        assert elements(path) == {1: 9} and not journals()
        shell.send("quit\r")
        shell.wait()


def test_failed_file_in_a_transaction(box):
    """It is undone as a whole, as a failed command is, and the transaction goes on."""
    path = made(box)
    update = f"map update pinned {path} key"
    inner = box.file("inner.bsh", f"{update} 2 0 0 0 value 2 0 0 0\nassert false\n")
    outer = box.file("outer.bsh", f"{update} 3 0 0 0 value 3 0 0 0\nsource {inner}\n")
    block = f"if true {{ {update} 4 0 0 0 value 4 0 0 0; assert false }}"
    with Pty(box, columns=200) as shell:
        for line in ("begin", f"{update} 1 0 0 0 value 1 0 0 0", f"source {outer}", block):
            shell.settle()
            shell.send(line + "\r")
        shell.expect("bpfsh!> ")
        assert elements(path) == {1: 1}
        for line in (f"{update} 5 0 0 0 value 5 0 0 0", "commit", "quit"):
            shell.settle()
            shell.send(line + "\r")
        shell.wait()
    assert elements(path) == {1: 1, 5: 5} and not journals()


def test_txn_show(box):
    path = made(box)
    done = box.script(f"map update pinned {path} key 1 0 0 0 value 1 0 0 0\n"
                      f"map unpin {path}\ntxn show\nrollback\ntxn show\n").expect(0)
    assert "map update" in done.out and "unpin" in done.out and "undo: full" in done.out, done


def test_plan_of_a_load(box):
    """The pins that a load makes, each with its undo: its own, and those that the object's maps ask for."""
    obj = os.path.join(BUILD, "tests/progs/load_pinned.bpf.o")
    shared = "+ pin map 'load_shared' as /sys/fs/bpf/load_shared  [undo: full]"
    load, at = f"+ prog load {obj}  [undo: full]", box.pin("all")
    done = box.bpfsh("--plan", "prog", "load", obj, at).expect(0)
    assert done.out.splitlines() == [load, shared, f"+ pin program 'load_tail' as {at}  [undo: full]"], done
    done = box.bpfsh("--plan", "prog", "loadall", obj, at).expect(0)
    assert done.out.splitlines() == [load, shared, f"+ folder {at}  [undo: full]"] + [
        f"+ pin program '{name}' as {at}/{name}  [undo: full]" for name in ("load_tail", "load_entry")], done
    sized = os.path.join(BUILD, "tests/progs/load_sized.bpf.o")
    done = box.script("$m = map create type stack_trace key 4 value 1016 entries 64 name m\n"
                      f"prog load {sized} {at} map name sized_stacks_of_a_long_name $m\n", options=["--plan"])
    done.expect(0, out=f"+ pin program 'load_sized' as {at}  [undo: full]")
    box.bpfsh("--plan", "prog", "load", os.path.join(BUILD, "tests/progs/load_untyped.bpf.o")).expect(
        1, err="does not tell the program's type")
    assert not box.pins() and not box.folders(), (box.pins(), box.folders())


def test_plan(box):
    path = made(box)
    before = state(box.bpffs)
    done = box.script(f"""\
plan {{ map update pinned {path} key 1 0 0 0 value 1 0 0 0; map unpin {path} }}
plan {{
  # a brace }} in a comment, one in quotes: '}}'
  $n = map create type hash key 4 value 4 entries 8 name {box.prefix}n
  map update $n key 1 0 0 0 value 1 0 0 0
}}
""").expect(0, out=["~ map update", "- unpin", "+ map create", "undo: full"])
    assert not difference(before, state(box.bpffs)), done
    box.script("plan {\n  map updat pinned /x key 1\n  map unpin $q\n}\nmap shw\n").expect(
        2, err=["script.bsh:2:7", "script.bsh:3:13", "script.bsh:5:5"])
    box.bpfsh("plan", f"{{ map unpin {path} }}").expect(0, out="- unpin")
    assert not difference(before, state(box.bpffs))
    box.script("plan { map show\n").expect(2, err="the text ends inside")


def test_batch(box):
    """bpftool's batch files: its quotes, comments, continued lines and prefixes; all or nothing."""
    path = made(box)
    text = f"""\
# a comment
m upd pinned {path} key 1 0 0 0 value 5 0 0 0   # behind a command

map update pinned "{path}" key hex 02 00 \\
  00 00 value hex 07 00 00 00
"""
    box.bpfsh("batch", "file", box.file("b", text)).expect(0)
    assert elements(path) == {1: 5, 2: 7}
    box.bpfsh("batch", "file", "-", input=text + f"m del pinned {path} key 1 0 0 0\n"
              f"m del pinned {path} key 9 0 0 0\n").expect(1, err="standard input:")
    assert elements(path) == {1: 5, 2: 7}
    done = box.bpfsh("-j", "batch", "file", box.file("b", f"map dump pinned {path}\n")).expect(0)
    assert [len(entry["output"]) for entry in done.json] == [2], done
    lines = "".join(f"map update pinned {path} key {' '.join(e['key'])} value 1 0 0 0\n"
                    for e in box.bpftool("map", "dump", "pinned", path))
    box.bpfsh("batch", "file", box.file("c", lines)).expect(0)
    assert elements(path) == {1: 1, 2: 1}


run(__name__)
