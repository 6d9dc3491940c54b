# SPDX-License-Identifier: BSD-2-Clause
"""Programs in functions of the kernel, and at other places that not every kernel has.

Each is loaded and attached here, and found once in every listing that it belongs into,
by the name of what it is attached to.
"""
from attach import *
from bpfsh import *
from loader import Program
from state import create

BPF_TRACE_ITER, COOKIE, CONTEXT_SWITCHES = 28, 0x1234567890abcdef, 3
RELEASE = tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())
TELLS_LINK, TELLS_PROG, TELLS_PERF, TELLS_COOKIES = (5, 11), (6, 0), (6, 6), (6, 9)
REFUSED = (errno.EINVAL, errno.E2BIG, errno.EPERM, errno.ENOTSUP, 524, errno.EOPNOTSUPP, errno.ENOENT,
           errno.ESRCH, errno.ENODEV)


@contextlib.contextmanager
def asking(what):
    """Skips where the kernel refuses what is done inside."""
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        raise Skip(f"this kernel refuses {what}: {error}") from None


class Hook:
    """A program of test_hooks, attached, and what the listings show of it."""

    def __init__(self, box, name, attach=Program.attach, target=None):
        self.box = box
        with asking(name):
            self.program = Program(box.obj("hooks"), box.prefix + name, target)
            self.link = attach(self.program)
        self.prog_id = ident(self.program.fd)

    @property
    def link_id(self):
        return ident(self.link)

    def probe(self, **want):
        """The one row of perf show: without pid and descriptor, which are this process's."""
        rows = [row for row in self.box.bpfsh("-j", "perf", "show").expect(0).json
                if row["prog_id"] == self.prog_id]
        assert len(rows) == 1, rows
        assert rows[0].pop("pid") == os.getpid() and rows[0].pop("prog_id") == self.prog_id
        del rows[0]["fd"]
        assert rows[0] == want, (rows[0], want)
        lines = [line for line in self.box.bpfsh("perf", "show").expect(0).out.splitlines()
                 if f": prog_id {self.prog_id} " in line]
        assert len(lines) == 1, lines
        return lines[0].split(f"prog_id {self.prog_id}  ")[1]

    def in_links(self, **want):
        """link show of it: what bpftool shows, and these keys."""
        words = ["link", "show", "id", str(self.link_id)]
        ours = self.box.bpfsh("-j", *words).expect(0).json
        theirs = self.box.bpftool(*words)
        for rows in (ours, theirs):
            rows.pop("pids", None)
        # Newer ones tell more of some links, older ones less: neither is the other's to miss.
        assert all(ours.get(key, theirs[key]) == theirs[key] for key in theirs), (ours, theirs)
        assert {key: ours.get(key) for key in want} == want, (ours, want)
        return self.box.bpfsh(*words).expect(0).out

    def in_progs(self, **want):
        words = ["prog", "show", "id", str(self.prog_id)]
        ours = self.box.bpfsh("-j", *words).expect(0).json
        theirs = self.box.bpftool(*words)
        assert all(ours.get(key) == theirs[key] for key in theirs if key in ours), (ours, theirs)
        assert {key: ours.get(key) for key in want} == want, (ours, want)
        return self.box.bpfsh(*words).expect(0).out


def told(since, name):
    """A name, or nothing where the kernel does not tell it yet."""
    return name if RELEASE >= since else None


def function(box, hook, kind, name, prog_type="tracing"):
    """What is attached by BTF to a function of the kernel's."""
    seen = told(TELLS_LINK, name)
    line = hook.probe(fd_type=kind, func=seen, link_id=hook.link_id)
    assert line == f"{kind}  func {seen or 'unknown'}  link_id {hook.link_id}", line
    text = hook.in_links(type="tracing", prog_type=prog_type, attach_type=kind, target_name=seen)
    assert f"  target_name {seen or 'unknown'}\n" in text, text
    assert (" target_btf_id " in text) == bool(seen), text
    shown = told(TELLS_PROG, name)
    text = hook.in_progs(type=prog_type, target_name=shown)
    assert f"\n\ttarget_name {shown or 'unknown'}\n" in text, text


def test_fentry(box):
    function(box, Hook(box, "fentry"), "trace_fentry", "vfs_read")


