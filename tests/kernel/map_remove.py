# SPDX-License-Identifier: BSD-2-Clause
"""map delete MAP: all its pins go, and what still keeps it alive is said."""
import time

from bpfsh import *


def gone(box, map_id):
    """The kernel frees maps after a grace period."""
    for _ in range(200):
        if map_id not in {m["id"] for m in box.retry("map")}:
            return True
        time.sleep(0.02)
    return False


def test_by_id(box):
    pin = box.map_create("a")
    box.bpfsh("map", "pin", "pinned", pin, box.pin("b")).expect(0)
    map_id = box.bpftool("map", "show", "pinned", pin)["id"]
    box.bpfsh("map", "delete", map_id, "pins").expect(0, out="")
    assert box.pins() == [] and gone(box, map_id)


def test_without_a_word(box):
    """Where nobody looks on, a forgotten or empty key does not cost the map."""
    pin = box.map_create("a")
    words = ["map", "delete", "pinned", pin]
    hint = ["not said", "'key KEY'", "'pins'"]
    batch = box.file("lines", f"{' '.join(words)}\n")
    before = box.snapshot()
    for options in ((), ("-n",), ("--plan",)):
        box.bpfsh(*options, *words).expect(2, out="", err=hint)
    box.bpfsh(*words, "p").expect(2, err="unexpected 'p'")
    box.bpfsh(*words, "key", "1", "pins").expect(2, err="leave one out")
    box.bpfsh("-c", f"$n = 1\n{' '.join(words)}").expect(2, err=hint)
    for verb in ("batch file", "source"):
        box.bpfsh(*verb.split(), batch).expect(2, err=hint)
    box.unchanged(before)


def test_at_a_terminal(box):
    pin = box.map_create("a")
    with Pty(box, "map", "delete", "pinned", pin) as t:
        t.expect(f"unpinned {pin}")
        t.wait()
    assert not os.path.exists(pin)
    pin = box.map_create("b")
    with Pty(box) as t:
        t.check(f"map delete pinned {pin}\r", "unpin")
    assert not os.path.exists(pin)


def test_rollback(box):
    pin = box.map_create("a")
    before = box.snapshot()
    box.script(f"$m = map show pinned {pin}\nmap delete $m pins\nassert false\n").expect(1)
    box.unchanged(before)
    done = box.bpfsh("--plan", "map", "delete", "pinned", pin, "pins").expect(0, out="unpin")
    box.unchanged(before)


def test_users_are_named(box):
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"), "pinmaps", box.pin("maps"))
    prog = box.bpftool("prog", "show", "pinned", box.pin("p"))
    name = [p for p in box.pins() if p.startswith("maps/")][0]
    map_id = box.bpftool("map", "show", "pinned", box.pin(name))["id"]
    done = box.bpfsh("-j", "map", "delete", map_id, "pins").expect(0).json
    assert done["prog_ids"] == [prog["id"]] and done["pinned"] == [box.pin(name)], done
    assert not os.path.exists(box.pin(name))


def test_outer_maps_are_named(box):
    inner = box.map_create("inner")
    outer = box.map_create("outer", "hash_of_maps", 4, 4, 4, "inner_map", "pinned", inner)
    box.bpfsh("map", "update", "pinned", outer, "key", "1", "value", "pinned", inner).expect(0)
    outer_id = box.bpftool("map", "show", "pinned", outer)["id"]
    box.bpfsh("map", "delete", "pinned", inner, "pins").expect(0, out=f"still inside of maps {outer_id}")


def test_variables_are_dropped(box):
    done = box.script(f"$m = map create type hash key 4 value 4 entries 4 name {box.prefix}v\n"
                      "map delete $m pins\nvars\n").expect(0)
    assert "$m" not in done.out and "m " not in done.out.split("\n")[0], done


run(__name__)
