# SPDX-License-Identifier: BSD-2-Clause
"""Maps, pins and elements by bpf(2) itself: fast enough to look at after each of thousands of runs.

Objects are known by their names, so that states of different runs can be compared.
"""
import ctypes
import os
import re
import struct

from bpfsh import bpf, open_pin

MAP_CREATE, LOOKUP, UPDATE, NEXT_KEY, OBJ_PIN, GET_INFO, LOOKUP_AND_DELETE = 0, 1, 2, 4, 6, 15, 21
PROG_FD, MAP_FD = 13, 14
TYPES = {"hash": 1, "array": 2, "prog_array": 3, "percpu_hash": 5, "percpu_array": 6,
         "lru_hash": 9, "lru_percpu_hash": 10, "lpm_trie": 11, "array_of_maps": 12,
         "hash_of_maps": 13, "devmap": 14, "sockmap": 15, "cpumap": 16, "queue": 22, "stack": 23,
         "devmap_hash": 25, "bloom_filter": 30}
PERCPU = (5, 6, 10)
STACK, SOCKMAP = 23, 15
OBJECTS = {3: "prog", 12: "map", 13: "map"}
LINK_FACTS = {3: "=Q", 5: "=I", 6: "=I", 11: "=I"}	# cgroup's ID, namespace, device


def cpus():
    with open("/sys/devices/system/cpu/possible") as f:
        return int(f.read().strip().split("-")[-1]) + 1


CPUS = cpus()


def address(buffer):
    """Of a queue's key, which there is none of, 0."""
    return ctypes.addressof(buffer) if buffer else 0


def create(kind, key, value, entries, name, flags=0, inner=0):
    return bpf(MAP_CREATE, struct.pack("=IIIIIII16s", TYPES[kind], key, value, entries, flags,
                                       inner, 0, name.encode()))


def pin(fd, path):
    text = ctypes.create_string_buffer(path.encode())
    bpf(OBJ_PIN, struct.pack("=QII", address(text), fd, 0))


def update(fd, key, value, flags=0):
    key, value = (ctypes.create_string_buffer(data, len(data)) if data else None
                  for data in (key, value))
    bpf(UPDATE, struct.pack("=IIQQQ", fd, 0, address(key), address(value), flags))


def info(fd):
    """The first bytes of a map's or a program's info."""
    buffer = ctypes.create_string_buffer(232)
    bpf(GET_INFO, struct.pack("=IIQ", fd, len(buffer), address(buffer)))
    return buffer.raw


class Map:
    """An open map, looked at."""

    def __init__(self, fd):
        self.fd = fd
        self.kind, self.id, self.key, self.value, self.entries, self.flags = \
            struct.unpack_from("=IIIIII", info(fd))
        self.name = struct.unpack_from("16s", info(fd), 24)[0].split(b"\0")[0].decode()

    def keys(self):
        key, following = None, ctypes.create_string_buffer(self.key)
        while True:
            try:
                bpf(NEXT_KEY, struct.pack("=IIQQ", self.fd, 0, address(key), address(following)))
            except FileNotFoundError:
                return
            yield following.raw
            key = ctypes.create_string_buffer(following.raw, self.key)

    def lookup(self, key):
        """The value's bytes, None without one; an object's name where the map holds objects."""
        size = (self.value + 7 & ~7) * CPUS if self.kind in PERCPU else self.value
        key = ctypes.create_string_buffer(key, len(key)) if key else None
        value = ctypes.create_string_buffer(size)
        try:
            bpf(LOOKUP, struct.pack("=IIQQ", self.fd, 0, address(key), address(value)))
        except FileNotFoundError:
            return None
        if self.kind in OBJECTS:
            return object_name(OBJECTS[self.kind], struct.unpack("=I", value.raw)[0])
        return value.raw

    def stacked(self):
        """A stack's values, which have to be taken out and put in again, the newest first."""
        found, value = [], ctypes.create_string_buffer(self.value)
        try:
            while True:
                bpf(LOOKUP_AND_DELETE, struct.pack("=IIQQ", self.fd, 0, 0, address(value)))
                found.append(value.raw)
        except FileNotFoundError:
            for one in reversed(found):
                update(self.fd, b"", one)
            return found

    def elements(self):
        if self.kind == SOCKMAP:
            return {}
        if self.kind == STACK:
            return dict(enumerate(self.stacked()))
        if not self.key:
            return {"top": self.lookup(b"")}
        found = {key: self.lookup(key) for key in self.keys()}
        return {key: value for key, value in found.items() if value is not None}


def object_name(kind, number):
    fd = bpf(PROG_FD if kind == "prog" else MAP_FD, struct.pack("=IIII", number, 0, 0, 0))
    try:
        return prog_name(fd) if kind == "prog" else Map(fd).name
    finally:
        os.close(fd)


def prog_name(fd):
    return struct.unpack_from("16s", info(fd), 64)[0].split(b"\0")[0].decode()


def describe(path):
    """What is pinned at a path: its kind and name, a map's elements too."""
    fd = open_pin(path)
    try:
        link = os.readlink(f"/proc/self/fd/{fd}")
        if "bpf-map" in link:
            found = Map(fd)
            return "map", found.name, found.elements(), is_frozen(fd)
        if "bpf-prog" in link:
            return "prog", prog_name(fd)
        return describe_link(info(fd)) if re.search("bpf.link", link) else (link,)
    finally:
        os.close(fd)


def is_frozen(fd):
    with open(f"/proc/self/fdinfo/{fd}") as text:
        return "frozen:\t1" in text.read()


def describe_link(raw):
    """A link's type, its program's name, and where it is attached: 0 once it is severed."""
    kind, _, prog_id = struct.unpack_from("=III", raw)
    return ("link", kind, prog_id and object_name("prog", prog_id),
            struct.unpack_from(LINK_FACTS[kind], raw, 16)[0] if kind in LINK_FACTS else None)


def state(bpffs):
    """All pins and folders of a bpffs, with what they hold."""
    found = {}
    for folder, folders, files in os.walk(bpffs):
        for name in folders:
            found[os.path.relpath(os.path.join(folder, name), bpffs)] = "folder"
        for name in files:
            if not name.endswith(".debug"):
                path = os.path.join(folder, name)
                found[os.path.relpath(path, bpffs)] = describe(path)
    return found


def journals():
    """The names of the journals there are."""
    return sorted(os.listdir("/run/bpfsh")) if os.path.isdir("/run/bpfsh") else []


def difference(before, after):
    """The two states' differences, as text; empty where they are the same."""
    return "\n".join(f"{name}: {before.get(name)} -> {after.get(name)}"
                     for name in sorted(before.keys() | after.keys())
                     if before.get(name) != after.get(name))