def test_fexit(box):
    function(box, Hook(box, "fexit"), "trace_fexit", "vfs_read")


def test_fmod_ret(box):
    function(box, Hook(box, "fmod_ret"), "modify_return", "security_file_open")


def test_lsm(box):
    function(box, Hook(box, "lsm"), "lsm_mac", "bpf_lsm_file_open", "lsm")


def test_lsm_cgroup(box):
    """A cgroup's link does not tell the hook, but its program does."""
    path, name = box.cgroup(), "bpf_lsm_socket_bind"
    folder = os.open(path, os.O_RDONLY)
    hook = Hook(box, "lsm_cgroup", lambda program: program.attach_cgroup(folder))
    assert hook.probe(fd_type="lsm_cgroup", func=name, link_id=hook.link_id) == \
        f"lsm_cgroup  func {name}  link_id {hook.link_id}"
    hook.in_links(type="cgroup", attach_type="lsm_cgroup", target_name=name)
    hook.in_progs(type="lsm", target_name=name)
    ours = box.bpfsh("-j", "cgroup", "show", path).expect(0).json
    assert [(row["attach_type"], row["attach_btf_name"], row["link_id"]) for row in ours] == \
        [("lsm_cgroup", name, hook.link_id)], ours
    for words in ("show", "tree"):
        box.bpfsh("cgroup", words, path).expect(0, out=f"{box.prefix}lsm_cgroup {name}\n")
        theirs = box.run(BPFTOOL, "cgroup", words, path).out
        assert [line.split() for line in theirs.splitlines()] == [
            line.split() for line in box.bpfsh("cgroup", words, path).out.splitlines()], theirs


def test_freplace(box):
    """A function of another program, which is named where it is told; before it is attached too."""
    whole, part = Program(box.obj("hooks"), box.prefix + "whole"), box.prefix + "part"
    seen = []

    def attach(program):
        seen.append(box.bpfsh("-j", "prog", "show", "id", ident(program.fd)).expect(0).json)
        return program.attach()

    hook = Hook(box, "freplace", attach, (whole.fd, part))
    assert seen[0]["target_name"] == told(TELLS_PROG, part), seen
    name, of = told(TELLS_LINK, part), {}
    if name:
        of["target_prog_id"] = ident(whole.fd)
    line = hook.probe(fd_type="freplace", func=name, link_id=hook.link_id, **of)
    assert line == (f"freplace  func {name}  of prog {ident(whole.fd)}  link_id {hook.link_id}"
                    if name else f"freplace  func unknown  link_id {hook.link_id}"), line
    hook.in_links(type="tracing", prog_type="ext", target_name=name, **of)
    # The kernel forgets the target with the link; it has it then.
    hook.in_progs(type="ext", target_name=None)


def test_inside_a_program(box):
    """fentry at a function of another program: an ID that is none of BTF."""
    whole, part = Program(box.obj("hooks"), box.prefix + "whole"), box.prefix + "part"
    hook = Hook(box, "inside", target=(whole.fd, part))
    name, of = told(TELLS_LINK, part), {}
    if name:
        of["target_prog_id"] = ident(whole.fd)
    hook.probe(fd_type="trace_fentry", func=name, link_id=hook.link_id, **of)
    hook.in_links(type="tracing", prog_type="tracing", target_name=name, **of)


def module_function():
    """A function of a module's that its BTF has, and the module; by bpftool."""
    for path in sorted(glob.glob("/sys/kernel/btf/*")):
        module = os.path.basename(path)
        if module == "vmlinux":
            continue
        done = subprocess.run([BPFTOOL, "-j", "btf", "dump", "file", path, "--base-btf",
                               "/sys/kernel/btf/vmlinux"], capture_output=True, text=True)
        with open("/proc/kallsyms") as f:
            symbols = re.findall(rf"^\S+ [tT] (\w+)\t\[{module}\]$", f.read(), re.M)
        names = [t["name"] for t in json.loads(done.stdout or "{}").get("types", ())
                 if t["kind"] == "FUNC" and symbols.count(t["name"]) == 1]
        if names:
            return names, module
    raise Skip("this kernel has no module with BTF")


