# SPDX-License-Identifier: BSD-2-Clause
"""Which processes hold an object: pids of prog, map, link and btf show."""
import re

from bpfsh import *

Box.shows_holders = True
PR_SET_NAME, GET_BTF_ID = 15, 19


@contextlib.contextmanager
def holder(box, name, *pins):
    """A process of that name with a descriptor for each pin, one of them twice."""
    code = f"""
import ctypes, os, sys
sys.path.insert(0, {os.path.dirname(os.path.abspath(sys.modules['bpfsh'].__file__))!r})
from bpfsh import open_pin
ctypes.CDLL(None).prctl({PR_SET_NAME}, {name!r}, 0, 0, 0)
fds = [open_pin(pin) for pin in {list(pins)!r}]
os.dup(fds[0])
print(flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.communicate()


def test_pids(box):
    prog = box.pin("p/" + box.prefix + "c1")
    box.bpftool("prog", "loadall", box.obj("link"), box.pin("p"))
    box.script(f"link create pinned {prog} cgroup {box.cgroup()} egress pin {box.pin('l')}\n").expect(0)
    box.map_create("m")
    pins = {"map": box.pin("m"), "prog": prog, "link": box.pin("l")}
    for kind, pin in pins.items():
        assert "pids" not in box.bpfsh("-j", kind, "show", "pinned", pin).json
    with holder(box, b"agent", *pins.values()) as one, holder(box, b"b(\x1b\"\\", pins["map"]) as two:
        wanted = {kind: [{"pid": one, "comm": "agent"}] for kind in pins}
        wanted["map"].append({"pid": two, "comm": "b(\x1b\"\\"})
        for kind, pin in pins.items():
            found = box.bpfsh("-j", kind, "show", "pinned", pin).json
            assert found["pids"] == sorted(wanted[kind], key=lambda p: p["pid"]), found
            listed = box.bpfsh("-j", kind, "show").json
            assert [o["pids"] for o in listed if o["id"] == found["id"]] == [found["pids"]]
            box.bpfsh(kind, "show", "pinned", pin).expect(0, out=f"agent({one})")
        text = box.bpfsh("map", "show", "pinned", pins["map"]).expect(0)
        with Pty(box, "map", "show", "pinned", pins["map"], columns=200) as tty:
            tty.expect(f"b(\\x1b\"\\({two})")
        assert re.search(r"\n\tpids \S+, \S+\n", text.out), text
    assert "pids" not in box.bpfsh("-j", "map", "show", "pinned", pins["map"]).json


def test_pids_of_btf(box):
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    ident = box.bpfsh("-j", "prog", "show", "pinned", box.pin("p")).json["btf_id"]
    fd = bpf(GET_BTF_ID, struct.pack("=II", ident, 0))
    found = box.bpfsh("-j", "btf", "show", "id", ident).json
    assert {"pid": os.getpid(), "comm": "python3"} in found["pids"], found
    os.close(fd)


def test_a_variable_is_seen_by_others(box):
    pin = box.map_create("m")
    with Pty(box, columns=200) as tty:
        tty.expect(PROMPT)
        tty.send(f"$m = map show pinned {pin}\r")
        tty.expect(PROMPT)
        found = box.bpfsh("-j", "map", "show", "pinned", pin).json
        assert [p["comm"] for p in found["pids"]] == ["bpfsh"], found
        tty.send("map show $m\r")
        # The one that asks is not among them.
        assert "pids" not in tty.expect(PROMPT)
        tty.send("quit\r")
        assert tty.wait() == 0


run(__name__)
