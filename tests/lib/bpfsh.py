# SPDX-License-Identifier: BSD-2-Clause
"""What bpfsh's tests share.

A test file defines functions test_*(box) and ends with run(__name__). Each
function runs in a child process with mount and network namespaces of its own,
a temporary directory (the working directory, HOME, XDG_*), and a bpffs on its
"bpf" folder. Names: every object that a test makes is called t_TAG_..., with
box.tag, so that tests can run side by side and what is left can be found.

In C, tests/progs/test_*.bpf.c use t_XXXX_...; box.obj("maps") gives a copy of
what test_maps.bpf.c became, with the tag in place of XXXX. A test may raise Skip, and
fails by any other exception.

Result lines on the standard output: "ok NAME", "skip NAME: WHY", and
"fail NAME" followed by lines that begin with a tab.
"""
import contextlib
import ctypes
import errno
import glob
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("O", os.path.join(ROOT, "build")))
BPFSH = os.path.join(BUILD, "bpfsh")
TIMEOUT = int(os.environ.get("TEST_TIMEOUT", "300"))
# Deadlines are there for what hangs: what is merely slow, on a busy machine, is to pass.
PATIENCE = int(os.environ.get("TEST_PATIENCE", "60"))
# Of the points at which a run can be killed or fail, those tried: each, or each so manyth.
POINT_STEP = int(os.environ.get("POINT_STEP", "1"))
LINKER_DIED = "Inconsistency detected by ld.so: "
PLACEHOLDER = "XXXX"

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND = 4096
MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC, MS_PRIVATE = 4, 8, 2, 16384, 1 << 18
MNT_DETACH = 2
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """What the test needs is not here."""


def syscheck(result, what):
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind, flags=0, data=None):
    encode = lambda s: s.encode() if s is not None else None
    syscheck(libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)),
             f"cannot mount '{target}'")


def umount(target):
    syscheck(libc.umount2(target.encode(), MNT_DETACH), f"cannot unmount '{target}'")


def hide_bpffs():
    """Unmounts what bpffs this mount namespace has, all private: a test uses only its own."""
    with open("/proc/self/mounts") as f:
        for line in reversed(list(f)):
            _, path, kind = line.split()[:3]
            if kind == "bpf":
                umount(path.encode().decode("unicode_escape"))


def find_bpftool():
    """A bpftool that runs: Ubuntu's is a wrapper that needs the right kernel."""
    candidates = ["bpftool", "/usr/sbin/bpftool"]
    for tool in candidates + sorted(glob.glob("/usr/lib/linux-tools/*/bpftool")):
        path = shutil.which(tool)
        if path and not subprocess.run([path, "version"], capture_output=True).returncode:
            return path
    return None


BPFTOOL = find_bpftool()


def base62(n, width):
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    out = ""
    for _ in range(width):
        n, digit = divmod(n, 62)
        out = digits[digit] + out
    return out


def bpftool_json(*words, check=True):
    if not BPFTOOL:
        raise Skip("no bpftool that runs here")
    done = subprocess.run([BPFTOOL, "-j", *words], capture_output=True, text=True)
    # Newer ones show one link well and end with 255.
    one_link = words[:2] == ("link", "show") and len(words) > 2 and '"error"' not in done.stdout
    if check and done.returncode and not one_link:
        raise AssertionError(f"bpftool -j {' '.join(words)}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout or "null")


class Done:
    """A process that ended: status (negative: by that signal), out and err as text."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def jsonl(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return (f"{' '.join(map(str, self.command))}\n"
                f"status {self.status}\nstdout:\n{self.out}\nstderr:\n{self.err}")

    def expect(self, status=0, out=None, err=None):
        """Checks the status; out and err are texts that must occur there."""
        assert self.status == status, f"expected status {status}:\n{self}"
        for want, got, name in ((out, self.out, "stdout"), (err, self.err, "stderr")):
            for text in [want] if isinstance(want, str) else want or []:
                assert text in got, f"expected {text!r} on {name}:\n{self}"
        return self


def wait_until(condition, timeout=PATIENCE):
    """Asks again and again; returns the first answer that is true."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} seconds in vain")
        time.sleep(0.005)
    return answer