def test_module(box):
    """A function of a module's: its types continue those of the kernel."""
    names, module = module_function()
    for name in names:
        with contextlib.suppress(Skip):
            hook = Hook(box, "fentry", target=(0, name))
            break
    else:
        raise Skip(f"this kernel refuses fentry at all functions of {module}")
    line = hook.probe(fd_type="trace_fentry", func=name, module=module, link_id=hook.link_id)
    assert line == f"trace_fentry  func {name}  module {module}  link_id {hook.link_id}", line
    text = hook.in_links(target_name=name, target_module=module)
    assert f"  target_name {name}  module {module}\n" in text, text
    hook.in_progs(target_name=name, target_module=module)


def test_iter(box):
    hook = Hook(box, "iter")
    assert hook.probe(fd_type="iter", target_name="task", link_id=hook.link_id) == \
        f"iter  target_name task  link_id {hook.link_id}"
    hook.in_links(type="iter", target_name="task")
    hook.in_progs(type="tracing", target_name=told(TELLS_PROG, "bpf_iter_task"))


def test_tracepoints(box):
    """raw_tp and tp_btf, whose links are alike; a tracepoint's by a perf event."""
    for name in "raw_tp", "tp_btf":
        hook = Hook(box, name)
        assert hook.probe(fd_type="raw_tracepoint", tracepoint="sched_process_exit",
                          link_id=hook.link_id) == "raw_tracepoint  sched_process_exit"
        hook.in_links(type="raw_tracepoint", tp_name="sched_process_exit")
    hook.in_progs(type="tracing", target_name=told(TELLS_PROG, "sched_process_exit"))
    text = perf_link(box, Hook(box, "tracepoint"), "tracepoint", "  sched_process_exit",
                     tracepoint="sched_process_exit")
    assert text is None or RELEASE < TELLS_PERF or \
        "\n\ttracepoint  sched_process_exit\n" in text, text


def perf_link(box, hook, kind, text, **keys):
    """A perf event with its program by a link, where the kernel has such: one row, the event's."""
    linked = {}
    with contextlib.suppress(StopIteration):
        linked["link_id"] = hook.link_id
        text += f"  link_id {hook.link_id}"
    assert hook.probe(fd_type=kind, **keys, **linked) == kind + text
    if not linked:
        return None
    retprobe = {"retprobe": kind == "kretprobe"} if "func" in keys else {}
    if RELEASE < TELLS_PERF:
        retprobe, keys = {}, {}
    return hook.in_links(type="perf_event", **retprobe, **keys)


def test_kprobe(box):
    perf_link(box, Hook(box, "kprobe"), "kprobe", "  func vfs_read  offset 0",
              func="vfs_read", offset=0)
    text = perf_link(box, Hook(box, "kretprobe"), "kretprobe", "  func vfs_read  offset 0",
                     func="vfs_read", offset=0)
    assert text is None or RELEASE < TELLS_PERF or \
        re.search(r"\n\tkretprobe(  0x[0-9a-f]+)?  vfs_read\n", text), text


def shown_link(box, fd):
    """link show of it, as JSON and as text; all that bpftool tells is there, and the same."""
    words = ["link", "show", "id", ident(fd)]
    ours = box.bpfsh("-j", *words).expect(0).json
    theirs = box.bpftool(*map(str, words))
    # It has no names for what is newer.
    assert all(ours.get(key, theirs[key]) == theirs[key] for key in theirs
               if key not in ("pids", "type")), theirs
    assert theirs["type"] == ours["type"] or isinstance(theirs["type"], int), theirs
    return ours, box.bpfsh(*words).expect(0).out


def mine(box, prog):
    rows = box.bpfsh("-j", "perf", "show").expect(0).json
    return [row for row in rows if row["prog_id"] == ident(prog)]


def test_links_of_one_program(box):
    """Links in several functions: each with its own, or where they do not tell, none is guessed."""
    prog = load("kprobe", box.prefix + "k")
    with asking("kprobes by links"):
        events = [kprobe("vfs_read"), kprobe("vfs_write"), kprobe("vfs_write", returns=True)]
        links = [link(prog, event, BPF_PERF_EVENT) for event in reversed(events)][::-1]
    rows = mine(box, prog)
    assert [(row["fd"], row["fd_type"], row["func"]) for row in rows] == [
        (events[0], "kprobe", "vfs_read"), (events[1], "kprobe", "vfs_write"),
        (events[2], "kretprobe", "vfs_write")], rows
    ids = [ident(fd) for fd in links]
    if RELEASE >= TELLS_PERF:
        assert [row["link_id"] for row in rows] == ids and "link_ids" not in rows[0], rows
    else:
        assert all(row["link_id"] is None and sorted(row["link_ids"]) == sorted(ids)
                   for row in rows), rows
        box.bpfsh("perf", "show").expect(0, out="offset 0  perhaps link_id ")


