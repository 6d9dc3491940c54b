# SPDX-License-Identifier: BSD-2-Clause
"""Dumps while a program changes the same map as fast as it can."""
import collections
import threading

from bpfsh import *
from feature import needs
from state import *

BPF_PROG_TEST_RUN = 10
STABLE = 4096		# as in test_churn.bpf.c
DUMPS = 6


class Busy:
    """The program runs again and again until the with block ends."""

    def __init__(self, prog):
        self.prog, self.rounds, self.stopped = prog, 0, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        packet = ctypes.create_string_buffer(64)
        while not self.stopped.is_set():
            bpf(BPF_PROG_TEST_RUN, struct.pack("=IIIIQQII", self.prog, 0, 64, 0, address(packet),
                                               0, 2000, 0))
            self.rounds += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def hexadecimal(data):
    return tuple(f"0x{byte:02x}" for byte in data)


def stable_keys(name):
    if name == "trie":
        return [struct.pack("=I", 24) + struct.pack(">I", n << 8) for n in range(STABLE)]
    return [struct.pack("=I", n) for n in range(STABLE)]


def fill(pin, name):
    if name != "trie":
        fill_map(pin, STABLE, 4, 8 * CPUS if name == "percpu" else 4)
        return
    fd = open_pin(pin)
    for key in stable_keys(name):
        update(fd, key, bytes(4))
    os.close(fd)


def test_program_writes(box):
    """What stays is there once in every dump, whatever comes and goes beside it."""
    box.bpftool("prog", "loadall", box.obj("churn"), box.pin("p"), "pinmaps", box.pin("m"))
    prog = open_pin(box.pin(f"p/{box.prefix}churn"))
    for name in "hash", "percpu", "lru", "array", "trie":
        pin = box.pin(f"m/{box.prefix}{name}")
        fill(pin, name)
        stay, sizes = [hexadecimal(key) for key in stable_keys(name)], set()
        with Busy(prog) as busy:
            for _ in range(DUMPS):
                done = box.bpfsh("-j", "map", "dump", "pinned", pin).expect(0)
                seen = collections.Counter(tuple(e["key"]) for e in done.json)
                sizes.add(len(seen))
                assert max(seen.values()) == 1, (name, seen.most_common(3))
                missing = [key for key in stay if key not in seen]
                # The kernel's walk of a trie may step over neighbours of a change, which is said.
                assert not missing or "changed during" in done.err, (name, missing[:3], done.err)
        assert busy.rounds and (len(sizes) > 1 or name == "array"), (name, busy.rounds, sizes)
    os.close(prog)


def dump_of_trie(pin, meanwhile):
    """Does something once a dump has begun, and waits for its reader; its messages."""
    process = subprocess.Popen([BPFSH, "--no-rc", "map", "dump", "pinned", pin],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(1)
    meanwhile()
    err = process.communicate()[1].decode()
    assert process.returncode == 0, err
    return err


def test_changed_trie(box):
    """Its dump may lack neighbours of what changed meanwhile, which is said."""
    needs("trie_memory")
    pin = box.map_create("trie", "lpm_trie", 8, 4, 1 << 14, "flags", 1)
    fill(pin, "trie")
    fd = open_pin(pin)
    assert dump_of_trie(pin, lambda: None) == ""
    err = dump_of_trie(pin, lambda: update(fd, struct.pack("=I4s", 9, b"\x0a"), bytes(4)))
    assert err.startswith("note: map") and "changed during this" in err, err
    os.close(fd)


run(__name__)
