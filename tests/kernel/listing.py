# SPDX-License-Identifier: BSD-2-Clause
"""Listings and dumps agree with the installed bpftool, field by field."""
import re

from bpfsh import *

# What a newer bpftool than 7.1 shows in addition, or bpfsh does.
EXTRA = {"map": set(), "prog": {"orphaned"}, "link": None, "btf": set()}


def agrees(ours, theirs, extra, where):
    """Each field of bpftool's is ours too, with its value, and in its order."""
    for key in theirs:
        assert key in ours and ours[key] == theirs[key], \
            f"{where}: {key} is {ours.get(key)!r}, by bpftool {theirs[key]!r}"
    if extra is not None:
        more = set(ours) - set(theirs) - extra
        assert not more, f"{where}: fields that bpftool does not have: {more}"
        order = [key for key in ours if key in theirs]
        assert order == list(theirs), f"{where}: order of fields: {list(ours)}"


def same_listing(box, kind):
    """The objects of this test: others may come and go between two listings.

    Compared is with bpftool's answer for a single object: in its listing of maps, one without
    BTF shows the btf_id of the one before (7.1).
    """
    ours = {o["id"]: o for o in box.bpfsh("-j", kind, "show").expect(0).json}
    mine = [o["id"] for o in box.retry(kind) if o.get("name", "").startswith(box.prefix)]
    assert mine
    for ident in mine:
        theirs = box.bpftool(kind, "show", "id", ident)
        one = box.bpfsh("-j", kind, "show", "id", ident).expect(0).json
        agrees(ours[ident], theirs, EXTRA[kind], f"{kind} {ident}")
        agrees(one, theirs, EXTRA[kind], f"{kind} id {ident}")


def same_text(box, kind):
    """Plain output, object by object."""
    for o in box.retry(kind):
        if o.get("name", "").startswith(box.prefix):
            theirs = box.run(BPFTOOL, kind, "show", "id", o["id"]).out
            ours = box.bpfsh(kind, "show", "id", o["id"]).expect(0).out
            assert ours == theirs, f"{kind} show id {o['id']}:\n{ours}\nby bpftool:\n{theirs}"


def load(box):
    box.bpftool("prog", "loadall", box.obj("maps"), box.pin("maps"), "pinmaps", box.pin("m"))
    box.bpftool("prog", "loadall", box.obj("kinds"), box.pin("kinds"))
    box.bpftool("prog", "loadall", box.obj("count"), box.pin("count"))


def test_prog_show(box):
    load(box)
    same_listing(box, "prog")
    same_text(box, "prog")


def test_map_show(box):
    load(box)
    box.bpftool("map", "freeze", "pinned", box.map_create("frozen"))
    same_listing(box, "map")
    same_text(box, "map")


def test_pinned_paths(box):
    load(box)
    xdp = box.pin(f"count/{box.prefix}xdp")
    prog = box.bpfsh("-j", "--bpffs", "prog", "show", "pinned", xdp).expect(0).json
    assert prog["pinned"] == [xdp], prog


def test_by_name_and_tag(box):
    load(box)
    name = box.prefix + "k_xdp"
    one = box.bpfsh("-j", "prog", "show", "name", name).expect(0).json
    assert one["name"] == name, one
    maps = [box.prefix + "one", box.prefix + "two"]
    for path, called in ("a", maps[0]), ("b", maps[1]), ("c", maps[1]):
        box.bpftool("map", "create", box.pin(path), "type", "array", "key", "4", "value", "4",
                    "entries", "1", "name", called)
    for called in maps:
        words = ["map", "show", "name", called]
        assert box.bpfsh("-j", *words).expect(0).json == box.bpftool(*words), words
    tagged = box.bpfsh("-j", "prog", "show", "tag", one["tag"]).expect(0).json
    tagged = tagged if isinstance(tagged, list) else [tagged]
    theirs = box.bpftool("prog", "show", "tag", one["tag"])
    theirs = theirs if isinstance(theirs, list) else [theirs]
    assert one["id"] in [p["id"] for p in tagged], tagged
    assert len(tagged) >= len([p for p in theirs if p.get("name", "").startswith(box.prefix)])


