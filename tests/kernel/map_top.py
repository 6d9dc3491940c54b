# SPDX-License-Identifier: BSD-2-Clause
"""map top: which elements change, how fast, in which order."""
import signal
import subprocess
import threading

from bpfsh import *

BPF_MAP_UPDATE_ELEM = 2


class Counting(threading.Thread):
    """Counts in array @pin until the end of the block: element 1 by ten, 2 by one, 0 not at all."""

    def __init__(self, pin, size):
        super().__init__()
        self.fd, self.size, self.done = open_pin(pin), size, threading.Event()

    def run(self):
        n = 0
        while not self.done.wait(0.02):
            n += 1
            for key, value in ((1, 10 * n), (2, n)):
                key = ctypes.create_string_buffer(struct.pack("=I", key))
                value = ctypes.create_string_buffer(value.to_bytes(8, sys.byteorder) * (self.size // 8))
                bpf(BPF_MAP_UPDATE_ELEM, struct.pack("=IIQQQ", self.fd, 0, ctypes.addressof(key),
                                                     ctypes.addressof(value), 0))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join()


def typed_array(box):
    box.bpfsh("map", "create", box.pin("m"), "type", "array", "btf", box.obj("show"), "key_type",
              "__u32", "value_type", "struct pair", "entries", 4, "name", box.prefix + "m").expect(0)
    return box.pin("m")


def test_order_and_rates(box):
    pin = typed_array(box)
    with Counting(pin, 16):
        samples = box.bpfsh("-j", "map", "top", "pinned", pin, "count", 2).expect(0).json
        sums = box.bpfsh("-j", "map", "top", "pinned", pin, "count", 1, "by", "second").expect(0).json
        one = box.bpfsh("map", "top", "pinned", pin, "count", 1, "rows", 1).expect(0)
    assert [(e["sample"], e["key"]) for e in samples] == [(1, 1), (1, 2), (2, 1), (2, 2)], samples
    for fast, slow in (samples[:2], samples[2:]):
        assert set(fast["per_second"]) == {"first", "second"} and fast["seconds"] >= 1
        rates = fast["per_second"]["first"], slow["per_second"]["first"]
        # About 50 a second; two updates are no single one, and the machine may be busy.
        assert 8 < rates[0] / rates[1] < 12 and 2 < rates[1] < 51, samples
        assert fast["value"]["first"] == fast["value"]["second"] >= slow["value"]["first"]
    assert [set(e["per_second"]) for e in sums] == [{"second"}] * 2, sums
    lines = one.out.splitlines()
    assert len(lines) == 3 and "2 of 4 elements changed" in lines[0], one
    assert "first/s" in lines[1] and lines[2].split()[2] == "1", one


def test_ends_well(box):
    """Ctrl-C and a full pipe end it; what came before is whole."""
    pin = typed_array(box)
    with Counting(pin, 16):
        top = subprocess.Popen([BPFSH, "--no-rc", "-j", "map", "top", "pinned", pin],
                               stdout=subprocess.PIPE, text=True)
        begin = os.read(top.stdout.fileno(), 65536).decode()
        top.send_signal(signal.SIGINT)
        events = json.loads(begin + top.communicate(timeout=PATIENCE)[0])
        assert top.returncode == 0 and len(events) in (2, 4), events
        box.run("sh", "-c", f"{BPFSH} --no-rc map top pinned {pin} | head -2", timeout=PATIENCE).expect(
            0, out=": 2 of 4 elements changed in ")


def test_screen(box):
    pin = typed_array(box)
    with Counting(pin, 16), Pty(box, rows=4, columns=60) as sh:
        sh.expect("bpfsh> ")
        sh.send(f"map top pinned {pin}\n")
        sh.expect(re.compile(r"2 of 4 elements changed.*first/s *second/s.*\n.* 1  \{", re.S))
        sh.expect("2 of 4 elements changed")
        # One row fits below the heading, and none of it is wider than the window.
        assert sh.seen.count("\x1b[H\x1b[J") >= 2
        lines = ESCAPES.sub("", sh.seen.split("\x1b[H\x1b[J")[1]).replace("\r", "").splitlines()
        assert len(lines) == 3 and max(map(len, lines)) <= 60, lines
        sh.check("\x03", "bpfsh> ")
        sh.check(f"map top name {box.prefix}m by f\t", "by first")


def test_what_counts(box):
    pin = typed_array(box)
    for name, words, why in (
            ("m", ("by", "third"), "no field 'third' in struct pair"),
            ("m", ("by", "first.x"), "which has no fields"),
            ("m", ("interval", 0), "interval: at least one second"),
            ("m", ("rows", 5000), "rows: 1 to 1000"),
            ("wide", (), "hold no integer to count"), ("q", (), "cannot list the elements"),
            ("progs", (), "name other objects"), ("wide", ("by", "x"), "have no fields")):
        if not os.path.exists(box.pin(name)):
            kind, key = {"wide": ("hash", 4), "q": ("queue", 0), "progs": ("prog_array", 4)}[name]
            box.map_create(name, kind, key, 12 if name == "wide" else 4)
        box.bpfsh("map", "top", "pinned", box.pin(name), *words, "count", 1).expect(1, err=why)


run(__name__)
