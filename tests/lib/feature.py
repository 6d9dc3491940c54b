# SPDX-License-Identifier: BSD-2-Clause
"""What not every kernel has, each with the way to find out: it is tried, or seen in the types.

needs("tcx") skips a test where it is not here. With CI=true a test that passes on no
kernel of a run is a failure (tests/run), so that a wrong answer here hides none.
"""
import contextlib
import ctypes
import errno
import os
import struct

import attach
import state
from bpfsh import Skip, bpf, cgroup_root

PROG_QUERY, BTF_GET_FD_BY_ID, UNIX_CONNECT, NO_DEVICE = 16, 19, 49, 0x7fffffff
NO_DESCRIPTOR, NO_PREALLOC = 0x7fffffff, 1


def tcx():
    """A kernel that knows the place misses the device."""
    prog = attach.load("sched_cls", "t_feature")
    try:
        os.close(attach.link(prog, NO_DEVICE, attach.BPF_TCX_INGRESS))
    except OSError as error:
        return error.errno == errno.ENODEV
    finally:
        os.close(prog)


def connect_unix():
    os.close(attach.load("cgroup_sock_addr", "t_feature", 1, UNIX_CONNECT))
    return True


def uprobe_multi():
    prog = attach.load("kprobe", "t_feature", 0, attach.BPF_TRACE_UPROBE_MULTI)
    os.close(attach.uprobe_multi(prog, "/bin/sh", 0x2000))
    os.close(prog)
    return True


def attach_flags():
    """Asked for with each program of a place; bpftool finds none where the kernel refuses that."""
    fd, flags = os.open(cgroup_root(), os.O_RDONLY), ctypes.create_string_buffer(256)
    try:
        bpf(PROG_QUERY, struct.pack("=IIIIQIIQ", fd, attach.BPF_EGRESS, 0, 0, 0, 0, 0, state.address(flags)))
    finally:
        os.close(fd)
    return True


def netfilter():
    os.close(attach.load("netfilter", "t_feature", 1, attach.BPF_NETFILTER))
    return True


def perf_link():
    """A kernel that knows such links misses the event."""
    prog = attach.load("perf_event", "t_feature")
    try:
        os.close(attach.link(prog, NO_DESCRIPTOR, attach.BPF_PERF_EVENT))
    except OSError as error:
        return error.errno == errno.EBADF
    finally:
        os.close(prog)


def trie_memory():
    """Older ones tell of a trie what it would take if it were full."""
    fd = state.create("lpm_trie", 8, 4, 4, "t_feature", NO_PREALLOC)
    try:
        empty = attach.fact(fd, "memlock")
        state.update(fd, struct.pack("=II", 32, 1), bytes(4))
        return attach.fact(fd, "memlock") > empty
    finally:
        os.close(fd)


def bloom_filter():
    os.close(state.create("bloom_filter", 0, 4, 4, "t_feature"))
    return True


def kernel_btf():
    """Older ones have the types, but no object of them."""
    fd = bpf(BTF_GET_FD_BY_ID, struct.pack("=I", 1))
    try:
        name = ctypes.create_string_buffer(16)
        info = ctypes.create_string_buffer(struct.pack("=QIIQII", 0, 0, 0, state.address(name), 16, 0))
        bpf(state.GET_INFO, struct.pack("=IIQ", fd, 32, state.address(info)))
        return name.value == b"vmlinux"
    finally:
        os.close(fd)


def function(name):
    """A helper, or a kfunc, by its name among the kernel's types."""
    def probe():
        with open("/sys/kernel/btf/vmlinux", "rb") as f:
            return b"\0" + name.encode() + b"\0" in f.read()
    return probe


# By name ("exchange": two pins change places): the first release, and the probe, which raises OSError or is false where there is none.
FEATURES = {
    "kernel_btf": ("5.11", kernel_btf),
    "perf_link": ("5.15", perf_link),
    "bloom_filter": ("5.16", bloom_filter),
    "exchange": ("5.17", function("simple_rename_exchange")),
    "callbacks": ("5.17", function("bpf_loop")),
    "attach_flags": ("6.0", attach_flags),
    "kfuncs": ("6.2", function("bpf_rcu_read_lock")),
    # Seen by what came with it.
    "sleepable_ops": ("6.3", function("bpf_cpumask_create")),
    "netfilter": ("6.4", netfilter),
    "trie_memory": ("6.4", trie_memory),
    "metadata": ("6.3", function("bpf_xdp_metadata_rx_hash")),
    "uprobe_multi": ("6.6", uprobe_multi),
    "tcx": ("6.6", tcx),
    "connect_unix": ("6.7", connect_unix),
    "arena": ("6.9", function("bpf_arena_alloc_pages")),
}


def has(name):
    with contextlib.suppress(OSError):
        return bool(FEATURES[name][1]())
    return False


def needs(*names):
    for name in names:
        if not has(name):
            raise Skip(f"this kernel has no {name}, which Linux has since {FEATURES[name][0]}")


def that_can_be(lines):
    """Lines of a script without those that replace a pin, where bpffs cannot exchange two."""
    able = has("exchange")
    return [line for line in lines if able or not line.rstrip().endswith(" replace")]