def test_btf_show(box):
    load(box)
    ident = box.bpftool("prog", "show", "pinned", box.pin(f"count/{box.prefix}xdp"))["btf_id"]
    ours = {o["id"]: o for o in box.bpfsh("-j", "btf", "show").expect(0).json}
    theirs = {o["id"]: o for o in box.bpftool("btf", "show")}
    for shown in ours[ident], theirs[ident]:
        shown["prog_ids"].sort()
        shown["map_ids"].sort()
    # The kernel's own types have an ID since 5.11.
    for one in {1, ident} & theirs.keys():
        agrees(ours[one], theirs[one], {"kernel"}, f"btf {one}")


def test_link_show(box):
    one, _ = box.veth()
    prog = box.pin("prog")
    box.bpftool("prog", "load", box.obj("count"), prog)
    # A link of our own, through bpf(2): LINK_CREATE on the veth device.
    with XdpLink(prog, one) as link:
        shown = box.bpfsh("-j", "link", "show", "id", link.id).expect(0).json
        agrees(shown, box.bpftool("link", "show", "id", link.id), None, "link")
        ours = box.bpfsh("-j", "link", "show").expect(0).json
        assert [one for one in ours if one["id"] == link.id] == [shown], ours
        assert link.id in {one["id"] for one in box.retry("link")}
        assert (shown["type"], shown["devname"]) == ("xdp", one), shown
        box.bpfsh("link", "show", "id", link.id).expect(0, out=f"{link.id}: xdp  prog")
    wait_until(lambda: box.bpfsh("link", "show", "id", link.id).status == 1)
    box.bpfsh("link", "show", "id", link.id).expect(1, err=str(link.id))


def fill(box, name, *elements):
    for key, value in elements:
        box.bpftool("map", "update", "pinned", box.pin(f"m/{box.prefix}{name}"),
                    "key", *key.split(), "value", *value.split())


def filled(box):
    load(box)
    value = "1 0 0 0 0 0 0 0 255 255 255 255 255 255 255 255 1 0 0 0 97 98 34 10 0 0 0 0 " \
            "1 0 0 0 2 0 3 0 255 0 0 0 1 0 0 0 1 2 3 4 0 0 0 0".split()
    size = box.bpftool("map", "show", "pinned", box.pin(f"m/{box.prefix}hash"))["bytes_value"]
    value = " ".join((value + ["0"] * size)[:size])
    fill(box, "hash", ("10 0 0 1 80 0 6 0", value), ("10 0 0 2 53 0 17 0", value))
    fill(box, "array", ("1 0 0 0", "1 2 3 4 5 6 7 8"))
    fill(box, "lru", ("1 0 0 0", "1 2 3 4 5 6 7 8"), ("2 0 0 0", "0 0 0 0 0 0 0 255"))
    fill(box, "phash", ("1 0 0 0", "1 2 3 4 5 6 7 8"))
    fill(box, "parray", ("2 0 0 0", "1 2 3 4 5 6 7 8"))
    fill(box, "lpm", ("8 0 0 0 10 0 0 0", "1 0 0 0"), ("24 0 0 0 10 1 2 0", "2 0 0 0"))
    box.bpftool("map", "update", "pinned", box.pin(f"m/{box.prefix}jmp"), *"key 1 0 0 0".split(),
                "value", "pinned", box.pin(f"maps/{box.prefix}maps"))


DUMPED = ["hash", "array", "lru", "phash", "parray", "lpm", "inner", "outer", "jmp",
          "m_data", "m_bss", "m_rodata"]


def by_key(elements):
    return sorted(elements, key=lambda e: json.dumps(e["key"]))


def without_flexible(element):
    """The flexible array of the globals as bpftool has it: a fault of it, it shows no elements."""
    return json.loads(json.dumps(element).replace('"more": [7, 8, 9, 0]', '"more": []'))