def test_event_of_one_link_of_another(box):
    """A probe without link beside one with, of the same program; and a link without its event."""
    prog = load("kprobe", box.prefix + "k")
    alone, event = kprobe("vfs_read"), kprobe("vfs_write")
    set_bpf(alone, prog)
    with asking("kprobes by links"):
        only = link(prog, event, BPF_PERF_EVENT)
    rows = mine(box, prog)
    assert [row["fd"] for row in rows] == [alone, event], rows
    if RELEASE >= TELLS_PERF:
        assert "link_id" not in rows[0] and rows[1]["link_id"] == ident(only), rows
    else:
        assert all(row["link_id"] is None and row["link_ids"] == [ident(only)]
                   for row in rows), rows
    os.close(event)
    if RELEASE >= TELLS_PERF:
        rows = mine(box, prog)
        assert [row["fd"] for row in rows] == [alone, only], rows
        assert [row["func"] for row in rows] == ["vfs_read", "vfs_write"], rows


def test_kprobe_multi(box):
    """The functions by name, each with its cookie; of many, the text has the first."""
    with asking("kprobe.multi"):
        prog = load("kprobe", box.prefix + "m", 0, BPF_TRACE_KPROBE_MULTI)
        multi = kprobe_multi(prog, ["vfs_read", "vfs_write"], [7, 1 << 63])
    row, = mine(box, prog)
    assert (row["fd_type"], row["func_cnt"], row["link_id"]) == \
        ("kprobe_multi", 2, ident(multi)), row
    cookies = {"vfs_read": 7, "vfs_write": 1 << 63} if RELEASE >= TELLS_COOKIES else {}
    assert {one["func"]: one.get("cookie") for one in row["funcs"]} == {
        name: cookies.get(name) for name in ("vfs_read", "vfs_write")}, row
    assert all(one["addr"] for one in row["funcs"]), row
    out = box.bpfsh("perf", "show").expect(0, out=f"kprobe_multi  func_cnt 2  link_id "
                                                  f"{ident(multi)}\n\tvfs_").out
    assert not cookies or f"vfs_write cookie {1 << 63}" in out, out
    shown, text = shown_link(box, multi)
    if RELEASE < TELLS_PERF:
        assert shown.keys() <= {"id", "type", "prog_id", "pids"}, shown
        return
    assert (shown["retprobe"], shown["func_cnt"], shown["funcs"]) == (False, 2, row["funcs"]), shown
    assert "\n\tkprobe.multi  func_cnt 2\n\tvfs_" in text, text


def test_uprobe_multi(box):
    """Places in a file, each with its cookie; JSON has 1,024 of them, the text eight."""
    path = box.file("code", b"\x90" * 32768)
    offsets = [8192 + 16 * n for n in range(1100)]
    with asking("uprobe.multi"):
        prog = load("kprobe", box.prefix + "m", 0, BPF_TRACE_UPROBE_MULTI)
        multi = uprobe_multi(prog, path, *offsets, cookies=range(1, 1101))
    row, = mine(box, prog)
    if RELEASE < (6, 8):
        raise Skip("this kernel does not tell where a uprobe.multi is")
    assert (row["filename"], row["func_cnt"], len(row["funcs"])) == (path, 1100, 1024), row
    assert {one["offset"]: one.get("cookie") for one in row["funcs"]} == {
        offset: n + 1 for n, offset in enumerate(offsets[:1024])}, row["funcs"][:5]
    box.bpfsh("perf", "show").expect(0, out=[
        "\n\toffset 8192 cookie 1, offset 8208 cookie 2, ", "cookie 8, and 1092 more\n"])
    shown, text = shown_link(box, multi)
    assert (shown["retprobe"], shown["path"], shown["func_cnt"], shown["funcs"]) == \
        (False, path, 1100, row["funcs"]), shown
    assert f"\n\tuprobe.multi  path {path}  func_cnt 1100\n\toffset 8192 " in text, text


