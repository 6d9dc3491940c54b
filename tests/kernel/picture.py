# SPDX-License-Identifier: BSD-2-Clause
"""prog cfg: a picture of a loaded program in each format, or a clear error and no file."""
import os
import struct
import subprocess
import xml.etree.ElementTree

from bpfsh import *


def load(box):
    box.bpftool("prog", "load", os.path.join(BUILD, "scripts/xdp_flow.bpf.o"), box.pin("p"))
    return box.pin("p")


def picture(box, name, *words):
    pin = load(box)
    path = os.path.join(box.dir, name)
    box.bpfsh("prog", "cfg", "pinned", pin, "file", path, *words).expect(0)
    with open(path, "rb") as f:
        return f.read()


def test_png(box):
    data = picture(box, "flow.png")
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", data[:16]
    width, height = struct.unpack(">II", data[16:24])
    assert width > 300 and height > 300, (width, height)


def test_svg(box):
    tree = xml.etree.ElementTree.fromstring(picture(box, "flow.svg"))
    assert tree.tag.endswith("svg")
    text = " ".join(tree.itertext())
    for word in ("xdp_flow", "account", "exit"):
        assert word in text, word


def test_pdf(box):
    assert picture(box, "flow.pdf").startswith(b"%PDF")


def test_dot(box):
    text = picture(box, "flow.dot").decode()
    assert "digraph" in text and "cluster" in text and "account" in text
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_nothing_half_written(box):
    pin = load(box)
    before = sorted(os.listdir(box.dir))
    for path in ("/not/there/x.png", "x.unknown", box.bpffs + "/x.png"):
        done = box.bpfsh("prog", "cfg", "pinned", pin, "file", path)
        assert done.status in (1, 2) and os.path.basename(path) in done.err, done
    assert sorted(os.listdir(box.dir)) == before


def test_leaves_an_old_file_alone_on_failure(box):
    box.file("x.unknown", "mine")
    assert box.bpfsh("prog", "cfg", "pinned", load(box), "file", "x.unknown").status in (1, 2)
    with open("x.unknown") as f:
        assert f.read() == "mine"


run(__name__)
