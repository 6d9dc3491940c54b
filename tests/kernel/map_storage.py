# SPDX-License-Identifier: BSD-2-Clause
"""Local storages by the names of their owners: a file's path, a process's number, a cgroup."""
import subprocess

from bpfsh import *


def create(box, kind):
    done = box.bpfsh("map", "create", box.pin(kind), "type", f"{kind}_storage", "flags", "no_prealloc",
                     "btf", box.obj("show"), "key_type", "int", "value_type", "struct pair",
                     "name", box.prefix + kind)
    if done.status:
        raise Skip(f"no {kind}_storage here")
    return ["pinned", box.pin(kind), "key"]


def set_and_see(box, words, owner, other, missing):
    box.bpfsh("map", "update", *words, *owner, "value", "second=7").expect(0)
    seen = box.bpfsh("-j", "map", "lookup", *words, *owner).expect(0).json
    assert seen["formatted"]["value"] == {"first": 0, "second": 7}, seen
    box.bpfsh("map", "lookup", *words, *other).expect(1, err="no such key in map")
    box.bpfsh("map", "lookup", *words, *missing).expect(1, err="cannot open")
    box.bpfsh("map", "delete", *words, *owner).expect(0)
    box.bpfsh("map", "lookup", *words, *owner).expect(1, err="no such key in map")


def test_of_a_file(box):
    box.file("f", ""), box.file("g", "")
    set_and_see(box, create(box, "inode"), ["./f"], ["./g"], ["./h"])


def test_of_a_process(box):
    process = subprocess.Popen(["sleep", "60"])
    words = create(box, "task")
    set_and_see(box, words, ["pid", process.pid], ["pid", os.getpid()], ["pid", 2**30])
    box.bpfsh("map", "lookup", *words, 1).expect(1, err=["key is no process", "write 'pid N'"])
    # What is written there cannot be taken back: a transaction says so, before.
    box.script(f"map update {' '.join(words)} pid {process.pid} value first=1\n").expect(
        1, err="cannot be undone")
    process.kill()
    process.wait()


def test_of_a_cgroup(box):
    one, two = box.cgroup("one"), box.cgroup("two")
    set_and_see(box, create(box, "cgrp"), [one], [two], [two + "/none"])
    array = box.map_create("array", "cgroup_array")
    box.bpfsh("map", "update", "pinned", array, "key", 0, "value", one).expect(0)
    box.bpfsh("map", "update", "pinned", array, "key", 0, "value", box.dir).expect(
        1, err="value is no cgroup")


run(__name__)
