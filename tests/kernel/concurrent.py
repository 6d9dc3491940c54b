# SPDX-License-Identifier: BSD-2-Clause
"""Others change the same elements during a transaction: what they wrote is never lost by its rollback."""
import threading

from bpfsh import *
from state import *


def make(box, kind, entries):
    fd = create(kind, 4, 4, entries, f"{box.prefix}{kind}")
    pin(fd, box.pin(kind))
    return fd


def u32(n):
    return struct.pack("=I", n)


def conflict_script(box, pin, entries, between):
    """Writes all elements, lets somebody else write in between, and fails."""
    updates = "".join(f"map update pinned {pin} key {n} 0 0 0 value 1 0 0 0\n"
                      for n in range(entries))
    return box.script(f"{updates}{between}\nassert false\n")


def test_other_process(box):
    """Each kind of change by somebody else: written, deleted, put there again, pinned over."""
    for kind in ("hash", "array", "percpu_hash"):
        fd = create(kind, 4, 4, 8, f"{box.prefix}{kind[:8]}")
        pin(fd, box.pin(kind))
        os.close(fd)
        done = conflict_script(box, box.pin(kind), 4,
                               f"!{BPFTOOL} map update pinned {box.pin(kind)}"
                               " key 2 0 0 0 value 9 0 0 0")
        done.expect(3, err=["script.bsh:3:1: error: map 't_", "[02 00 00 00] is 09 00 00 00, expected 01"
                            " 00 00 00" + " on CPU 0" * kind.startswith("percpu") + ": left alone",
                            "rolled back 3 of 4; 1 conflict"])
        found = describe(box.pin(kind))[2]
        assert found[u32(2)][0] == 9, (kind, found)
        assert not any(value[0] for key, value in found.items() if key != u32(2)), (kind, found)
    path = box.pin("hash")
    done = box.script(f"map delete pinned {path} key 2 0 0 0\n"
                      f"!{BPFTOOL} map update pinned {path} key 2 0 0 0 value 8 0 0 0\n"
                      "assert false\n").expect(3, err="is 08 00 00 00, expected none: left alone")
    assert describe(path)[2][u32(2)][0] == 8
    done = box.script(f"map update pinned {path} key 2 0 0 0 value 7 0 0 0\n"
                      f"!{BPFTOOL} map delete pinned {path} key 2 0 0 0\n"
                      "assert false\n").expect(3, err="is gone, expected 07 00 00 00: left alone")
    assert u32(2) not in describe(path)[2], done


def test_pins(box):
    path = box.map_create("m")
    box.map_create("other")
    box.script(f"map unpin {path}\n!{BPFTOOL} map pin pinned {box.pin('other')} {path}\n"
               "assert false\n").expect(3, err="exists again: left alone")
    assert describe(path)[1].endswith("other")
    for name in box.pins():
        if name.startswith("bpfsh_tx"):
            os.unlink(box.pin(name))
            os.rmdir(os.path.dirname(box.pin(name)))


def test_steady_writer(box):
    """A process that counts up all the while: its newest value stays, or it never wrote here."""
    fd, path = make(box, "array", 8), box.pin("array")
    stop, newest = threading.Event(), [0] * 8

    def write():
        n = 100
        while not stop.is_set():
            for slot in (1, 3, 5):
                update(fd, u32(slot), u32(n))
                newest[slot] = n
            n += 1
            time.sleep(0.0002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        text = "".join(f"map update pinned {path} key {n % 8} 0 0 0 value {n % 90} 0 0 0\n"
                       for n in range(4000))
        for _ in range(5):
            done = box.script(text + "assert false\n").expect(3, err="conflict")
    finally:
        stop.set()
        writer.join()
    found = describe(path)[2]
    for slot in range(8):
        value = struct.unpack("=I", found[u32(slot)])[0]
        assert value == newest[slot], (slot, value, newest[slot], done)
    os.close(fd)


def test_running_program(box):
    """A program that counts in the map while a transaction writes there and is rolled back."""
    box.bpftool("prog", "loadall", box.obj("count"), box.pin("p"), "pinmaps", box.pin("maps"))
    path = box.pin(f"maps/{box.prefix}count")
    packet = box.file("packet", b"\0" * 100)
    run = (f"{BPFTOOL} prog run pinned {box.pin('p')}/{box.prefix}xdp data_in {packet} repeat 5"
           " data_out /dev/null")
    done = box.script(f"map update pinned {path} key 0 0 0 0 value 50 0 0 0\n"
                      f"map update pinned {path} key 3 0 0 0 value 50 0 0 0\n!{run}\n"
                      "assert false\n").expect(3, err=["[0] is 55, expected 50: left alone", "rolled back 1 of 2"])
    found = describe(path)[2]
    assert found[u32(0)] == u32(55) and found[u32(3)] == u32(0), (found, done)


run(__name__)
