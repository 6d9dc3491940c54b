# SPDX-License-Identifier: BSD-2-Clause
"""Each scripts/*.bsh does what it says, and scripts/demo runs."""
import glob
import os

from bpfsh import *

OBJECT = os.path.join(BUILD, "scripts/xdp_flow.bpf.o")


def test_demo(box):
    picture = os.path.join(box.dir, "demo.png")
    box.bpfsh("-f", f"{ROOT}/scripts/demo.bsh", OBJECT, box.bpffs, picture).expect(0)
    assert box.pins() == ["flows", "xdp_flow"], box.pins()
    prog = box.bpftool("prog", "show", "pinned", box.pin("xdp_flow"))
    flows = box.bpftool("map", "show", "pinned", box.pin("flows"))
    assert flows["id"] in prog["map_ids"], (flows, prog)
    dump = box.bpftool("map", "dump", "pinned", box.pin("flows"))
    assert dump, dump
    with open(picture, "rb") as f:
        assert f.read(8) == b"\x89PNG\r\n\x1a\n"


def test_demo_fail(box):
    picture = os.path.join(box.dir, "demo.png")
    box.bpfsh("-f", f"{ROOT}/scripts/demo.bsh", OBJECT, box.bpffs, picture).expect(0)
    before = box.snapshot()
    box.bpfsh("-f", f"{ROOT}/scripts/demo_fail.bsh", OBJECT, box.bpffs) \
        .expect(1, err=["demo_fail.bsh:", "rolled back"])
    box.unchanged(before)


def test_demo_fail_alone(box):
    """Also where the first example did not run before."""
    before = box.snapshot()
    box.bpfsh("-f", f"{ROOT}/scripts/demo_fail.bsh", OBJECT, box.bpffs).expect(1)
    box.unchanged(before)


def test_demo_script(box):
    """Runs where it is called, with a bpffs of its own; only the pictures stay."""
    with open("/proc/self/mounts") as f:
        mounts = f.read()
    done = box.run(f"{ROOT}/scripts/demo", timeout=120).expect(0, out="nothing stayed behind")
    pictures = [line.split(": ")[1] for line in done.out.splitlines() if "picture:" in line]
    for picture, begin in zip(pictures, (b"<?xml", b"\x89PNG\r\n\x1a\n"), strict=True):
        assert os.stat(picture).st_uid == os.stat(ROOT).st_uid
        with open(picture, "rb") as f:
            assert f.read().startswith(begin), picture
    assert f"{BUILD}/bpfsh\n" in done.out, done
    with open("/proc/self/mounts") as f:
        assert f.read() == mounts


def test_every_example_is_tested(box):
    found = {os.path.basename(path) for path in glob.glob(f"{ROOT}/scripts/*.bsh")}
    assert found == {"demo.bsh", "demo_fail.bsh"}, found


def test_examples_pass_the_check(box):
    for path in glob.glob(f"{ROOT}/scripts/*.bsh"):
        box.bpfsh("--check", "-f", path, OBJECT, box.bpffs, "x.png").expect(0)


run(__name__)
