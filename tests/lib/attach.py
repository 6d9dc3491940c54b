# SPDX-License-Identifier: BSD-2-Clause
"""Programs of one instruction, and what they are attached to, by bpf(2) itself.

Each function returns a descriptor of the test's own process, which ends with it.
"""
import contextlib
import ctypes
import fcntl
import os
import struct
import sys

from bpfsh import (BPF_LINK_CREATE, CLONE_NEWNET, Skip, bpf, libc, mount, syscall_number, syscheck,
                   umount)

PROG_LOAD, PROG_ATTACH, PROG_DETACH, RAW_TRACEPOINT_OPEN = 5, 8, 9, 17
PROG_GET_FD_BY_ID, PROG_QUERY = 13, 16
PERF_TYPE_SOFTWARE, PERF_TYPE_TRACEPOINT = 1, 2
PERF_EVENT_IOC_SET_BPF = 0x40042408
BPF_INGRESS, BPF_EGRESS, SK_SKB_STREAM_PARSER, SK_MSG_VERDICT = 0, 1, 4, 7
BPF_FLOW_DISSECTOR, BPF_PERF_EVENT, BPF_STRUCT_OPS, BPF_NETFILTER = 17, 41, 44, 45
XDP, BPF_TRACE_KPROBE_MULTI, BPF_TCX_INGRESS, BPF_TCX_EGRESS = 37, 42, 46, 47
BPF_TRACE_UPROBE_MULTI, BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER = 48, 54, 55
BPF_F_LINK = 1 << 13
# enum bpf_prog_type
TYPES = {"kprobe": 2, "sched_cls": 3, "tracepoint": 5, "xdp": 6, "perf_event": 7, "cgroup_skb": 8,
         "cgroup_sock": 9, "cgroup_device": 15, "sk_msg": 16, "raw_tracepoint": 17,
         "cgroup_sock_addr": 18,
         "flow_dissector": 22, "cgroup_sysctl": 23, "cgroup_sockopt": 25, "netfilter": 32}


def load(kind, name, result=0, attach_type=0):
    """A program that returns the result at once."""
    code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xb7, 0, 0, result, 0x95, 0, 0, 0))
    text = ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack(
        "=IIQQIIQII16sII", TYPES[kind], 2, ctypes.addressof(code), ctypes.addressof(text), 0, 0, 0,
        0, 0, name.encode(), 0, attach_type))


