# SPDX-License-Identifier: BSD-2-Clause
"""What dumps show beside bytes: sums over CPUs, maps within maps, programs' names, stacks."""
import signal
import subprocess
import time

from bpfsh import *

BPF_PROG_TEST_RUN = 10


def load(box):
    """Pins all maps of test_show.bpf.c as m/NAME, and the program as p."""
    box.bpftool("prog", "load", box.obj("show"), box.pin("p"), "pinmaps", box.pin("m"))
    return lambda name: ["pinned", box.pin(f"m/{box.prefix}{name}")]


def run_prog(box):
    bpf(BPF_PROG_TEST_RUN, struct.pack("=I", open_pin(box.pin("p"))))


COUNTS = ("cpu 0 packets=0xffffffffffffffff delta=-5 low=31 small=-3 mood=BUSY name=abc load=1.5 "
          "slots=[4294967295,2] nested.drops=65535 cpu 1 packets=2 delta=-6 low=31 small=-3 "
          "mood=BUSY name=abd load=0.25 slots=[4294967295,2] nested.drops=65535 word=7").split()


def test_sum(box):
    plain = box.map_create("plain", "percpu_array", 4, 8, 2)
    cpus = len(box.bpftool("map", "lookup", "pinned", plain, "key", 0, 0, 0, 0)["values"])
    if cpus != 2:
        raise Skip("needs two CPUs")
    pin = load(box)
    box.bpfsh("map", "update", *pin("counts"), "key", 1, "value", *COUNTS).expect(0)
    done = box.bpfsh("-j", "map", "dump", *pin("counts"), "sum").expect(
        0, err="values that are no numbers cannot be added")
    want = {"packets": 0x10000000000000001, "delta": -11, "low": 62, "small": -6, "mood": "BUSY",
            "name": None, "load": 1.75, "slots": [0x1fffffffe, 4], "word": None,
            "bytes": [None, 0, 0, 0], "nested": {"drops": 131070}}
    assert done.json == [{"key": 1, "sum": want}], done
    box.bpfsh("map", "lookup", *pin("counts"), "key", 1, "sum").expect(
        0, out='key: 1  sum: {"packets":18446744073709551617,')
    box.bpfsh("map", "update", "pinned", plain, "key", 0, "value", 1 << 63).expect(0)
    assert box.bpfsh("-j", "map", "lookup", "pinned", plain, "key", 0, "sum").expect(0).json == {
        "key": ["0x00"] * 4, "sum": 1 << 64}
    for shape, why in ((("hash", 4, 4), "one value for all CPUs"),
                       (("percpu_hash", 4, 12), "cannot sum values of 12 bytes without BTF")):
        other = box.map_create(shape[0], *shape, 2)
        done = box.bpfsh("-j", "map", "dump", "pinned", other, "sum").expect(1)
        assert why in done.json["error"]["message"], done


def test_recursive(box):
    obj = box.obj("show")
    box.script(f"""
        $plain = map create type hash key 4 value 4 entries 4 name {box.prefix}plain
        $other = map create type hash key 4 value 4 entries 4 name {box.prefix}other
        $outer = map create {box.pin("outer")} type array_of_maps key 4 value 4 entries 4 inner_map $plain
        map update $plain key 1 value 7
        map update $outer key 0 value $plain
        map update $outer key 2 value $other
        $ring = map create type ringbuf entries 4096 name {box.prefix}ring
        $rings = map create {box.pin("rings")} type hash_of_maps key 4 value 4 entries 4 inner_map $ring
        map update $rings key 9 value $ring
        $counts = map create type percpu_hash btf {obj} key_type __u32 value_type struct counts entries 4
        $cpus = map create {box.pin("cpus")} type hash_of_maps key 4 value 4 entries 4 inner_map $counts
        map update $counts key 3 value packets=3
        map update $cpus key 1 value $counts
    """).expect(0)

    def dump(name, *words, options=("-j",)):
        return box.bpfsh(*options, "map", "dump", "pinned", box.pin(name), *words).expect(0)
    outer = dump("outer", "recursive").json
    assert [(e["inner_map_type"], e["inner_map_name"], e["elements"]) for e in outer] == [
        ("hash", box.prefix + "plain", [{"key": ["0x01", "0x00", "0x00", "0x00"],
                                         "value": ["0x07", "0x00", "0x00", "0x00"]}]),
        ("hash", box.prefix + "other", [])], outer
    bare = [{k: v for k, v in e.items() if k in ("key", "value", "inner_map_id")} for e in outer]
    assert bare == dump("outer").json
    assert [e["elements"] for e in dump("outer", "recursive", options=["-o", "jsonl"]).jsonl] == [
        e["elements"] for e in outer]
    text = dump("outer", "recursive", options=()).out
    assert (f"  type hash  name {box.prefix}plain\n\tkey: 01 00 00 00  value: 07 00 00 00\n"
            "\tFound 1 element\nkey: 02 00 00 00") in text, text
    ring = dump("rings", "recursive").json[0]
    assert "ring buffer has no elements" in ring["inner_map_state"] and "elements" not in ring, ring
    inner = dump("cpus", "recursive", "sum").json[0]["elements"][0]
    assert inner["key"] == 3 and inner["sum"]["packets"] % 3 == 0 < inner["sum"]["packets"], inner
    assert dump("cpus", "recursive").json[0]["elements"][0]["formatted"]["key"] == 3


