# SPDX-License-Identifier: BSD-2-Clause
"""What a kernel lacks is said, with the release that has it; what it has works. A try decides."""
import ctypes
import errno
import resource
import signal

from attach import *
from bpfsh import *

MAP_CREATE, RENAME_EXCHANGE, AT_FDCWD = 0, 2, -100
EGRESS, UNIX_CONNECT = 1, 49
# Name, number, sizes of key and value, entries, flags; the release.
YOUNG_MAPS = (("bloom_filter", 30, 0, 4, 8, 0, "5.16"), ("user_ringbuf", 31, 0, 0, 4096, 0, "6.1"),
              ("arena", 33, 0, 0, 1, 1 << 10, "6.9"))


def refused(call, *arguments):
    """True where the kernel answers EINVAL."""
    try:
        os.close(call(*arguments))
    except OSError as err:
        assert err.errno == errno.EINVAL, err
        return True
    return False


def create(number, key, value, entries, flags):
    return bpf(MAP_CREATE, struct.pack("=IIIII", number, key, value, entries, flags))


def both_ways(box, status, text, **more):
    """Done and planned, with the same end."""
    for options in [], ["--plan"]:
        box.bpfsh(*options, "-c", text).expect(status, **more)


def test_map_types(box):
    for name, number, key, value, entries, flags, release in YOUNG_MAPS:
        lacks = refused(create, number, key, value, entries, flags)
        text = f"$m = map create type {name} key {key} value {value} entries {entries} flags {flags}"
        if lacks:
            both_ways(box, 1, text, err=f"this kernel has no maps of type {name}, which came with "
                      f"Linux {release}")
        else:
            both_ways(box, 0, text)


def test_tcx(box):
    box.veth()
    index = socket.if_nametoindex("v0")
    lacks = refused(link, load("sched_cls", "t"), index, BPF_TCX_INGRESS)
    text = "$p = prog asm type tc \"r0 = 0; exit\"; $l = link create $p tcx_ingress dev v0"
    if lacks:
        both_ways(box, 1, text, err=("'v0': this kernel has no attach type tcx_ingress, which came "
                                     "with Linux 6.6", "hint: older kernels have the filters of tc"))
    else:
        both_ways(box, 0, text)


def test_unix_sockets(box):
    """What libbpf 1.1 does not know either."""
    top = box.cgroup()
    lacks = refused(load, "cgroup_sock_addr", "u", 1, UNIX_CONNECT)
    for word in "connect_unix", "cgroup_unix_connect":
        text = (f"$p = prog asm type cgroup/connect4 \"r0 = 1; exit\"; "
                f"$l = link create $p cgroup {top} {word}")
        done = box.bpfsh("--plan", "-c", text)
        if lacks:
            done.expect(1, err="no attach type cgroup_unix_connect, which came with Linux 6.7")
        else:
            done.expect(0, out="cgroup_unix_connect")


def test_cgroups(box):
    """Kernels before 6.0 refuse to tell each program's flags, and tell one for all."""
    top = box.cgroup()
    prog, folder = load("cgroup_skb", "e", 1, EGRESS), os.open(top, 0)
    held = link(prog, folder, EGRESS)
    shown = box.bpfsh("-j", "cgroup", "show", top).expect(0).json
    tree = box.bpfsh("-j", "cgroup", "tree", top).expect(0).json
    assert tree == [{"cgroup": top, "programs": shown}], (tree, shown)
    row, = shown
    assert (row["id"], row["link_id"], row["attach_flags"]) == (ident(prog), ident(held), "multi"), row
    os.close(held)
    os.close(folder)


def test_program_types(box):
    """The kernel refuses the type without a word."""
    done = box.bpfsh("-c", "$p = prog asm type syscall \"r0 = 0; exit\"").expect(1)
    # Those that know it want it to sleep.
    assert re.search("no programs of type syscall, which came with Linux 5.14|only be sleepable",
                     done.err), done


def can_exchange(box):
    one, two = (box.pin(name) for name in "ab")
    for path in one, two:
        os.mkdir(path)
    failed = libc.renameat2(AT_FDCWD, one.encode(), AT_FDCWD, two.encode(), RENAME_EXCHANGE)
    assert not failed or ctypes.get_errno() == errno.EINVAL
    for path in one, two:
        os.rmdir(path)
    return not failed