def test_dump(box):
    filled(box)
    for name in DUMPED:
        words = ["map", "dump", "pinned", box.pin(f"m/{box.prefix}{name}")]
        theirs = by_key(box.bpftool(*words))
        ours = by_key(box.bpfsh("-j", *words).expect(0).json)
        assert len(ours) == len(theirs), f"{name}: {ours}\nby bpftool: {theirs}"
        for one, other in zip(ours, theirs):
            agrees(without_flexible(one), other, {"inner_map_id", "prog_id", "prog_name"}, f"dump of {name}")


def test_dump_without_btf(box):
    for name, kind, key, value in (("h", "hash", 4, 4), ("wide", "hash", 20, 40),
                                   ("a", "array", 4, 12), ("ph", "percpu_hash", 4, 8), ("pa", "percpu_array", 4, 8)):
        pin = box.map_create(name, kind, key, value, 3)
        box.bpftool("map", "update", "pinned", pin, "key", *["1"] + ["0"] * (key - 1),
                    "value", *map(str, range(1, value + 1)))
        words = ["map", "dump", "pinned", pin]
        assert box.bpfsh("-j", *words).expect(0).json == box.bpftool(*words), name
        ours, theirs = box.bpfsh(*words).expect(0).out, box.run(BPFTOOL, *words).out
        assert ours == theirs, f"{name}:\n{ours}\nby bpftool:\n{theirs}"


def test_dump_plain_with_btf(box):
    filled(box)
    for name in ("array", "lpm", "parray", "jmp"):
        words = ["map", "dump", "pinned", box.pin(f"m/{box.prefix}{name}")]
        ours, theirs = box.bpfsh(*words).expect(0).out, box.run(BPFTOOL, *words).out
        ours = re.sub(r',\n +"prog_(id|name)": [^,\n]*', "", ours)
        assert ours == theirs, f"{name}:\n{ours}\nby bpftool:\n{theirs}"


def test_lookup_and_getnext(box):
    filled(box)
    for name, words in (("array", "lookup key 1 0 0 0"), ("parray", "lookup key 2 0 0 0"),
                        ("hash", "lookup key 10 0 0 1 80 0 6 0"), ("array", "getnext"),
                        ("array", "getnext key 1 0 0 0")):
        verb, *rest = words.split()
        command = ["map", verb, "pinned", box.pin(f"m/{box.prefix}{name}"), *rest]
        ours, theirs = box.bpfsh("-j", *command).expect(0).json, box.bpftool(*command)
        assert ours == theirs, f"{command}: {ours}\nby bpftool: {theirs}"
        ours, theirs = box.bpfsh(*command).expect(0).out, box.run(BPFTOOL, *command).out
        assert ours == theirs, f"{command}: {ours}\nby bpftool: {theirs}"


def test_empty_is_json(box):
    pin = box.map_create("empty")
    assert box.bpfsh("-j", "map", "dump", "pinned", pin).expect(0).json == []
    assert box.bpfsh("-o", "jsonl", "map", "dump", "pinned", pin).expect(0).out == ""


def test_table_and_jsonl(box):
    load(box)
    rows = box.bpfsh("-o", "jsonl", "map", "show").expect(0).jsonl
    assert any(row["name"] == f"{box.prefix}hash" for row in rows if "name" in row)
    done = box.bpfsh("-o", "table", "map", "show").expect(0)
    assert [line for line in done.out.splitlines() if f"{box.prefix}hash" in line], done


def test_table_cells_are_one_line(box):
    """Bytes do not break, the first of many stand for all; a name's end of line is no line's."""
    for name, size in ("short", 40), ("long", 100):
        path = box.map_create(name, "queue", 0, size)
        value = bytes(range(1, size + 1))
        box.bpfsh("map", "push", "pinned", path, "value", "hex", value.hex()).expect(0)
        head, row = box.bpfsh("-o", "table", "map", "peek", "pinned", path).expect(0).out.splitlines()
        shown = value.hex(" ") if size == 40 else value[:64].hex(" ") + " ... (100 bytes)"
        assert head.startswith("key") and shown in row, row


def test_pretty(box):
    load(box)
    done = box.bpfsh("-p", "map", "show").expect(0)
    assert "\n" in done.out.strip() and any(m.get("name") == box.prefix + "hash" for m in done.json)


run(__name__)
