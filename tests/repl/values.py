# SPDX-License-Identifier: BSD-2-Clause
"""Tab and errors inside keys and values: fields, indices, enumerators, types of object files."""
from bpfsh import *


def test_tab_on_types(box):
    with Pty(box, columns=160) as sh:
        sh.expect("bpfsh> ")
        sh.check(f"map create type hash btf {box.obj('show')} key_type __u3\t", "key_type __u32 ")
        sh.check("value_type str\t", "struct ")
        sh.check("cou\t", "counts ")
        sh.check(f"entries 4 name {box.prefix}m {box.pin('m')}\n", "bpfsh> ")
        # Which program uses a map tells what its events can be.
        box.bpftool("prog", "load", box.obj("events"), box.pin("p"), "pinmaps", box.pin("e"))
        sh.check(f"map read name {box.prefix}ring type struct ev\t", "struct event ")
        box.run(BPFTOOL, "prog", "run", "pinned", box.pin("p"), "data_in",
                box.file("packet", bytes(64))).expect(0)
        sh.check("count 1\n", "== 12 bytes =====\n{\"number\":1,")


def test_tab_on_fields(box):
    box.bpfsh("map", "create", box.pin("m"), "type", "hash", "btf", box.obj("show"), "key_type",
              "struct", "pair", "value_type", "struct", "counts", "entries", 4,
              "name", box.prefix + "m").expect(0)
    with Pty(box, columns=160) as sh:
        sh.expect("bpfsh> ")
        sh.check(f"map update name {box.prefix}m key fi\t", "first=")
        sh.check("1 value mo\t", "mood=")
        sh.check("B\t", "BUSY ")
        sh.check("nes\t", "nested.")
        sh.check("d\t", "drops=")
        sh.check("3 slots[\t\t", re.compile(r"slots\[0\]=.*slots\[1\]=", re.S))
        sh.check("1]=9\n", "~ map update")
    done = box.bpfsh("-j", "map", "lookup", "pinned", box.pin("m"), "key", "first=1").expect(0).json
    value = done["formatted"]["value"]
    assert value["mood"] == "BUSY" and value["slots"] == [0, 9] and value["nested"] == {"drops": 3}


def test_addresses_and_names_without_types(box):
    mac = box.map_create("mac", "hash", 6, 8)
    for text in ("0:1:a:ff:10:2", "00-01-0a-ff-10-02"):
        box.bpfsh("map", "update", "pinned", mac, "key", text, "value", 1).expect(0)
    assert [e["key"] for e in box.bpftool("map", "dump", "pinned", mac)] == [
        ["0x00", "0x01", "0x0a", "0xff", "0x10", "0x02"]]
    for text in ("0:1:a:ff:10", "0:1:a:ff:10:2:3", "0:1:a:ff:10-2", "100:1:a:ff:10:2"):
        box.bpfsh("map", "update", "pinned", mac, "key", text, "value", 1).expect(1)
    box.bpfsh("map", "update", "pinned", mac, "key", text[1:], "value", "packets=1").expect(
        1, err=["value: without BTF no field is known by a name", "8 bytes are wanted"])


run(__name__)
