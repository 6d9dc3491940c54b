# SPDX-License-Identifier: BSD-2-Clause
"""Programs of object files, loaded and attached by libbpf: what bpf(2) alone makes hard.

Descriptors are the test's own process's, and end with it.
"""
import contextlib
import ctypes
import os

lib = ctypes.CDLL("libbpf.so.1", use_errno=True)
for name in ("bpf_object__open_file", "bpf_object__find_program_by_name",
             "bpf_object__find_map_by_name", "bpf_program__attach", "bpf_program__attach_cgroup",
             "bpf_map__attach_struct_ops"):
    getattr(lib, name).restype = ctypes.c_void_p
PRINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
quiet = PRINT(lambda *_: 0)
lib.libbpf_set_print(quiet)


def check(result, what):
    """A pointer of libbpf's, or its errno as an exception."""
    if not result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return ctypes.c_void_p(result)


class Program:
    """One program of an object file, loaded alone.

    target: (a program's descriptor or 0, a function); flags: (a map, what it is created with).
    """

    def __init__(self, path, name, target=None, flags=None):
        self.object = check(lib.bpf_object__open_file(path.encode(), None), f"open {path}")
        self.program = check(lib.bpf_object__find_program_by_name(self.object, name.encode()), name)
        lib.bpf_program__set_autoload(self.program, True)
        if target:
            fd, function = target
            self.done(lib.bpf_program__set_attach_target(self.program, fd, function.encode()), name)
        if flags:
            self.done(lib.bpf_map__set_map_flags(self.map(flags[0]), flags[1]), flags[0])
        self.done(lib.bpf_object__load(self.object), f"load {name}")
        self.fd = lib.bpf_program__fd(self.program)

    @staticmethod
    def done(error, what):
        if error:
            raise OSError(-error, f"{what}: {os.strerror(-error)}")

    def map(self, name):
        return check(lib.bpf_object__find_map_by_name(self.object, name.encode()), name)

    def attach(self):
        """A link's descriptor, by what its section says."""
        return self.link(lib.bpf_program__attach(self.program))

    def attach_cgroup(self, folder):
        return self.link(lib.bpf_program__attach_cgroup(self.program, folder))

    @staticmethod
    def link(result):
        return lib.bpf_link__fd(check(result, "attach"))

    @contextlib.contextmanager
    def registered(self, name):
        """Its object's table of functions is in use meanwhile; yields the map's descriptor."""
        table = self.map(name)
        link = check(lib.bpf_map__attach_struct_ops(table), f"register {name}")
        try:
            yield lib.bpf_map__fd(table)
        finally:
            lib.bpf_link__destroy(link)