def test_uprobe_link(box):
    """A file's probe by a link, once; the same twice: which link is whose is not told."""
    shell, prog = os.path.realpath("/bin/sh"), load("kprobe", box.prefix + "u")
    event = uprobe(shell, 0x2000)
    with asking("uprobes by links"):
        first = link(prog, event, BPF_PERF_EVENT)
    row, = mine(box, prog)
    assert (row["fd"], row["filename"], row["offset"], row["link_id"]) == \
        (event, shell, 0x2000, ident(first)), row
    second = link(prog, uprobe(shell, 0x2000), BPF_PERF_EVENT)
    rows = mine(box, prog)
    assert len(rows) == 2 and all(row["link_ids"] == [ident(first), ident(second)]
                                  for row in rows), rows


def test_details_of_perf_links(box):
    """A file's probe with a cookie, at its return too; an event, by the names that perf has."""
    prog, shell = load("kprobe", box.prefix + "u"), os.path.realpath("/bin/sh")
    with asking("links of perf events with cookies"):
        link(prog, uprobe(shell, 0x2000), BPF_PERF_EVENT)
        fd = link(prog, probe_event("uprobe", shell, 0x2010, True), BPF_PERF_EVENT,
                  struct.pack("=Q", COOKIE))
    if RELEASE < TELLS_PERF:
        shown, text = shown_link(box, fd)
        assert shown.keys() <= {"id", "type", "prog_id", "pids"}, shown
        return
    shown, text = shown_link(box, fd)
    cookie = {"cookie": COOKIE} if RELEASE >= TELLS_COOKIES else {}
    assert {key: shown.get(key) for key in ("retprobe", "file", "offset", *cookie)} == {
        "retprobe": True, "file": shell, "offset": 0x2010, **cookie}, shown
    assert f"\n\turetprobe  {shell}+0x2010" in text, text
    event = perf_event(PERF_TYPE_SOFTWARE, CONTEXT_SWITCHES)
    shown, text = shown_link(box, link(load("perf_event", box.prefix + "e"), event, BPF_PERF_EVENT))
    assert (shown["event_type"], shown["event_config"]) == ("software", "context-switches"), shown
    assert "\n\tevent  software:context-switches\n" in text, text


def test_cookies(box):
    """Of what is attached by BTF and of raw tracepoints, where the kernel tells them."""
    prog = load("raw_tracepoint", box.prefix + "r")
    name = ctypes.create_string_buffer(b"sched_process_exit")
    with asking("cookies of raw tracepoints"):
        fd = bpf(RAW_TRACEPOINT_OPEN, struct.pack("=QIIQ", ctypes.addressof(name), prog, 0, COOKIE))
    shown, text = shown_link(box, fd)
    assert shown["tp_name"] == "sched_process_exit", shown
    assert shown.get("cookie") in (None, COOKIE), shown
    assert (f"\n\ttp 'sched_process_exit'  cookie {COOKIE}\n" in text) == ("cookie" in shown), text
    assert RELEASE < (6, 18) or "cookie" in shown, shown


def test_sockmap_link(box):
    with asking("links of maps of sockets"):
        table = create("sockmap", 4, 4, 1, box.prefix + "s")
        fd = link(load("sk_msg", box.prefix + "m"), table, SK_MSG_VERDICT)
    number = fact(table, "map_id")
    shown, text = shown_link(box, fd)
    assert (shown["type"], shown["map_id"], shown["attach_type"]) == \
        ("sockmap", number, "sk_msg_verdict"), shown
    assert f"\n\tmap_id {number}  attach_type sk_msg_verdict\n" in text, text
    box.script(f"link detach id {ident(fd)}\n").expect(0)
    shown, text = shown_link(box, fd)
    assert shown["map_id"] is None and "\n\tmap_id (detached)  attach_type " in text, (shown, text)


