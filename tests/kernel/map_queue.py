# SPDX-License-Identifier: BSD-2-Clause
"""Queues, stacks and bloom filters, beside bpftool, and what can be undone of them."""
from bpfsh import *
from feature import needs


def test_formats(box):
    for kind, push, pop in ("queue", "enqueue", "dequeue"), ("stack", "push", "pop"):
        pin = box.map_create(kind, kind, 0, 4, 4)
        for n in range(3):
            box.bpfsh("map", push, "pinned", pin, "value", n, 0, 0, 0).expect(0, out="")
        for options in [], ["-j"]:
            ours = box.bpfsh(*options, "map", "peek", "pinned", pin).expect(0)
            theirs = box.run(BPFTOOL, *options, "map", "peek", "pinned", pin)
            assert ours.out.strip() == theirs.out.strip(), (ours, theirs)
        out = box.bpfsh("-j", "map", pop, "pinned", pin).expect(0).json
        assert out == {"key": [], "value": [f"0x0{0 if kind == 'queue' else 2}"] + ["0x00"] * 3}
        box.bpftool("map", pop, "pinned", pin)
        box.bpfsh("map", pop, "pinned", pin).expect(0)
        box.bpfsh("map", pop, "pinned", pin).expect(1, err="it is empty")
        box.bpfsh("map", "peek", "pinned", pin).expect(1, err="it is empty")


def test_full(box):
    pin = box.map_create("q", "queue", 0, 4, 2)
    push = ["map", "push", "pinned", pin, "value"]
    box.bpfsh(*push, 1).expect(0)
    box.bpfsh(*push, 2).expect(0)
    box.bpfsh(*push, 3).expect(1, err=["it is full (2 of 2 values)", "'exist' makes room"])
    box.bpfsh(*push, 3, "exist").expect(0)
    assert box.bpfsh("-j", "map", "pop", "pinned", pin).json["value"][0] == "0x02"


def test_stack_is_undone(box):
    pin = box.map_create("s", "stack", 0, 4, 4)
    box.bpfsh("map", "push", "pinned", pin, "value", 7).expect(0)
    for text in (f"map push pinned {pin} value 8\n", f"map pop pinned {pin}\n",
                 f"map pop pinned {pin}\nmap push pinned {pin} value 9\n"):
        box.script(text + "assert false\n").expect(1, err="others may push and pop meanwhile")
        assert box.bpftool("map", "peek", "pinned", pin)["value"][0] == "0x07"
    box.bpftool("map", "pop", "pinned", pin)
    box.bpfsh("map", "peek", "pinned", pin).expect(1, err="it is empty")


def test_queue_is_refused(box):
    pin = box.map_create("q", "queue", 0, 4, 4)
    box.script(f"map push pinned {pin} value 8\n").expect(
        1, err=["cannot be undone", "--allow-irreversible"])
    box.script(f"map push pinned {pin} value 8\n", options=["--allow-irreversible"]).expect(0)
    assert box.bpftool("map", "pop", "pinned", pin)["value"][0] == "0x08"


def test_bloom(box):
    needs("bloom_filter")
    pin = box.map_create("b", "bloom_filter", 0, 4, 8)
    box.bpfsh("map", "push", "pinned", pin, "value", 5).expect(0)
    box.bpfsh("map", "peek", "pinned", pin, "value", 5).expect(0, out="value: 05 00 00 00")
    box.bpfsh("map", "peek", "pinned", pin, "value", 6).expect(1, err="value is not in it")
    box.bpfsh("map", "peek", "pinned", pin).expect(1, err="only whether it has a value")
    box.bpfsh("map", "pop", "pinned", pin).expect(1, err="only queues and stacks have that")


def test_other_types(box):
    pin = box.map_create("h")
    box.bpfsh("map", "push", "pinned", pin, "value", 5).expect(
        1, err="only queues and stacks have that")


run(__name__)
