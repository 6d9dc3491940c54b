#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs golden scripts: each tests/golden/NAME.bsh against its NAME.out.

A script runs as "bpfsh -f NAME.bsh" with the bpffs on ./bpf and copies of the
compiled test programs beside it (t_XXXX_maps.o); XXXX in it stands for the test's tag. Its
first line may give options: "#! OPTIONS". IDs, times, sizes that differ from
kernel to kernel, and the tag are made equal before the comparison.

With UPDATE=1 in the environment the .out files are written instead.
"""
import difflib
import glob
import os
import re

import bpfsh

GOLDEN = os.path.join(bpfsh.ROOT, "tests/golden")
UPDATE = os.environ.get("UPDATE")

NORMAL = [
    (r"^\d+: ", "ID: "),
    (r'"(id|btf_id|prog_id|inner_map_id|loaded_at|bytes_memlock|size)":\s?\d+', r'"\1":N'),
    (r'"(map_ids|prog_ids)":\[[\d,]+\]', r'"\1":[N]'),
    (r"\b(btf_id|prog|inner_map_id) \d+", r"\1 N"),
    (r"\bmap_ids [\d,]+", "map_ids N"),
    (r"\bmemlock \d+B", "memlock NB"),
    (r"\b(xlated|jited) \d+B", r"\1 NB"),
    (r"\btag [0-9a-f]{16}", "tag TAG"),
    (r"loaded_at \S+", "loaded_at TIME"),
    (r'"bytes_jited":\d+', '"bytes_jited":N'),
]


def normal(box, text):
    text = text.replace(box.dir, "DIR").replace(box.tag, bpfsh.PLACEHOLDER)
    for pattern, replacement in NORMAL:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def ended(text):
    return text if not text or text.endswith("\n") else text + "\n(no newline)\n"


def golden(path):
    def test(box):
        with open(path) as f:
            text = f.read()
        first = text.split("\n", 1)[0]
        options = first[2:].split() if first.startswith("#!") else []
        for source in glob.glob(os.path.join(bpfsh.BUILD, "tests/progs/test_*.bpf.o")):
            box.obj(os.path.basename(source)[len("test_"):-len(".bpf.o")])
        name = os.path.basename(path)
        box.file(name, text.replace(bpfsh.PLACEHOLDER, box.tag))
        done = box.bpfsh(*options, "-f", name)
        got = normal(box, f"{ended(done.out)}-- stderr\n{ended(done.err)}-- status {done.status}\n")
        compare(path[:-len(".bsh")] + ".out", got)
    return test


def compare(path, got):
    if UPDATE:
        with open(path, "w") as f:
            f.write(got)
        return
    with open(path) as f:
        want = f.read()
    if got != want:
        name = os.path.basename(path)
        raise AssertionError("\n" + "".join(difflib.unified_diff(
            want.splitlines(True), got.splitlines(True), name, "now")))


if __name__ == "__main__":
    scripts = sorted(glob.glob(os.path.join(GOLDEN, "*.bsh")))
    raise SystemExit(bpfsh.run_all({
        "golden/" + os.path.basename(path)[:-len(".bsh")]: golden(path) for path in scripts}))