def points_between(first, last):
    return range(first, last + 1, POINT_STEP)


def process_stat(pid):
    """State ("S": it waits), and seconds of processor time, of a process that is there."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]


def has_taken(pid, number):
    """True where no such signal is pending any more, and the process waits again."""
    with open(f"/proc/{pid}/status") as f:
        pending = next(int(line.split()[1], 16) for line in f if line.startswith("ShdPnd:"))
    return not pending >> number - 1 & 1 and process_stat(pid)[0] == "S"


def command_rows():
    """The rows of the command table as they stand in the sources: by object and verb, their text.

    Those of pins, which are alike, are made by a macro, and not among them.
    """
    rows = []
    for path in glob.glob(os.path.join(ROOT, "commands", "**", "*.c"), recursive=True):
        with open(path) as f:
            rows += re.findall(r"const struct cmd \w+ = \{\n(.*?)\n\};", f.read(), re.S)
    named = [(re.search(r'\.object = "(\w+)", \.verb = "(\w+)"', row), row) for row in rows]
    found = {" ".join(name.groups()): row for name, row in named if name}
    assert len(found) > 35, found.keys()
    return found


# What shows who holds an object.
HOLDERS = re.compile(r'\n\tpids [^\n]*|,\s*"pids":\s*\[[^\]]*\]')


class Box:
    """One test's own corner of the machine."""

    made = 0

    def __init__(self, name):
        self.name = name
        self.dir = tempfile.mkdtemp(prefix="bpfsh-test-")
        Box.made += 1
        self.tag = base62(os.getpid() * 100 + Box.made, len(PLACEHOLDER))
        self.prefix = f"t_{self.tag}_"
        self.bpffs = os.path.join(self.dir, "bpf")
        self.cgroups = []

    # Set-up and clean-up: enter() and exit() run in the test's child, leave() in the parent.

    def enter(self):
        syscheck(libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "cannot unshare")
        # In a plain chroot "/" is no mount point; what is mounted is unmounted in any case.
        with contextlib.suppress(OSError):
            mount("none", "/", None, MS_REC | MS_PRIVATE)
            hide_bpffs()
        # A readable directory: some tests become another user in it.
        os.chmod(self.dir, 0o755)
        os.mkdir(self.bpffs)
        mount("bpf", self.bpffs, "bpf", MS_NODEV | MS_NOEXEC | MS_NOSUID, "mode=0755")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        os.chdir(self.dir)
        home = os.path.join(self.dir, "home")
        os.mkdir(home)
        keep = {k: os.environ[k] for k in ("PATH", "LSAN_OPTIONS", "SANITIZE") if k in os.environ}
        os.environ.clear()
        os.environ.update(keep, HOME=home, TERM="xterm", EDITRC="/dev/null", LC_ALL="C.UTF-8",
                          TZ="UTC", O=BUILD, XDG_CONFIG_HOME=f"{home}/config",
                          XDG_STATE_HOME=f"{home}/state", XDG_DATA_HOME=f"{home}/data",
                          XDG_CACHE_HOME=f"{home}/cache", XDG_RUNTIME_DIR=f"{home}/run")
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        # Journals of other sessions are none of a test's business, nor the reverse.
        mount("tmpfs", "/run", "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755")

    def exit(self):
        """In the test's child, at its end."""
        os.chdir("/")
        for path in (self.bpffs, "/run"):
            with contextlib.suppress(OSError):
                umount(path)

    def leave(self):
        """Removes what the test's folder holds, and returns what was left elsewhere."""
        left = []
        for path in self.cgroup_paths():
            try:
                os.rmdir(path)
            except OSError as error:
                left.append(f"cgroup {path}: {error.strerror}")
        shutil.rmtree(self.dir, ignore_errors=True)
        if os.path.exists(self.dir):
            left.append(f"directory {self.dir}")
        # Objects die after a grace period of the kernel's.
        deadline = time.monotonic() + PATIENCE
        while True:
            objects = self.objects()
            if not objects or time.monotonic() > deadline:
                return left + objects
            time.sleep(0.02)

    def cgroup_paths(self):
        root = cgroup_root()
        return sorted(glob.glob(f"{root}/{self.prefix}*"), reverse=True) if root else []

    def objects(self):
        """Every map and program of this test that the kernel has, as "map 12 t_..." lines.

        Without program arrays: now and then the kernel keeps one that nobody holds any more.
        """
        if not BPFTOOL:
            return []
        return [f"{kind} {o['id']} {o['name']}"
                for kind in ("map", "prog") for o in self.retry(kind)
                if o.get("name", "").startswith(self.prefix) and o["type"] != "prog_array"]

    @staticmethod
    def retry(kind):
        """A listing by bpftool, which fails where an object goes away meanwhile."""
        for attempt in range(20):
            done = subprocess.run([BPFTOOL, "-j", kind, "show"], capture_output=True, text=True)
            with contextlib.suppress(ValueError):
                found = json.loads(done.stdout)
                if isinstance(found, list) and not any("error" in o for o in found):
                    return found
        raise AssertionError(f"bpftool -j {kind} show: {done.stdout}{done.stderr}")

    # Things to work on.

    def obj(self, name):
        """A copy t_TAG_NAME.o of tests/progs/test_NAME.bpf.o with this test's tag in its names."""
        source = os.path.join(BUILD, "tests/progs", f"test_{name}.bpf.o")
        if not os.path.exists(source):
            raise AssertionError(f"{source} is missing: run make progs")
        target = os.path.join(self.dir, f"{self.prefix}{name}.o")
        with open(source, "rb") as f:
            data = f.read().replace(b"t_" + PLACEHOLDER.encode(), self.prefix[:-1].encode())
        with open(target, "wb") as f:
            f.write(data)
        return target

    def big_object(self, branches):
        """An object of one XDP program "big" of about two blocks a branch."""
        steps = "".join(f"\tif (p[{n * 7 % 64}] > {n % 251 + 1})\n"
                        f'\t\tasm volatile("%0 += {n}" : "+r"(x));\n' for n in range(branches))
        source, target = self.file("big.c", BIG_PROGRAM % steps), os.path.join(self.dir, "big.o")
        machine = self.run("cc", "-dumpmachine").expect(0).out.strip()
        self.run("clang", "-target", "bpf", "-g", "-O2", f"-I/usr/include/{machine}", "-c",
                 "-o", target, source).expect(0)
        return target

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)
        return path

    def pin(self, name):
        return os.path.join(self.bpffs, name)

    def pins(self):
        """Pins of the test's bpffs, without the kernel's own preloaded iterators."""
        return sorted(os.path.relpath(os.path.join(folder, f), self.bpffs)
                      for folder, _, files in os.walk(self.bpffs) for f in files
                      if not f.endswith(".debug"))

    def folders(self):
        return sorted(os.path.relpath(os.path.join(folder, f), self.bpffs)
                      for folder, found, _ in os.walk(self.bpffs) for f in found)

    def cgroup(self, name="g"):
        """A new cgroup (version 2) below the root; processes are the test's to move."""
        root = cgroup_root()
        if not root:
            raise Skip("no cgroup2 is mounted")
        path = os.path.join(root, self.prefix + name)
        os.mkdir(path)
        return path

    def veth(self, one="v0", two="v1"):
        subprocess.run(["ip", "link", "add", one, "type", "veth", "peer", "name", two], check=True)
        for dev in (one, two):
            subprocess.run(["ip", "link", "set", dev, "up"], check=True)
        return one, two

    def map_create(self, name, kind="hash", key=4, value=4, entries=16, *more):
        """A map made by bpftool, pinned; returns the pin's path."""
        path = self.pin(name)
        self.bpftool("map", "create", path, "type", kind, "key", str(key), "value", str(value),
                     "entries", str(entries), "name", self.prefix + name, *more)
        return path

    # Running things.

    # Whether who holds an object is to be seen: a test beside this one may, for a moment.
    shows_holders = False

    def bpftool(self, *words):
        """bpftool's JSON answer."""
        return bpftool_json(*map(str, words))

    def run(self, *command, input=None, timeout=TIMEOUT, **more):
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        if input is None:
            more.setdefault("stdin", subprocess.DEVNULL)
        command = [str(word) for word in command]
        done = subprocess.run(command, input=input, text=True, errors="replace", timeout=timeout,
                              **more)
        # Now and then, on a busy machine, the dynamic linker dies before the program begins.
        if done.returncode == 127 and (done.stderr or "").startswith(LINKER_DIED):
            return self.run(*command, input=input, timeout=timeout, **more)
        out = done.stdout or ""
        result = Done(command, done.returncode, out if self.shows_holders else HOLDERS.sub("", out),
                      done.stderr or "")
        assert not crashed(result), f"crash:\n{result}"
        return result

    def bpfsh(self, *words, **more):
        """One bpfsh run, as on a command line."""
        return self.run(BPFSH, "--no-rc", *words, **more)

    def unread(self, *words):
        """One whose standard output is a pipe that nobody reads."""
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return self.bpfsh(*words, stdout=writer)
        finally:
            os.close(writer)

    def script(self, text, *args, options=(), **more):
        """A script file of this text, run as one transaction."""
        path = self.file("script.bsh", text)
        return self.bpfsh(*options, "-f", path, *args, **more)

    def unprivileged(self, *words, **more):
        return self.run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                        "--inh-caps=-all", "--bounding-set=-all", BPFSH, "--no-rc", *words, **more)

    # Looking at the state, always by bpftool.

    def elements(self, pin):
        """A map's elements, raw, sorted; none of a type that bpftool cannot dump."""
        dump = bpftool_json("map", "dump", "pinned", pin, check=False)
        return sorted(json.dumps({k: v for k, v in e.items() if k != "formatted"}) for e in dump)

    def snapshot(self):
        """All that a rollback has to restore: objects, pins with their identity, elements."""
        pins = {}
        for name in self.pins():
            path = self.pin(name)
            pins[name] = pin_identity(path)
        maps = {o["id"] for o in self.retry("map") if o.get("name", "").startswith(self.prefix)}
        progs = {o["id"] for o in self.retry("prog") if o.get("name", "").startswith(self.prefix)}
        elements = {name: self.elements(self.pin(name))
                    for name, (kind, _) in pins.items() if kind == "map"}
        return {"pins": pins, "folders": self.folders(), "maps": maps, "progs": progs,
                "elements": elements, "files": sorted(set(os.listdir(self.dir)) - {"script.bsh"})}

    def unchanged(self, before, grace=20):
        """Asserts that the state is the one before, once the kernel freed what is to go."""
        deadline = time.monotonic() + grace
        while True:
            after = self.snapshot()
            if after == before:
                return
            if time.monotonic() > deadline:
                raise AssertionError("state differs:\n" + "\n".join(differences(before, after)))
            time.sleep(0.02)


