# SPDX-License-Identifier: BSD-2-Clause
"""Ring buffers and perf event arrays, read live."""
import signal
import subprocess
import time

from bpfsh import *
from state import CPUS, update


def load(box):
    box.bpftool("prog", "load", box.obj("events"), box.pin("p"), "pinmaps", box.pin("m"))
    box.file("packet", bytes(64))
    return box.pin(f"m/{box.prefix}ring"), box.pin(f"m/{box.prefix}perf")


def send(box, times=1):
    for _ in range(times):
        box.run(BPFTOOL, "prog", "run", "pinned", box.pin("p"), "data_in", "packet").expect(0)


class Reader:
    """A bpfsh that reads a perf event array; it is there when all its buffers are."""

    def __init__(self, *words, slots):
        self.process = subprocess.Popen([BPFSH, "--no-rc", "-j", "map", "event_pipe", *words, "type",
                                         "struct", "event"], stdout=subprocess.PIPE)
        self.out = b""
        folder, deadline = f"/proc/{self.process.pid}/fd", time.monotonic() + PATIENCE
        while sum("perf_event" in os.readlink(f"{folder}/{fd}") for fd in self.fds(folder)) < slots:
            assert time.monotonic() < deadline, "no buffers"
            time.sleep(0.01)
        time.sleep(0.2)
        # Once they are in the map, it waits for events.
        wait_until(lambda: process_stat(self.process.pid)[0] == "S")

    @staticmethod
    def fds(folder):
        return [fd for fd in os.listdir(folder) if os.path.islink(f"{folder}/{fd}")]

    def wait_for(self, text):
        while text not in self.out:
            more = os.read(self.process.stdout.fileno(), 65536)
            assert more, self.out
            self.out += more

    def end(self):
        self.out += self.process.communicate(timeout=PATIENCE)[0]
        assert self.process.returncode == 0, self.process.returncode
        return json.loads(self.out)


def test_ring_buffer(box):
    ring, _ = load(box)
    send(box, 3)
    read = ["map", "read", "pinned", ring, "count"]
    events = box.bpfsh("-j", *read, 2, "type", "struct", "event").expect(0).json
    assert [e["value"] for e in events] == [{"number": n, "tag": "hello"} for n in (1, 2)], events
    box.bpfsh(*read, 1).expect(0, out="== 12 bytes =====\n03 00 00 00 68 65 6c 6c")
    # A flexible array takes the rest of the event.
    send(box, 1)
    events = box.bpfsh("-j", *read, 1, "type", "struct", "open_event").expect(0).json
    assert events[0]["value"] == {"number": 4, "rest": "hello"}, events
    box.bpfsh(*read, 1, "type", "struct", "evnt").expect(1, err="no type 'struct evnt'")


def test_events_are_gone(box):
    """What is read, nobody else gets: that is told before, and not done in a transaction."""
    ring, _ = load(box)
    send(box, 2)
    line = f"map read pinned {ring} count 1\n"
    box.script(line, options=["--plan"]).expect(0, out="- map read map 't_")
    refused = box.script(line).expect(1, err=["cannot be undone", "other readers do not get",
                                              "--allow-irreversible"])
    assert refused.out == "", refused
    box.script(line + "assert false\n", options=["--allow-irreversible"]).expect(
        3, out="01 00 00 00", err=["are gone", "1 failed"])
    box.bpfsh("map", "read", "pinned", ring, "count", 1).expect(0, out="02 00 00 00")


def test_stopped_from_outside(box):
    """A reader that left is noticed without another event; JSON of a killed reading parses."""
    ring, _ = load(box)
    read = [BPFSH, "--no-rc", "-j", "map", "read", "pinned", ring]
    for stop in ("reader", "signal"):
        send(box, 1)
        process = subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        out = os.read(process.stdout.fileno(), 4096)
        assert b"data" in out, out
        if stop == "reader":
            process.stdout.close()
        else:
            process.terminate()
            json.loads(out + process.stdout.read())
        assert process.wait(timeout=PATIENCE) == (141 if stop == "reader" else 143), stop