def test_interrupted_within_an_inner_map(box):
    """What is out by then parses, and text does not count what is not whole."""
    box.script(f"$in = map create {box.pin('in')} type hash key 4 value 8 entries 400000\n"
               f"$o = map create {box.pin('o')} type array_of_maps key 4 value 4 entries 2 "
               "inner_map $in\nmap update $o key 1 value $in\n").expect(0)
    fill_map(box.pin("in"), 400000, 4, 8)
    for options in ("-j",), ("-o", "jsonl"), ():
        with open("out", "w") as f:
            dump = subprocess.Popen([BPFSH, "--no-rc", *options, "map", "dump", "pinned",
                                     box.pin("o"), "recursive"], stdout=f, stderr=subprocess.PIPE,
                                    text=True)
        while os.path.getsize("out") < 1 << 20:
            time.sleep(0.002)
        dump.send_signal(signal.SIGINT)
        err = dump.communicate(timeout=PATIENCE)[1]
        with open("out") as f:
            out = f.read()
        assert dump.returncode == 130, err
        if options == ("-j",):
            first, last = json.loads(out)
            assert len(first["elements"]) > 100 and last["error"]["message"] == "interrupted", last
        elif options:
            assert json.loads(out.splitlines()[0])["elements"]
        else:
            assert "Found" not in out and "interrupted" in err, (out[-100:], err)


def test_inner_map_vanishes(box):
    """While others replace it, an inner map is either shown or said to be gone."""
    box.script(f"$in = map create type array key 4 value 4 entries 1 name {box.prefix}in\n"
               f"map create {box.pin('o')} type array_of_maps key 4 value 4 entries 50 inner_map $in\n"
               ).expect(0)
    change = "".join(f"$n = map create type array key 4 value 4 entries 1 name {box.prefix}in\n"
                     f"map update pinned {box.pin('o')} key {i % 50} value $n\n" for i in range(800))
    writer = subprocess.Popen([BPFSH, "--no-rc", "--no-transaction", "-f", box.file("change", change)])
    shown = 0
    while writer.poll() is None or not shown:
        for e in box.bpfsh("-j", "map", "dump", "pinned", box.pin("o"), "recursive").expect(0).json:
            assert len(e["elements"]) == 1 if "elements" in e else e["inner_map_state"] == "gone", e
            shown += 1
    assert writer.returncode == 0


def test_prog_array(box):
    pin = load(box)
    box.bpfsh("map", "update", *pin("calls"), "key", 2, "value", "pinned", box.pin("p")).expect(0)
    name = f"{box.prefix}walk"
    ident = box.bpftool("prog", "show", "pinned", box.pin("p"))["id"]
    words = ["map", "dump", *pin("calls")]
    element = box.bpfsh("-j", *words).expect(0).json[0]
    assert element.pop("prog_id") == ident and element.pop("prog_name") == name, element
    theirs = box.bpftool(*words)[0]
    assert {k: element[k] for k in theirs} == theirs
    box.bpfsh("map", "lookup", *pin("calls"), "key", 2).expect(0, out=name)
    # Who may not open objects by their IDs sees the IDs alone.
    blind = box.run("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", BPFSH, "--no-rc",
                    "-j", *words).expect(0)
    assert blind.json[0]["prog_id"] == ident and "prog_name" not in blind.json[0], blind
    bare = box.map_create("bare", "prog_array")
    box.bpfsh("map", "update", "pinned", bare, "key", 1, "value", "pinned", box.pin("p")).expect(0)
    box.bpfsh("map", "dump", "pinned", bare).expect(0, out=f"  prog {ident}  name {name}\nFound 1")


def test_stacks(box):
    pin = load(box)
    run_prog(box)
    stacks = [e["stack"] for e in box.bpfsh("-j", "map", "dump", *pin("stacks")).expect(0).json]
    kernel, = [s for s in stacks if s[0]["space"] == "kernel"]
    user, = [s for s in stacks if s[0]["space"] == "user"]
    names = [f.get("symbol", "") for f in kernel]
    assert "__sys_bpf" in names and names[0].endswith(f"{box.prefix}walk"), kernel
    assert all(f["space"] == "user" and set(f) == {"ip", "space"} for f in user), user
    box.bpfsh("map", "dump", *pin("stacks")).expect(0, out=["\nstack:\n\t0xffff", " __sys_bpf+0x",
                                                          " (user space)\n"])
    frame = box.bpfsh("-j", "map", "dump", *pin("ids")).expect(0).json[0]["stack"][0]
    assert len(frame["build_id"]) == 40 and frame["offset"], frame
    # Without the capability, kallsyms has zeros in place of addresses.
    blind = box.run("setpriv", "--bounding-set=-syslog", "--inh-caps=-syslog", BPFSH, "--no-rc",
                    "-j", "map", "dump", *pin("stacks")).expect(0)
    with open("/proc/sys/kernel/perf_event_paranoid") as f:
        if int(f.read()) > 1:
            assert "hides its symbols" in blind.err, blind
            assert not any("symbol" in f for e in blind.json for f in e["stack"]), blind


run(__name__)
