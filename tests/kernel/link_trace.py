# SPDX-License-Identifier: BSD-2-Clause
"""link create for tracing: each hook that the kernel has is attached, seen to run, listed, and gone again."""
import ctypes

from attach import *
from bpfsh import *
from hooks import asking
from loader import Program
from state import journals, pin

ENABLE_STATS = 32
LIBC = next((m.split()[-1] for m in open("/proc/self/maps") if "libc.so" in m or "/libc-" in m), None)


@contextlib.contextmanager
def counting():
    fd = bpf(ENABLE_STATS, struct.pack("=I", 0))
    try:
        yield
    finally:
        os.close(fd)


def run_count(box, path):
    return box.bpfsh("-j", "prog", "show", "pinned", path).expect(0).json.get("run_cnt", 0)


def check(box, path, hook, do, link_type):
    """The program runs while the link is there: no longer, and not before."""
    with counting():
        do()
        assert not run_count(box, path), hook
        box.script(f"link create pinned {path} {hook} pin {box.pin('l')}\n").expect(0)
        do()
        seen = run_count(box, path)
        assert seen, f"{hook}: it did not run"
        shown = box.bpfsh("-j", "link", "show", "pinned", box.pin("l")).expect(0).json
        assert shown["type"] == link_type, shown
        listed = [row for row in box.bpfsh("-j", "perf", "show").expect(0).json
                  if row.get("link_id") == shown["id"]]
        assert len(listed) == 1 or link_type == "iter", listed
        box.script(f"link unpin {box.pin('l')}\n").expect(0)
        wait_until(lambda: box.bpfsh("link", "show", "id", shown["id"]).status)
        seen = run_count(box, path)
        do()
        assert run_count(box, path) == seen, f"{hook}: it still runs"
        # What a transaction attached is gone when it is rolled back.
        box.script(f"$l = link create pinned {path} {hook}\nassert false\n").expect(1)
        assert not journals() and not [row for row in box.bpfsh("-j", "link", "show").json
                                       if row.get("prog_id") == shown["prog_id"]]


def opens():
    for _ in range(3):
        with open("/dev/null"):
            pass


def asm(box, kind):
    path = box.pin(kind)
    box.bpfsh("prog", "asm", "type", kind, "r0 = 0; exit", "name", f"{box.prefix}p", "pin", path).expect(0)
    return path


def tracefs():
    if not os.path.exists("/sys/kernel/tracing/events"):
        mount("tracefs", "/sys/kernel/tracing", "tracefs")


def test_tracepoint(box):
    tracefs()
    check(box, asm(box, "tracepoint"), "tracepoint syscalls:sys_enter_openat", opens, "perf_event")


def test_uprobe(box):
    call = ctypes.CDLL(None).getpriority
    for hook in "uprobe", "uretprobe":
        path = asm(box, "kprobe")
        check(box, path, f"{hook} {LIBC} getpriority", lambda: call(0, 0), "perf_event")
        os.unlink(path)


def test_kprobe(box):
    for hook in "kprobe", "kretprobe":
        path = asm(box, "kprobe")
        probe = box.script(f"$l = link create pinned {path} {hook} do_sys_openat2\n")
        if probe.status and "built without" in probe.err:
            raise Skip("this kernel was built without kprobes")
        check(box, path, f"{hook} do_sys_openat2", opens, "perf_event")
        os.unlink(path)


def loaded(box, name):
    path = box.pin(name)
    with asking(name):
        program = Program(box.obj("hooks"), box.prefix + name)
    pin(program.fd, path)
    return path


def reads():
    for _ in range(3):
        with open("/proc/self/comm", "rb") as f:
            f.read()


def test_loaded_for_their_place(box):
    for name, kind in ("fentry", "tracing"), ("fexit", "tracing"), ("fmod_ret", "tracing"), \
            ("lsm", "tracing"):
        check(box, loaded(box, name), name, reads, kind)


def test_tp_btf(box):
    check(box, loaded(box, "tp_btf"), "tp_btf", lambda: box.run("true"), "raw_tracepoint")


def test_iter(box):
    path = loaded(box, "iter")
    box.script(f"link create pinned {path} iter pin {box.pin('l')}\n").expect(0)
    with open(box.pin("l")) as f:
        f.read()
    assert box.bpfsh("-j", "link", "show", "pinned", box.pin("l")).json["type"] == "iter"


def test_refused(box):
    tracefs()
    point, probe = asm(box, "tracepoint"), asm(box, "kprobe")
    for line, words in {
            f"{point} tracepoint sys_enter_openat": ["is no name of a tracepoint", "sched:sched_switch"],
            f"{point} tracepoint syscalls:nothing": ["no tracepoint 'syscalls:nothing'", "available_events"],
            f"{point} tracepoint ../..:id": "is no name of a tracepoint",
            f"{point} uprobe {LIBC} getpriority": "has type tracepoint, and it takes type kprobe",
            f"{probe} uprobe {LIBC} no_such_function": ["has no function 'no_such_function'", "0x"],
            f"{probe} uprobe {LIBC} getpriority+x": "no function, nor one with an offset",
            f"{probe} uprobe /dev/null main": "is no program or library",
            f"{probe} uprobe /nowhere main": "cannot open '/nowhere'",
            f"{probe} fentry": ""}.items():
        done = box.script(f"$l = link create pinned {line}\n").expect(1, err=words)
        assert not journals(), done


run(__name__)