def test_perf_event_array(box):
    _, perf = load(box)
    reader = Reader("pinned", perf, slots=os.cpu_count())
    send(box, 2)
    reader.wait_for(b'"number":2')
    reader.process.send_signal(signal.SIGINT)
    events = reader.end()
    assert [e["value"]["number"] for e in events] == [1, 2], events
    assert events[0]["type"] == 9 and events[0]["timestamp"]
    assert events[0]["data"][4:9] == list(b"hello")


def test_one_cpu(box):
    """The slot that was named gets the events of that CPU; others get none."""
    _, perf = load(box)
    reader = Reader("pinned", perf, "cpu", "0", "index", "0", "count", "2", slots=1)
    for cpu in (0, 1, 0) if os.cpu_count() > 1 else (0, 0):
        box.run("taskset", "-c", str(cpu), BPFTOOL, "prog", "run", "pinned", box.pin("p"),
                "data_in", "packet").expect(0)
    events = reader.end()
    assert [(e["cpu"], e["index"]) for e in events] == [(0, 0)] * 2, events
    assert [e["value"]["number"] for e in events] == ([1, 3] if os.cpu_count() > 1 else [1, 2])
    words = ["map", "read", "pinned", perf]
    box.bpfsh(*words, "cpu", 0).expect(1, err="'cpu' and 'index' are given together")
    box.bpfsh(*words, "cpu", 99999, "index", 0).expect(1, err="no CPU 99999 (0..")
    box.bpfsh(*words, "cpu", 0, "index", 99999).expect(1, err="index is out of range (0 to ")


def test_other_types(box):
    pin = box.map_create("h")
    box.bpfsh("map", "read", "pinned", pin, "cpu", 0, "index", 0).expect(
        1, err="a map of type hash has no slots for CPUs")
    box.bpfsh("map", "read", "pinned", pin).expect(1, err="type hash has no events to read")


def test_diff(box):
    one, two = box.map_create("a"), box.map_create("b")
    for pin, numbers in ((one, (1, 2, 3)), (two, (2, 3, 4))):
        for n in numbers:
            box.bpfsh("map", "update", "pinned", pin, "key", n, "value",
                      n if n != 3 or pin == one else 30).expect(0)
    def changes(rows):
        return sorted((row["change"], row["key"][0]) for row in rows)
    found = box.bpfsh("-j", "map", "diff", "pinned", one, "pinned", two).expect(0).json
    assert changes(found) == [("+", "0x04"), ("-", "0x01"), ("~", "0x03")], found
    done = box.script(f"$was = map dump pinned {one}\nmap update pinned {one} key 9 value 9\n"
                      f"map update pinned {one} key 1 value 5\n"
                      f"map diff pinned {one} $was\n", options=["-o", "jsonl"]).expect(0)
    assert changes(done.jsonl) == [("+", "0x09"), ("~", "0x01")], done
    assert sorted(row["after"][0] for row in done.jsonl) == ["0x05", "0x09"], done


def test_diff_of_values_with_gaps(box):
    """What lies between the values of two CPUs is no part of them."""
    one, two = box.map_create("a", "percpu_hash"), box.map_create("b", "percpu_hash")
    for path, gap in ((one, b"\7"), (two, b"\0")):
        fd = open_pin(path)
        update(fd, bytes(4), (b"\1" * 4 + gap * 4) * CPUS)
        os.close(fd)
    assert box.bpfsh("-j", "map", "diff", "pinned", one, "pinned", two).expect(0).json == []


def test_diff_of_large_numbers(box):
    """64 bits do not fit into the numbers of jq."""
    for name in ("a", "b"):
        box.bpfsh("map", "create", box.pin(name), "type", "hash", "btf", box.obj("show"),
                  "key_type", "__u64", "value_type", "__u64", "entries", 4).expect(0)
    box.bpfsh("map", "update", "pinned", box.pin("a"), "key", 2**64 - 1, "value", 2**63 + 1
              ).expect(0)
    assert box.bpfsh("-j", "map", "diff", "pinned", box.pin("a"), "pinned", box.pin("b")
                     ).expect(0).json == [{"change": "-", "key": 2**64 - 1, "before": 2**63 + 1}]


run(__name__)
