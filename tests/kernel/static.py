# SPDX-License-Identifier: BSD-2-Clause
"""The static build, in a root directory that holds nothing else: no shell, no libraries, no /etc."""
import os
import shutil
import xml.etree.ElementTree

from bpfsh import *

STATIC = os.path.join(BUILD, "static/bpfsh")


def empty_root(box):
    """A root with bpfsh, an object file, and what the kernel shows; returns its path."""
    if not os.path.exists(STATIC):
        raise Skip("'scripts/deps static' and 'make static' build what this tests")
    root = os.path.join(box.dir, "root")
    os.mkdir(root)
    mount("t", root, "tmpfs", MS_NODEV, "mode=0755")
    for folder in ("proc", "sys"):
        os.makedirs(f"{root}/{folder}")
        mount(f"/{folder}", f"{root}/{folder}", None, MS_BIND | MS_REC)
    mount(box.bpffs, f"{root}/sys/fs/bpf", None, MS_BIND)
    shutil.copy(STATIC, f"{root}/bpfsh")
    shutil.copy(box.obj("typed"), f"{root}/typed.o")
    shutil.copy(f"{BUILD}/tests/progs/cfg_machine.bpf.o", f"{root}/machine.o")
    return root


def inside(box, root, *words, **more):
    return box.run("chroot", root, "/bpfsh", "--no-rc", *words,
                   env={"PATH": os.environ["PATH"], "LANG": "en_US.UTF-8"}, **more)


def test_static_is_one_file(box):
    root = empty_root(box)
    assert os.path.getsize(STATIC) < 10 << 20, os.path.getsize(STATIC)
    found = box.run("readelf", "-ld", STATIC).expect(0).out
    assert "INTERP" not in found and "NEEDED" not in found, found
    said = inside(box, root, "version").expect(0).out
    assert "linked statically, without graphviz" in said, said


def test_static_session(box):
    """Typed values, jq, tables, a transaction that is rolled back, and one that stays."""
    root = empty_root(box)
    map_ = f"{box.prefix}m"
    script = f"""
        $m = map create type hash key 4 value 4 entries 8 name {map_}
        map pin $m /sys/fs/bpf/m
        map update $m key 1 value 7
        map dump $m | jq '.[] | .value | length'
        assert $m.max_entries == 8
        map show $m
    """
    inside(box, root, "-o", "table", "-c", script).expect(0, ("4\n", "type", map_))
    done = inside(box, root, "-c", "map update pinned /sys/fs/bpf/m key 1 value 8; assert false")
    done.expect(1, err="rolled back 1 of 1")
    done = inside(box, root, "-j", "map", "lookup", "pinned", "/sys/fs/bpf/m", "key", "1")
    assert done.expect(0).json["value"][0] == "0x07", done
    assert os.listdir(f"{root}/run/bpfsh") == []
    inside(box, root, "map", "create", "/sys/fs/bpf/t", "type", "array", "entries", "3", "name",
           f"{box.prefix}t", "btf", "/typed.o", "key_type", "__u32", "value_type", "point").expect(0)
    inside(box, root, "-c", "map update pinned /sys/fs/bpf/t key 1 value x=5").expect(0)
    done = inside(box, root, "-j", "map", "dump", "pinned", "/sys/fs/bpf/t").expect(0)
    assert [element["formatted"]["value"]["x"] for element in done.json] == [0, 5, 0], done


def test_static_programs(box):
    root = empty_root(box)
    inside(box, root, "prog", "load", "/machine.o", "/sys/fs/bpf/p").expect(0)
    done = inside(box, root, "prog", "dump", "jited", "pinned", "/sys/fs/bpf/p")
    done.expect(0, "ret")
    inside(box, root, "prog", "cfg", "pinned", "/sys/fs/bpf/p", "file", "/x.svg").expect(0)
    assert xml.etree.ElementTree.parse(f"{root}/x.svg").getroot().tag.endswith("svg")
    done = inside(box, root, "prog", "cfg", "pinned", "/sys/fs/bpf/p", "file", "/x.png")
    done.expect(1, err=("it needs graphviz, which this static bpfsh does without",
                        "write .svg, .dot or .json"))
    os.unlink(box.pin("p"))


def test_static_net(box):
    root = empty_root(box)
    box.veth()
    inside(box, root, "prog", "load", "/machine.o", "/sys/fs/bpf/p").expect(0)
    inside(box, root, "net", "attach", "xdpgeneric", "pinned", "/sys/fs/bpf/p", "dev", "v0").expect(0)
    inside(box, root, "net", "show").expect(0, "v0(")
    box.run("ip", "link", "property", "add", "dev", "v1", "altname", "a-name-longer-than-sixteen")
    inside(box, root, "net", "show", "dev", "a-name-longer-than-sixteen").expect(0)
    os.unlink(box.pin("p"))


def test_static_prompt(box):
    """Tab, cursor keys and the history, at a terminal that nothing here describes."""
    root = empty_root(box)
    with terminal_of(box, "chroot", root, "/bpfsh", "--no-rc") as tty:
        tty.check("map sh\t", "map show ")
        tty.check("\x15echo grn\x1b[Du\x1b[C-\r", "\ngrun-\n")
        tty.check("\x1b[A", "echo grun-")
        tty.send("\x15\x04")
        assert tty.wait() == 0


run(__name__)