@contextlib.contextmanager
def other_netns():
    """A new network namespace for what is done meanwhile."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    syscheck(libc.unshare(CLONE_NEWNET), "cannot unshare")
    try:
        yield
    finally:
        syscheck(libc.setns(own, CLONE_NEWNET), "cannot go back")
        os.close(own)


def fact(fd, *names):
    """The first number of those names that the kernel tells of a descriptor."""
    with open(f"/proc/self/fdinfo/{fd}") as text:
        facts = dict(line.split(":", 1) for line in text if ":" in line)
    return int(next(facts[name] for name in names if name in facts))


def ident(fd):
    """The ID of a link, or of a program."""
    return fact(fd, "link_id", "prog_id")


def link(prog, target, attach_type, more=b""):
    return bpf(BPF_LINK_CREATE, struct.pack("=IIII", prog, target, attach_type, 0) + more)


def attach(prog, target, attach_type, flags=0):
    """Without a link: it stays until it is detached, or the target ends."""
    bpf(PROG_ATTACH, struct.pack("=IIII", target, prog, attach_type, flags))


def attached(target, attach_type):
    """(program's ID, flags) of what is at a descriptor or device, in its order."""
    ids, flags = (ctypes.c_uint32 * 64)(), (ctypes.c_uint32 * 64)()
    tells = attach_type < SK_SKB_STREAM_PARSER		# flags: of the cgroup's here
    attr = ctypes.create_string_buffer(struct.pack(
        "=IIIIQIIQ", target, attach_type, 0, 0, ctypes.addressof(ids), 64, 0,
        ctypes.addressof(flags) if tells else 0), 128)
    syscheck(libc.syscall(syscall_number("bpf"), PROG_QUERY, attr, 128) < 0,
             "cannot query")
    return list(zip(ids, flags))[:struct.unpack_from("=I", attr, 24)[0]]


def detach_all(target, attach_type):
    for ident, _ in attached(target, attach_type):
        prog = bpf(PROG_GET_FD_BY_ID, struct.pack("=I", ident))
        bpf(PROG_DETACH, struct.pack("=IIII", target, prog, attach_type, 0))
        os.close(prog)


def netfilter(prog, family, hook, priority):
    return link(prog, 0, BPF_NETFILTER, struct.pack("=IIiI", family, hook, priority, 0))


def raw_tracepoint(prog, name):
    text = ctypes.create_string_buffer(name.encode())
    return bpf(RAW_TRACEPOINT_OPEN, struct.pack("=QI", ctypes.addressof(text), prog))


def perf_event(kind, config, config1=0, config2=0):
    """A disabled event of this process."""
    attributes = ctypes.create_string_buffer(128)
    struct.pack_into("=IIQ", attributes, 0, kind, 128, config)
    # The first of the flags' bits: disabled.
    struct.pack_into("=Q", attributes, 40, 1 if sys.byteorder == "little" else 1 << 63)
    struct.pack_into("=QQ", attributes, 56, config1, config2)
    fd = libc.syscall(syscall_number("perf_event_open"), attributes, os.getpid(), -1, -1, 0)
    syscheck(fd < 0, "perf_event_open")
    return fd


def probe_event(kind, name, offset, returns=False):
    """A perf event of a kind "kprobe" or "uprobe", which is a number of this boot's."""
    source = f"/sys/bus/event_source/devices/{kind}/type"
    if not os.path.exists(source):
        raise Skip(f"this kernel has no {kind}s")
    with open(source) as text:
        number = int(text.read())
    name = ctypes.create_string_buffer(name.encode())
    return perf_event(number, int(returns), ctypes.addressof(name), offset)


def uprobe(path, offset):
    """A perf event at an offset in a file."""
    return probe_event("uprobe", path, offset)


def kprobe(function, offset=0, returns=False):
    """A perf event in a function of the kernel, or at its return."""
    return probe_event("kprobe", function, offset, returns)


def tracepoint(box, name):
    """A perf event of a tracepoint, "sched/sched_switch"."""
    folder = os.path.join(box.dir, "tracing")
    os.makedirs(folder, exist_ok=True)
    mount("tracefs", folder, "tracefs")
    try:
        with open(f"{folder}/events/{name}/id") as text:
            return perf_event(PERF_TYPE_TRACEPOINT, int(text.read()))
    finally:
        umount(folder)


def set_bpf(event, prog):
    fcntl.ioctl(event, PERF_EVENT_IOC_SET_BPF, prog)


def u64s(numbers):
    return ctypes.create_string_buffer(struct.pack(f"={len(numbers)}Q", *numbers))


def uprobe_multi(prog, path, *offsets, cookies=None):
    """A link at several places of a file; the kernel has it since 6.6."""
    text, places = ctypes.create_string_buffer(path.encode()), u64s(offsets)
    values = u64s(cookies or [])
    return link(prog, 0, BPF_TRACE_UPROBE_MULTI, struct.pack(
        "=QQQQIII", ctypes.addressof(text), ctypes.addressof(places), 0,
        ctypes.addressof(values) if cookies else 0, len(offsets), 0, 0))


def kprobe_multi(prog, functions, cookies):
    """A link in several functions of the kernel; it has it since 5.18, where it is built in."""
    texts = [ctypes.create_string_buffer(name.encode()) for name in functions]
    names, values = u64s([ctypes.addressof(text) for text in texts]), u64s(cookies)
    return link(prog, 0, BPF_TRACE_KPROBE_MULTI, struct.pack(
        "=IIQQQ", 0, len(texts), ctypes.addressof(names), 0, ctypes.addressof(values)))
