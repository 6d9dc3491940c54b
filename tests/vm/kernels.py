# SPDX-License-Identifier: BSD-2-Clause
"""Kernels for tests/vm/run: found, fetched once, and made ready to boot.

A kernel is kept in a folder of its own below the cache: its package's files, "vmlinux"
and "initramfs". What is not whole has another name, so a run that was stopped is no harm.
"""
import contextlib
import fcntl
import glob
import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What the shared root and the ports to the host need; the kernel may have them built in.
MODULES = ("virtio_pci", "virtio_console", "virtiofs", "overlay")


class Unusable(Exception):
    """No machine can be had from what was asked for."""


class Kernel:
    """vmlinux, initramfs and modules are paths, the last a folder as /lib/modules is."""

    def __init__(self, vmlinux, initramfs, modules):
        self.vmlinux, self.initramfs, self.modules = vmlinux, initramfs, modules


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("VM_CACHE") or os.path.join(home, "bpfsh", "kernels")


def find(name):
    """The kernel of a Debian release, of .deb files (a comma between), or of a vmlinuz."""
    os.makedirs(cache(), exist_ok=True)
    with open(os.path.join(cache(), "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name.endswith(".deb"):
            folder = os.path.join(cache(), os.path.basename(name)[:-len(".deb")])
            return ready(folder, unpacked(folder, lambda _: name.split(",")))
        if "/" in name:
            folder = os.path.join(cache(), version_of(read(name)))
            return ready(folder, os.path.dirname(os.path.dirname(os.path.realpath(name))), name)
        folder = os.path.join(cache(), name)
        return ready(folder, unpacked(folder, lambda new: fetch(name, new)))


def read(path):
    with open(path, "rb") as f:
        return f.read()


@contextlib.contextmanager
def whole(path):
    """A new path to write to, which takes the place of the other at the end."""
    new = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(new) if os.path.isdir(new) else os.unlink(new)
    yield new
    os.rename(new, path)


def unpacked(folder, packages):
    """The packages' files in a folder; they are asked for where it is not there yet."""
    if os.path.isdir(folder):
        return folder
    with whole(folder) as new:
        os.makedirs(new)
        for package in packages(new):
            subprocess.run(["dpkg-deb", "-x", package, new], check=True)
        if not os.path.exists(f"{new}/lib") and os.path.isdir(f"{new}/usr/lib"):
            os.symlink("usr/lib", f"{new}/lib")
        shutil.rmtree(f"{new}/apt", ignore_errors=True)
    return folder


def mirror(archive):
    """The address of an archive, "debian" or "debian-security", as this machine's apt has it."""
    for path in sorted(glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*")):
        with open(path) as f:
            lines = [line for line in f if not line.lstrip().startswith("#")]
        found = re.search(rf"\bhttps?://\S+/{archive}/?(?=\s)", "\n".join(lines) + "\n")
        if found:
            return found[0]
    return None


def sources(release):
    main = os.environ.get("VM_MIRROR") or mirror("debian")
    if not main:
        raise Unusable("apt knows no mirror of Debian here: VM_MIRROR has to be the address of one")
    base = release.removesuffix("-backports")
    suites = [(main, base)] + ([(main, release)] if release != base else [])
    security = mirror("debian-security")
    suites += [(security, f"{base}-security")] if security else []
    return "".join(f"deb [signed-by={KEYRING}] {where} {suite} main\n" for where, suite in suites)


def apt_setup(release, folder):
    """apt with lists, state and cache of its own: the system's are neither read nor written."""
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(f"{folder}/{name}")
    for name, text in (("status", ""), ("sources", sources(release)), ("conf", f"""
            Dir::State "{folder}"; Dir::State::status "{folder}/status"; Dir::Cache "{folder}/cache";
            Dir::Etc::sourcelist "{folder}/sources"; Dir::Etc::sourceparts "/dev/null";
            Dir::Etc::preferencesparts "/dev/null"; APT::Sandbox::User "root";
            APT::Architecture "amd64"; APT::Install-Recommends "0";
            """)):
        with open(f"{folder}/{name}", "w") as f:
            f.write(text)


def fetch(release, folder):
    """The .deb files of a release's smallest kernel: the one for clouds."""
    folder += "/apt"
    apt_setup(release, folder)
    run = lambda *words: subprocess.run(
        ["apt-get", "-qq", *words], cwd=folder, env=dict(os.environ, APT_CONFIG=f"{folder}/conf"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    run("update")
    release_of = ["-t", release] if release.endswith("-backports") else []
    plan = run("-s", *release_of, "install", "linux-image-cloud-amd64").stdout
    names = re.findall(r"^Inst (linux-[a-z-]+-\d\S*-cloud-amd64) ", plan, re.MULTILINE)
    if not names or run("download", *names).returncode:
        raise Unusable(f"no kernel of a Debian release '{release}' can be fetched")
    return glob.glob(f"{folder}/*.deb")


def ready(folder, root, vmlinuz=None):
    """A kernel with its modules below root, made ready in a folder."""
    places = glob.glob(f"{root}/boot/vmlinuz-*") + glob.glob(f"{root}/usr/lib/modules/*/vmlinuz")
    vmlinuz = vmlinuz or (places[0] if places else None)
    if not vmlinuz:
        raise Unusable(f"no kernel below '{root}'")
    os.makedirs(folder, exist_ok=True)
    kernel = Kernel(f"{folder}/vmlinux", f"{folder}/initramfs", f"{root}/lib/modules")
    image = read(vmlinuz)
    version = version_of(image)
    if not os.path.exists(f"{kernel.modules}/{version}"):
        raise Unusable(f"no modules in '{kernel.modules}/{version}'")
    if not os.path.exists(f"{kernel.modules}/{version}/modules.dep"):
        subprocess.run(["depmod", "-b", root, version], check=True)
    # Unpacked here, which would take the emulated machine seconds.
    if is_older(kernel.vmlinux, vmlinuz):
        with whole(kernel.vmlinux) as new, open(new, "wb") as f:
            f.write(payload(image))
    if is_older(kernel.initramfs, vmlinuz, f"{HERE}/init", __file__):
        with whole(kernel.initramfs) as new, open(new, "wb") as f:
            f.write(initramfs(root, version))
    return kernel


def is_older(path, *origins):
    return (not os.path.exists(path)
            or any(os.path.getmtime(path) < os.path.getmtime(origin) for origin in origins))


# A kernel's file, "The Linux/x86 Boot Protocol": the header's fields by their offsets.
SETUP_SECTS, MAGIC, KERNEL_VERSION, PAYLOAD_OFFSET = 0x1f1, 0x202, 0x20e, 0x248
PACKED = {b"\x1f\x8b": gzip.decompress, b"\xfd7zXZ\0": lzma.decompress,
          b"\x28\xb5\x2f\xfd": lambda data: piped(data, "zstd", "-dc"),
          b"\x02\x21\x4c\x18": lambda data: piped(data, "lz4", "-dc")}


def piped(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def version_of(image):
    if image[MAGIC:MAGIC + 4] != b"HdrS":
        raise Unusable("that is no kernel for x86")
    at = struct.unpack_from("<H", image, KERNEL_VERSION)[0] + 0x200
    return image[at:at + 256].split(b" ")[0].decode()


def payload(image):
    """The ELF file in it; the last four bytes are its size."""
    offset, size = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    start = ((image[SETUP_SECTS] or 4) + 1) * 512 + offset
    data = image[start:start + size - 4]
    for magic, unpack in PACKED.items():
        if data.startswith(magic):
            return unpack(data)
    raise Unusable("that kernel is compressed in a way that is not known here")


def initramfs(root, version):
    """busybox, our init, and the modules in the order in which they are to be loaded."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise Unusable("no busybox: scripts/deps vm installs what is missing")
    files = [(name, 0o40755, b"") for name in ("bin", "dev", "modules", "new", "proc", "share", "top")]
    files += [("bin/busybox", 0o100755, read(busybox)), ("init", 0o100755, read(f"{HERE}/init"))]
    for number, path in enumerate(module_files(root, version)):
        data = read(path)
        data = next((unpack(data) for magic, unpack in PACKED.items() if data.startswith(magic)), data)
        files.append((f"modules/{number:02}.ko", 0o100644, data))
    return cpio(files)


def module_files(root, version):
    paths = []
    for module in MODULES:
        out = subprocess.run(["modprobe", "-d", root or "/", "-S", version, "--show-depends", module],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        paths += re.findall(r"^insmod (\S+)", out, re.MULTILINE)
    return list(dict.fromkeys(paths))


def cpio(files):
    """An archive of (name, mode, bytes), "newc" as the kernel's initramfs has it."""
    out = bytearray()
    for number, (name, mode, data) in enumerate([*files, ("TRAILER!!!", 0, b"")]):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + "".join(f"{field:08x}" for field in fields).encode() + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)