def test_pins_are_exchanged(box):
    """Where a bpffs cannot, nothing is promised."""
    pin, able = box.pin("m"), can_exchange(box)
    box.map_create("m")
    text = f"map pin pinned {pin} {pin} replace"
    gap = "its pins are gone for a moment"
    box.veth()
    plan = box.bpfsh("--plan", "-c", f"$p = prog asm type xdp \"r0 = 2; exit\"; $l = link create $p "
                     "xdpgeneric dev v0; link detach $l").expect(0)
    assert (gap in plan.out) == (not able), plan
    if able:
        both_ways(box, 0, text)
    else:
        both_ways(box, 1, text, err="this kernel's bpffs cannot exchange two pins (Linux 5.17 can)")


TYPES_C = """
struct plain { int a; };
struct young { double f; enum { FAR = 0x100000000ull, NEAR = 1 } e; enum { LESS = -1 } s;
	       int __attribute__((btf_type_tag("user"))) *p; long last; };
struct young young_value;
"""


def test_types(box):
    """Kinds of BTF that the kernel does not know are left out, and the rest stays what it is."""
    source = box.file("young.c", TYPES_C)
    compiler = os.environ.get("CLANG", "clang").split()[-1]
    done = box.run(compiler, "-g", "-O2", "-target", "bpf", "-c", source, "-o", "young.o")
    if done.status:
        raise Skip("no clang that compiles for BPF")
    box.script(f"map create {box.pin('y')} type hash btf young.o key_type int value_type 'struct young'"
               f" entries 4 name y\n"
               f"map update pinned {box.pin('y')} key 7 value {{ last: 42 }}\n").expect(0)
    row, = box.bpfsh("-j", "map", "dump", "pinned", box.pin("y")).expect(0).json
    value = row["formatted"]["value"]
    assert row["formatted"]["key"] == 7 and value["last"] == 42, row
    assert set(value) == {"f", "e", "s", "p", "last"}, row


def test_links_that_trace(box):
    """Only what the kernel wrote is shown."""
    box.bpfsh("prog", "asm", "type", "tp_btf/sched_switch", "r0 = 0; exit", "pin",
              box.pin("p"))
    if not os.path.exists(box.pin("p")):
        raise Skip("no program traces by BTF here")
    prog = open_pin(box.pin("p"))
    held = bpf(RAW_TRACEPOINT_OPEN, struct.pack("=QI", 0, prog))
    rows = box.bpfsh("-j", "link", "show").expect(0).json
    row, = [row for row in rows if row["id"] == ident(held)]
    with open(f"/proc/self/fdinfo/{held}") as text:
        told = dict(re.findall("(target_\\w+):\\s*(\\d+)", text.read()))
    if told:
        assert row["target_btf_id"] == int(told["target_btf_id"]), (row, told)
    else:
        assert "target_btf_id" not in row or row["target_obj_id"] not in (32767, 0), row
    os.close(held)


def test_hidden_processes(box):
    """A listing that could not look everywhere says so."""
    def count(done):
        found = re.search("note: processes that do not show what they hold.*: (\\d+)", done.err)
        return int(found[1]) if found else 0

    with subprocess.Popen(["sleep", "100"], user=65534) as other:
        seen = box.bpfsh("perf", "show").expect(0)
        blind = box.run("setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search",
                        "--inh-caps=-sys_ptrace,-dac_override,-dac_read_search", BPFSH, "--no-rc",
                        "perf", "show").expect(0)
        other.kill()
    assert count(blind) > count(seen), (seen, blind)


def test_drawing_is_limited(box):
    """The process that draws has no more than half of the machine's memory."""
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    obj = os.path.join(BUILD, "tests/progs/cfg_machine.bpf.o")
    with Pty(box, "prog", "cfg", "obj", obj, "file", "x.png") as terminal:
        drawing = wait_until(lambda: children(terminal.pid))
        limited = lambda: resource.prlimit(drawing[0], resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
        wait_until(limited)
        most = resource.prlimit(drawing[0], resource.RLIMIT_AS)[0]
        os.kill(drawing[0], signal.SIGSTOP)
        with open(f"/proc/{drawing[0]}/statm") as text:
            has = int(text.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        os.kill(drawing[0], signal.SIGCONT)
        assert terminal.wait() == 0, terminal.seen
    assert most <= has + min(half, 4 << 30), (most, has, half)


run(__name__)
