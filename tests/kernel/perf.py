# SPDX-License-Identifier: BSD-2-Clause
"""perf show: programs that trace, by descriptors and by links."""
import resource
import threading

from attach import *
from bpfsh import *
from feature import needs
from state import pin

CONTEXT_SWITCHES = 3
SHELL = os.path.realpath("/bin/sh")


def mine(rows):
    return [row for row in rows if row.get("pid") == os.getpid()]


def lines(done):
    return [line for line in done.out.splitlines() if line.startswith(f"pid {os.getpid()} ")]


def attached(box):
    """What bpftool shows too: without a link, and by a link that perf events or tracepoints have."""
    set_bpf(uprobe(SHELL, 0x2000), load("kprobe", box.prefix + "u"))
    set_bpf(tracepoint(box, "sched/sched_switch"), load("tracepoint", box.prefix + "t"))
    return raw_tracepoint(load("raw_tracepoint", box.prefix + "r"), "sched_process_exit")


def test_show(box):
    """The same rows as bpftool's, in plain and JSON; JSON has the link beside a raw tracepoint."""
    raw = attached(box)
    theirs = mine(box.bpftool("perf", "show"))
    assert [row["fd_type"] for row in theirs] == ["uprobe", "tracepoint", "raw_tracepoint"], theirs
    ours = mine(box.bpfsh("-j", "perf", "show").expect(0).json)
    assert ours[2].pop("link_id") == ident(raw) and ours == theirs, (ours, theirs)
    assert [list(row) for row in ours] == [list(row) for row in theirs], ours
    plain = lines(box.bpfsh("perf").expect(0))
    assert len(plain) == 3 and plain == lines(box.run(BPFTOOL, "perf", "show")), plain
    assert mine(box.bpfsh("-o", "jsonl", "perf", "list").expect(0).jsonl)[:2] == ours[:2]
    box.bpfsh("-o", "table", "perf", "show").expect(0, out=["fd_type", "sched_process_exit"])
    box.script(f"$v = perf show\nassert any($v[]; .pid == {os.getpid()} and .filename == "
               f"\"{SHELL}\" and .offset == 8192)\n").expect(0)


def test_links(box):
    """Links that no question about a descriptor finds: held by a process, or only pinned."""
    needs("perf_link", "uprobe_multi")
    event = perf_event(PERF_TYPE_SOFTWARE, CONTEXT_SWITCHES)
    single = link(load("perf_event", box.prefix + "e"), event, BPF_PERF_EVENT)
    multi = uprobe_multi(load("kprobe", box.prefix + "m", 0, BPF_TRACE_UPROBE_MULTI), SHELL,
                         0x2000, 0x2010)
    assert not mine(box.bpftool("perf", "show"))
    ids = [ident(fd) for fd in (single, multi)]
    held = [row for row in box.bpfsh("-j", "perf", "show").expect(0).json
            if row.get("link_id") in ids]
    assert held == mine(held), held
    assert [(row["fd"], row["link_id"]) for row in held] == [(fd, ident(fd)) for fd in
                                                            (single, multi)], held
    event, several = held
    assert (event["fd_type"], event["event_type"], event["event_config"]) == \
        ("event", PERF_TYPE_SOFTWARE, CONTEXT_SWITCHES), event
    assert (several["fd_type"], several["filename"], several["func_cnt"]) == \
        ("uprobe_multi", SHELL, 2), several
    for fd, name in (single, "single"), (multi, "multi"):
        pin(fd, box.pin(name))
        os.close(fd)
    alone = [row for row in box.bpfsh("-j", "perf", "show").expect(0).json
             if row.get("link_id") in ids]
    for row in held:
        del row["pid"], row["fd"]
    assert alone == held, alone
    box.bpfsh("perf", "show").expect(0, out=[
        f"link {ids[0]}: prog_id {held[0]['prog_id']}  event  event_type 1  event_config 3\n",
        f"link {ids[1]}: prog_id {held[1]['prog_id']}  uprobe_multi  filename {SHELL}"
        "  func_cnt 2\n"])


def test_processes_end_meanwhile(box):
    raw, stop = attached(box), threading.Event()

    def start_and_end():
        while not stop.is_set():
            for child in [subprocess.Popen(["sleep", "0.002"]) for _ in range(4)]:
                child.wait()

    thread = threading.Thread(target=start_and_end)
    thread.start()
    try:
        for _ in range(15):
            rows = mine(box.bpfsh("-j", "perf", "show").expect(0).json)
            assert len(rows) == 3 and rows[2]["fd"] == raw, rows
    finally:
        stop.set()
        thread.join()


def test_hostile_name(box):
    """A file's name reaches the terminal escaped, and JSON whole."""
    path = box.file("a\x1b[31m b", b"\0" * 8192)
    set_bpf(uprobe(path, 0x10), load("kprobe", box.prefix + "h"))
    assert mine(box.bpfsh("-j", "perf", "show").expect(0).json)[0]["filename"] == path
    with Pty(box, "perf", "show", columns=200) as tty:
        assert tty.wait() == 0
        assert "a\\x1b[31m b  offset 16" in tty.seen, tty.seen


def test_refused(box):
    hint = "CAP_SYS_ADMIN"
    box.unprivileged("perf", "show").expect(1, err=["cannot list what programs trace", hint])
    assert hint in box.unprivileged("-j", "perf", "show").expect(1).json["error"]["message"]


def test_closed_pipe(box):
    raw = raw_tracepoint(load("raw_tracepoint", box.prefix + "r"), "sched_process_exit")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    for _ in range(3000):
        os.dup(raw)
    for options in [], ["-j"], ["-o", "table"]:
        assert box.unread(*options, "perf", "show").status == 141


run(__name__)