def test_iterators(box):
    """What an iterator is of: one process; a tree of cgroups, in an order."""
    group, shown = os.open(box.cgroup(), os.O_RDONLY), {}
    for name, of in ("iter", struct.pack("=II", 0, os.getpid())), \
            ("iter_cgroup", struct.pack("=IIQ", 2, group, 0)):
        with asking(name):
            program = Program(box.obj("hooks"), box.prefix + name)
            info = ctypes.create_string_buffer(of)
            fd = link(program.fd, 0, BPF_TRACE_ITER,
                      struct.pack("=QI", ctypes.addressof(info), len(of)))
        shown[name] = shown_link(box, fd)
    assert shown["iter"][0]["pid"] == os.getpid(), shown
    assert f"target_name task  pid {os.getpid()}\n" in shown["iter"][1], shown
    number = os.fstat(group).st_ino
    assert (shown["iter_cgroup"][0]["cgroup_id"], shown["iter_cgroup"][0]["order"]) == \
        (number, "descendants_pre"), shown
    assert f"target_name cgroup  cgroup_id {number}  order descendants_pre\n" in \
        shown["iter_cgroup"][1], shown


def test_netfilter_link(box):
    with asking("netfilter"):
        fd = netfilter(load("netfilter", box.prefix + "f", 1, BPF_NETFILTER), 2, 1, -128)
    shown, text = shown_link(box, fd)
    assert {key: shown.get(key) for key in ("pf", "hook", "prio", "flags")} == \
        {"pf": 2, "hook": 1, "prio": -128, "flags": 0}, shown
    assert "\n\tip input prio -128\n" in text, text


def test_netkit(box):
    """Both ends of a netkit device: a link at the peer names that, net show its other end."""
    # The peer becomes nk0.
    if box.run("ip", "link", "add", "netkit", "type", "netkit").status:
        raise Skip("this kernel has no netkit")
    prog = load("sched_cls", box.prefix + "n", -1, BPF_NETKIT_PRIMARY)
    device, ends = socket.if_nametoindex("netkit"), {"netkit_primary": "netkit", "netkit_peer": "nk0"}
    links = {kind: link(prog, device, number, b"\0" * 16) for kind, number in
             (("netkit_primary", BPF_NETKIT_PRIMARY), ("netkit_peer", BPF_NETKIT_PEER))}
    for kind, fd in links.items():
        one = box.bpfsh("-j", "link", "show", "id", ident(fd)).expect(0).json
        assert (one["type"], one["devname"], one["attach_type"]) == ("netkit", ends[kind], kind), one
        box.bpfsh("link", "show", "id", ident(fd)).expect(0, out=f"attach_type {kind}\n")
    shown = box.bpfsh("-j", "net", "show").expect(0).json[0]["tc"]
    assert {(row["devname"], row["kind"].replace("/", "_"), row["prog_id"], row["link_id"])
            for row in shown} == {("netkit", kind, ident(prog), ident(fd))
                                  for kind, fd in links.items()}, shown
    box.bpfsh("net", "show").expect(0, out=f"netkit/peer {box.prefix}n prog_id {ident(prog)}")


def test_struct_ops(box):
    """A table of functions: what its programs are attached to is its type."""
    with asking("struct_ops"):
        program = Program(box.obj("ops"), box.prefix + "ssthresh")
    words = ["prog", "show", "id", ident(program.fd)]
    with program.registered(box.prefix + "ops") as table:
        one = box.bpfsh("-j", *words).expect(0).json
        assert one["type"] == "struct_ops", one
        assert one["target_name"] == told(TELLS_PROG, "tcp_congestion_ops"), one
        one = box.bpfsh("-j", "map", "show", "id", fact(table, "map_id")).expect(0).json
        assert (one["type"], one["name"]) == ("struct_ops", box.prefix + "ops"), one


def test_struct_ops_link(box):
    """A link that has a map in place of a program; kernels since 6.4 have such."""
    name = box.prefix + "ops"
    with asking("links of struct_ops"):
        program = Program(box.obj("ops"), box.prefix + "ssthresh", flags=(name, BPF_F_LINK))
    with program.registered(name) as table:
        fd, number = link(table, 0, BPF_STRUCT_OPS), fact(table, "map_id")
        one = box.bpfsh("-j", "link", "show", "id", ident(fd)).expect(0).json
        assert (one["type"], one["map_id"]) == ("struct_ops", number), one
        box.bpfsh("link", "show", "id", ident(fd)).expect(0, out=f"struct_ops  map {number}")
        os.close(fd)


run(__name__)
