# SPDX-License-Identifier: BSD-2-Clause
"""The map and prog commands that people know from tutorials on bpftool, as typed there."""
from bpfsh import *


def counter(box):
    box.bpfsh(*f"map create {box.pin('counter')} type array key 4 value 4 entries 5"
               f" name {box.prefix}count".split()).expect(0, out="")
    return box.bpftool("map", "show", "pinned", box.pin("counter"))["id"]


def test_create_and_show(box):
    ident = counter(box)
    done = box.bpfsh("map", "show").expect(0)
    assert f"{ident}: array  name {box.prefix}count  flags 0x0\n" \
        f"\tkey 4B  value 4B  max_entries 5  memlock" in done.out, done
    box.bpfsh("map", "show", "id", ident).expect(0, out=f"{ident}: array")


def test_update_and_dump(box):
    ident = counter(box)
    box.bpfsh(*f"map update id {ident} key 1 0 0 0 value 1 0 0 0".split()).expect(0, out="")
    done = box.bpfsh("map", "dump", "id", ident).expect(0)
    assert done.out == """\
key: 00 00 00 00  value: 00 00 00 00
key: 01 00 00 00  value: 01 00 00 00
key: 02 00 00 00  value: 00 00 00 00
key: 03 00 00 00  value: 00 00 00 00
key: 04 00 00 00  value: 00 00 00 00
Found 5 elements
""", done


def test_wrong_size(box):
    ident = counter(box)
    for words, text in (("key 1 0 0 0 value 1 0 0", "value expected 4 bytes got 3"),
                        ("key 1 0 0 value 1 0 0 0", "key expected 4 bytes got 3"),
                        ("key 1 0 0 0 value 1 0 0 300", "300")):
        box.bpfsh(*f"map update id {ident} {words}".split()).expect(1, err=text)
    dump = box.bpftool("map", "dump", "id", ident)
    assert not any(byte != "0x00" for e in dump for byte in e["value"]), dump


def test_load_with_map_by_name(box):
    ident = counter(box)
    box.bpfsh("prog", "load", box.obj("count"), box.pin("prog"),
              "map", "name", box.prefix + "count", box.pin("counter")).expect(0, out="")
    assert box.bpftool("prog", "show", "pinned", box.pin("prog"))["map_ids"] == [ident]


def test_load_with_map_by_index(box):
    ident = counter(box)
    box.bpfsh("prog", "load", box.obj("count"), box.pin("prog"),
              "map", "idx", 0, "id", ident).expect(0)
    assert box.bpftool("prog", "show", "pinned", box.pin("prog"))["map_ids"] == [ident]


def test_load_without_a_pin_of_the_map(box):
    box.bpfsh("prog", "load", box.obj("count"), box.pin("prog")).expect(0)
    shown = box.bpftool("prog", "show", "pinned", box.pin("prog"))
    assert shown["name"] == box.prefix + "xdp", shown


def test_lookup_getnext_delete(box):
    pin = box.map_create("m")
    box.bpfsh(*f"map update pinned {pin} key 1 0 0 0 value 2 0 0 0".split()).expect(0)
    box.bpfsh(*f"map lookup pinned {pin} key 1 0 0 0".split()) \
        .expect(0, out="key: 01 00 00 00  value: 02 00 00 00\n")
    box.bpfsh(*f"map getnext pinned {pin}".split()).expect(0, out="next key:\n01 00 00 00\n")
    box.bpfsh(*f"map delete pinned {pin} key 1 0 0 0".split()).expect(0, out="")
    box.bpfsh(*f"map lookup pinned {pin} key 1 0 0 0".split()).expect(1)
    box.bpfsh(*f"map delete pinned {pin} key 1 0 0 0".split()).expect(1)


def test_batch_twice(box):
    """The first run makes the map and lists it; the second fails, and takes nothing away."""
    path = box.file("batch_example.txt", f"""\
# Create a new hash map
map create {box.pin("hash_map")} type hash key 4 value 4 entries 5 name {box.prefix}hash
# Now show all the maps in the system
map show
""")
    done = box.bpfsh("-f", path).expect(0)
    assert f"hash  name {box.prefix}hash  flags 0x0" in done.out, done
    before = box.snapshot()
    done = box.bpfsh("-f", path).expect(1, err=["hash_map", "xists", "batch_example.txt:2"])
    assert f"{box.prefix}hash" not in done.out, done
    box.unchanged(before)


def test_prog_show_json_through_jq(box):
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    prog = box.bpftool("prog", "show", "pinned", box.pin("p"))
    command = f"prog show id {prog['id']} | jq -c '[.id, .type, .loaded_at]'"
    done = box.bpfsh("-c", command).expect(0)
    assert json.loads(done.out) == [prog["id"], "xdp", prog["loaded_at"]], done
    box.bpfsh("prog", "show", "id", prog["id"], "--json").expect(0, out=f'"id":{prog["id"]}')


run(__name__)