def differences(before, after, where=""):
    """Lines "pins.m: before -> after", of those members alone that differ."""
    if before == after:
        return []
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [f"{where}: {before} -> {after}"]
    return [line for key in sorted({*before, *after})
            for line in differences(before.get(key), after.get(key), f"{where}.{key}".lstrip("."))]


def pin_identity(path):
    """What a pin holds, as (kind, ID), by bpftool."""
    for kind in ("map", "prog", "link"):
        done = subprocess.run([BPFTOOL, "-j", kind, "show", "pinned", path], capture_output=True,
                              text=True)
        with contextlib.suppress(ValueError):
            answer = json.loads(done.stdout)
            if isinstance(answer, dict) and "id" in answer:
                return kind, answer["id"]
    return "?", None


BIG_PROGRAM = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int big(struct xdp_md *ctx)
{
	const __u8 *p = (void *)(long)ctx->data;
	__u64 x = ctx->rx_queue_index;

	if ((void *)(p + 64) > (void *)(long)ctx->data_end)
		return XDP_PASS;
%s
	return x & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
"""


# Numbers of system calls; the processors that came late share one table.
SHARED_SYSCALLS = {"bpf": 280, "perf_event_open": 241}
SYSCALLS = {
    "x86_64": {"bpf": 321, "perf_event_open": 298},
    "s390x": {"bpf": 351, "perf_event_open": 331},
    "ppc64le": {"bpf": 361, "perf_event_open": 319},
    "aarch64": SHARED_SYSCALLS, "riscv64": SHARED_SYSCALLS, "loongarch64": SHARED_SYSCALLS,
}
BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET, BPF_MAP_UPDATE_BATCH, BPF_LINK_CREATE = 4, 7, 26, 28
BPF_XDP, XDP_FLAGS_SKB_MODE = 37, 2


def syscall_number(name):
    machine = os.uname().machine
    if machine not in SYSCALLS:
        raise Skip(f"the number of {name}(2) on {machine} is not known here")
    return SYSCALLS[machine][name]


@contextlib.contextmanager
def memlock_lifted():
    """Until Linux 5.11 what is loaded counts; the program under test is to lift its limit itself."""
    limits = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY,) * 2)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, limits)


def bpf(command, attributes):
    """bpf(2) itself, for what the tests must do without the program under test."""
    attributes = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    with memlock_lifted():
        result = libc.syscall(syscall_number("bpf"), command, attributes, 128)
    syscheck(result < 0, f"bpf(2) command {command}")
    return result


def open_pin(pin):
    path = ctypes.create_string_buffer(pin.encode())
    return bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))


def host_number(n, size):
    """An integer as programs see it, in the first eight bytes where there are more."""
    return n.to_bytes(min(size, 8), sys.byteorder).ljust(size, b"\0")


def fill_map(pin, entries, key_size=4, value_size=4, prefix=b""):
    """Elements 0..entries-1, keys (behind the prefix) and values the number itself.

    The value's size is that for all CPUs where the map has a value for each.
    """
    fd = open_pin(pin)
    key_size -= len(prefix)
    for start in range(0, entries, 4096):
        numbers = range(start, min(start + 4096, entries))
        keys = b"".join(prefix + host_number(n, key_size) for n in numbers)
        values = b"".join(host_number(n, value_size) for n in numbers)
        key_buffer, value_buffer = (ctypes.create_string_buffer(data) for data in (keys, values))
        bpf(BPF_MAP_UPDATE_BATCH, struct.pack(
            "=QQQQIIQQ", 0, 0, ctypes.addressof(key_buffer), ctypes.addressof(value_buffer),
            len(numbers), fd, 0, 0))
    os.close(fd)


def has_elements(pin):
    fd, key = open_pin(pin), ctypes.create_string_buffer(512)
    try:
        bpf(BPF_MAP_GET_NEXT_KEY, struct.pack("=IIQQ", fd, 0, 0, ctypes.addressof(key)))
        return True
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        return False
    finally:
        os.close(fd)


class XdpLink:
    """An XDP link, for listings to find; it ends with the with block."""

    def __init__(self, pin, device):
        prog = open_pin(pin)
        try:
            self.fd = bpf(BPF_LINK_CREATE, struct.pack(
                "=IIII", prog, socket.if_nametoindex(device), BPF_XDP, XDP_FLAGS_SKB_MODE))
        finally:
            os.close(prog)
        with open(f"/proc/self/fdinfo/{self.fd}") as info:
            self.id = next(int(line.split()[1]) for line in info if line.startswith("link_id:"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)


def crashed(done):
    return (done.status in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE)
            or "Sanitizer" in done.err or "runtime error:" in done.err)


def cgroup_root():
    """Where the machine has cgroup2 mounted, or None."""
    with open("/proc/self/mounts") as mounts:
        for line in mounts:
            words = line.split()
            if words[2] == "cgroup2":
                return words[1]
    return None


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[()][0-9A-B]|\x1b[=>78]")


class Pty:
    """bpfsh at a terminal; sends keys, and waits for what is to appear.

    What is compared is the text since the last check, without escape sequences.
    """

    def __init__(self, box, *words, rows=24, columns=100, env=None):
        self.box, self.seen, self.pending = box, "", ""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(env or {})
            os.execv(BPFSH, [BPFSH, "--no-rc", *words])
        self.resize(rows, columns)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            os.close(self.fd)
        with contextlib.suppress(ChildProcessError):
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            if not pid:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def read(self, seconds):
        """Adds what comes within this time; False at the end of file."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.seen += data.decode(errors="replace")
        self.pending += data.decode(errors="replace")
        return bool(data)

    @property
    def text(self):
        return ESCAPES.sub("", self.pending).replace("\r", "").replace("\a", "")

    def expect(self, want, timeout=PATIENCE):
        """Waits for a text, or a compiled regular expression, and consumes all up to now."""
        deadline = time.monotonic() + timeout
        alive = True
        while True:
            text = self.text
            found = want.search(text) if hasattr(want, "search") else want in text
            if found:
                self.pending = ""
                return text
            if not alive or time.monotonic() > deadline:
                raise AssertionError(f"{want!r} did not appear in:\n{text!r}\n"
                                     f"(all: {self.seen[-2000:]!r})")
            alive = self.read(max(0.01, min(0.2, deadline - time.monotonic())))

    def check(self, keys, want, timeout=PATIENCE):
        """Sends keys and waits for text: check("ma\\t", "map ")."""
        self.send(keys)
        return self.expect(want, timeout)

    def settle(self, quiet=0.15):
        """Reads until nothing came for a while; returns and consumes the text."""
        length = -1
        while length != len(self.pending):
            length = len(self.pending)
            self.read(quiet)
        text, self.pending = self.text, ""
        return text

    def wait(self, timeout=PATIENCE):
        """The exit status, negative for a signal."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"does not end:\n{self.text!r}")


def run_one(test, box):
    """Runs in the child: exit status 0 ok, 1 failed (text on fd), 2 skipped."""
    try:
        box.enter()
        signal.alarm(TIMEOUT)
        test(box)
        signal.alarm(0)
        return 0, ""
    except Skip as reason:
        return 2, str(reason)
    except BaseException:
        return 1, traceback.format_exc()
    finally:
        signal.alarm(0)
        box.exit()


def terminal_of(box, *command, out=None):
    """A terminal for another command line than "bpfsh --no-rc"."""
    tty = Pty.__new__(Pty)
    tty.box, tty.seen, tty.pending = box, "", ""
    tty.pid, tty.fd = pty.fork()
    if not tty.pid:
        if out:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT, 0o600), 1)
        os.execvp(command[0], command)
    tty.resize(24, 100)
    return tty


def on_alarm(*_):
    raise TimeoutError(f"did not end within {TIMEOUT} seconds")


PROMPT = re.compile(r"bpfsh[^\n]*> ?$")


def start(box, **more):
    """bpfsh at its first prompt."""
    tty = Pty(box, **more)
    tty.expect(PROMPT)
    return tty


def run_test(name, test):
    """Runs one test function in its own child and box, and prints its result."""
    box = Box(name)
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        signal.signal(signal.SIGALRM, on_alarm)
        os.close(reader)
        status, text = run_one(test, box)
        with os.fdopen(writer, "w") as f:
            f.write(text)
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as f:
        text = f.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    left = box.leave()
    if left and status != 1:
        status, text = 1, "left behind:\n" + "\n".join(left)
    elif status not in (0, 2) and not text:
        text = f"the test's process ended with status {status}"
    if status == 0:
        print(f"ok {name}")
    elif status == 2:
        print(f"skip {name}: {text}")
    else:
        print(f"fail {name}")
        print("\n".join("\t" + line for line in text.rstrip().splitlines()))
    sys.stdout.flush()
    return status


def run_all(tests):
    """Runs tests, a dict of name to function; the process's exit status says whether all passed."""
    wanted = sys.argv[1:]
    if os.geteuid():
        for name in tests:
            print(f"skip {name}: needs root")
        return 0
    if not os.path.exists(BPFSH):
        raise SystemExit(f"{BPFSH} is missing: run make")
    statuses = [run_test(name, test) for name, test in tests.items()
                if not wanted or any(word in name for word in wanted)]
    return int(any(status not in (0, 2) for status in statuses))


def run(module):
    """Ends a test file: runs its test_ functions if it is the program, all or those named."""
    if module != "__main__":
        return
    main = sys.modules["__main__"]
    file = os.path.splitext(os.path.basename(main.__file__))[0]
    tests = {f"{file}/{name[5:]}": test for name, test in vars(main).items()
             if name.startswith("test_")}
    sys.exit(run_all(tests))
