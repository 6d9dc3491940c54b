# SPDX-License-Identifier: BSD-2-Clause
"""Export, import, copy, clear, count: round trips, partial success, undo, signals."""
import signal
import stat
import subprocess
import time

from bpfsh import *

KINDS = [("hash", 4, 8), ("percpu_hash", 4, 8), ("lru_hash", 4, 8), ("array", 4, 12),
         ("percpu_array", 4, 8), ("lpm_trie", 8, 4, "flags", "1")]
COUNT = 10


def filled(box, name, kind, key, value, *more, entries=16):
    if kind == "lru_hash":
        entries = 1024		# each processor may take 128 at a time: a small one evicts
    pin = box.map_create(name, kind, key, value, entries, *more)
    for n in range(COUNT):
        first = [32, 0, 0, 0] if kind == "lpm_trie" else []
        box.bpftool("map", "update", "pinned", pin, "key", *first, n, 0, 0, 0,
                    "value", n + 1, *[0] * (value - 1))
    return pin


def test_round_trip(box):
    for kind, key, value, *more in KINDS:
        pin = filled(box, kind, kind, key, value, *more)
        before = box.elements(pin)
        file = os.path.join(box.dir, kind + ".jsonl")
        box.bpfsh("map", "export", "pinned", pin, file).expect(0, out="")
        count = box.bpfsh("-j", "map", "count", "pinned", pin).expect(0).json["count"]
        assert count == len(before) == len(open(file).readlines())
        box.bpfsh("map", "clear", "pinned", pin).expect(0, out="")
        left = box.elements(pin)
        assert all("0x01" not in e.partition("value")[2] for e in left), left
        assert bool(left) == kind.endswith("array")
        box.bpfsh("map", "import", "pinned", pin, file).expect(0, out="")
        assert box.elements(pin) == before, (kind, before, box.elements(pin))
        box.bpfsh("map", "import", "pinned", pin, file).expect(0)
        assert box.elements(pin) == before


def test_export_keeps_what_is_no_file(box):
    pin = filled(box, "m", "hash", 4, 8)
    device, target, link = (os.path.join(box.dir, name) for name in ("null", "target", "link"))
    os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    os.symlink(target, link)
    before = set(os.listdir(box.dir)) | {"target"}
    for path in device, link:
        box.bpfsh("map", "export", "pinned", pin, path).expect(0, out="")
    assert stat.S_ISCHR(os.lstat(device).st_mode) and os.path.islink(link)
    assert len(open(target).readlines()) == len(box.elements(pin))
    missing = os.path.join(box.dir, "no", "file")
    box.bpfsh("map", "export", "pinned", pin, missing).expect(1, err=f"cannot write '{missing}'")
    assert set(os.listdir(box.dir)) == before


def test_bpftools_dump(box):
    pin = filled(box, "m", "hash", 4, 8)
    before = box.elements(pin)
    for options in ["-j"], ["-p"]:
        dump = box.run(BPFTOOL, *options, "map", "dump", "pinned", pin).out
        box.bpfsh("map", "clear", "pinned", pin).expect(0)
        box.bpfsh("map", "import", "pinned", pin, box.file("dump", dump)).expect(0)
        assert box.elements(pin) == before


def test_typed(box):
    box.bpftool("prog", "load", box.obj("maps"), box.pin("p"), "pinmaps", box.pin("m"))
    pin = box.pin(f"m/{box.prefix}hash")
    box.bpfsh("map", "update", "pinned", pin, "key", "addr=10.0.0.1", "port=80", "value",
              "packets=5", "verdict=V_LOG", "low=3").expect(0)
    before = box.elements(pin)
    line = box.bpfsh("map", "export", "pinned", pin, "-").expect(0, out='"verdict":"V_LOG"').out
    json.loads(line)
    box.bpfsh("map", "clear", "pinned", pin).expect(0)
    box.bpfsh("map", "import", "pinned", pin, "-", input=line).expect(0)
    assert box.elements(pin) == before


def test_errors(box):
    pin = filled(box, "m", "hash", 4, 8)
    before = box.snapshot()
    good = '{"key":["0x63","0","0","0"],"value":["0x01","0","0","0","0","0","0","0"]}\n'
    for text, message in ((good + "nonsense", "line 2: an element is expected"),
                          (good + '{"key":', "line 2: the file ends inside an element"),
                          (good + '\n{"key":[1],"value":3}', "line 3"),
                          ("[" + good.replace(",", ",\n") + "?", "line 13: an element is expected"),
                          ("[" + good, "line 2: the file ends inside an array")):
        box.bpfsh("map", "import", "pinned", pin, "-", input=text).expect(1, err=message)
        box.unchanged(before)
    box.bpfsh("map", "import", "pinned", pin, "/nonexistent").expect(1, err="cannot open")
    other = box.map_create("o", "hash", 4, 4, 16)
    box.bpfsh("map", "copy", "pinned", pin, "pinned", other).expect(1, err="4 and 8 bytes")
    queue = box.map_create("q", "queue", 0, 4, 16)
    box.bpfsh("map", "count", "pinned", queue).expect(1, err="cannot be listed, only taken out")
    os.unlink(queue)


def test_partial_success_is_undone(box):
    """A map that is full after 8 of 10: the kernel's batch call stops in the middle."""
    for kind, key, value, *more in KINDS:
        if kind not in ("hash", "percpu_hash", "lpm_trie"):
            continue
        source = filled(box, f"{kind[:4]}_src", kind, key, value, *more)
        prefix = [32, 0, 0, 0] if kind == "lpm_trie" else []
        for taken in 0, 3:
            target = box.map_create(f"{kind[:4]}_{taken}", kind, key, value, 8, *more)
            for n in range(taken):
                box.bpftool("map", "update", "pinned", target, "key", *prefix, n, 0, 0, 0, "value",
                            *[9] * value)
            before = box.snapshot()
            box.bpfsh("map", "copy", "pinned", source, "pinned", target).expect(
                1, err="map is full (8 of 8 entries)")
            box.unchanged(before)


def test_duplicates_are_undone(box):
    pin = box.map_create("m", "hash", 4, 4, 8)
    lines = "".join(f'{{"key":{n % 3},"value":{n}}}\n' for n in range(9))
    for script in ("", f"map update pinned {pin} key 1 value 77\n"):
        before = box.snapshot()
        file = box.file("lines", lines)
        before["files"] = sorted(set(os.listdir(box.dir)) - {"script.bsh"})
        box.script(script + f"map import pinned {pin} {file}\nassert false\n").expect(
            1, err="nothing changed")
        box.unchanged(before)
    box.bpfsh("map", "import", "pinned", pin, file).expect(0)
    assert [e["value"] for e in box.bpfsh("-o", "jsonl", "map", "dump", "pinned", pin).jsonl
            ].count(["0x08", "0x00", "0x00", "0x00"]) == 1


def test_undo_in_script(box):
    pins = [filled(box, kind, kind, key, value, *more) for kind, key, value, *more in KINDS]
    file = os.path.join(box.dir, "all.jsonl")
    for pin in pins:
        said = "may evict other elements" if os.path.basename(pin).startswith("lru") else \
            "nothing changed"
        box.bpfsh("map", "export", "pinned", pin, file).expect(0)
        before = box.snapshot()
        for text in (f"map clear pinned {pin}\n",
                     f"map clear pinned {pin}\nmap import pinned {pin} {file}\n"):
            box.script(text + "assert false\n").expect(1, err=said)
            box.unchanged(before)


def test_prefixes_within_prefixes(box):
    """Each is an element of its own, though a lookup of one may find the one around it."""
    one, two = [box.map_create(n, "lpm_trie", 8, 4, 8, "flags", 1) for n in ("one", "two")]
    for pin, words in ((one, "10.0.0.0/8"), (one, "10.1.0.0/16"), (two, "10.0.0.0/8")):
        box.bpfsh("map", "update", "pinned", pin, "key", words, "value", 1).expect(0)
    diff = lambda a, b: [e["change"] for e in
                         box.bpfsh("-j", "map", "diff", "pinned", a, "pinned", b).expect(0).json]
    assert diff(one, two) == ["-"] and diff(two, one) == ["+"]
    before = box.snapshot()
    for text in (f"map update pinned {two} key 10.1.0.0/16 value 1\n",
                 f"map update pinned {two} key 10.1.0.0/16 value 5\n",
                 f"map copy pinned {one} pinned {two}\n",
                 f"map delete pinned {one} key 10.1.0.0/16\n"):
        box.script(text + "assert false\n").expect(1, err="nothing changed")
        box.unchanged(before)


def test_conflict(box):
    """What somebody else wrote meanwhile is kept, all else put back."""
    pin = filled(box, "m", "hash", 4, 8)
    before = box.elements(pin)
    file = box.file("new", "".join(f'{{"key":{n},"value":{n + 100}}}\n' for n in range(COUNT)))
    done = box.script(f"map import pinned {pin} {file}\n"
                      f"!{BPFTOOL} map update pinned {pin} key 3 0 0 0 value 7 7 7 7 7 7 7 7\n"
                      "assert false\n").expect(
                          3, err=["is 07 07 07 07 07 07 07 07, expected 67 00 00 00 00 00 00 00: left",
                                  "rolled back 9 of 10; 1 conflict"])
    after = box.elements(pin)
    assert len(set(before) ^ set(after)) == 2 and '"0x07", "0x07"' in str(set(after) - set(before))


def import_beside(box, how):
    """What a rolled back import leaves, in the midst of which somebody else added an element."""
    line = '{"key":%d,"value":%d}\n'
    pin, fifo = box.map_create(how, "hash", 4, 8, 1 << 14), os.path.join(box.dir, f"fifo_{how}")
    os.mkfifo(fifo)
    fd = open_pin(pin) if how == "held" else None
    if how == "inside":
        outer = box.map_create("outer", "hash_of_maps", 4, 4, 4, "inner_map", "pinned", pin)
        box.bpftool("map", "update", "pinned", outer, *"key 0 0 0 0 value pinned".split(), pin)
    path = box.file("script.bsh", f"map import pinned {pin} {fifo}\nassert false\n")
    process = subprocess.Popen([BPFSH, "--no-rc", "-f", path], stderr=subprocess.PIPE, text=True)
    with open(fifo, "w") as slow:
        slow.write("".join(line % (n, n) for n in range(8000)))
        slow.flush()
        while not box.bpfsh("-j", "map", "count", "pinned", pin).expect(0).json["count"]:
            time.sleep(0.01)
        if how == "late":
            time.sleep(3.1)
        box.bpftool("map", "update", "pinned", pin, "key", 3, 39, 0, 0, "value", *[7] * 8)
        slow.write("".join(line % (n, n) for n in range(8000, 12000)))
    err = process.communicate()[1]
    assert process.returncode == 1 and "rolled back" in err, err
    if fd:
        os.close(fd)
    return box.elements(pin)


def test_others_add_meanwhile(box):
    """What others add while an import into an empty map goes on is there again after its rollback.

    It is known as theirs where they have the map already, or after three seconds.
    """
    for how in "held", "inside", "late":
        left = import_beside(box, how)
        assert len(left) == 1 and '"0x03", "0x27"' in left[0] and left[0].count("0x07") == 8, \
            (how, left)


def test_objects(box):
    inner = box.map_create("in", "array", 4, 4, 1)
    outers = [box.map_create(n, "hash_of_maps", 4, 4, 4, "inner_map", "pinned", inner)
              for n in ("one", "two")]
    box.bpftool("map", "update", "pinned", outers[0], "key", 1, 0, 0, 0, "value", "pinned", inner)
    box.bpfsh("map", "copy", "pinned", outers[0], "pinned", outers[1]).expect(0)
    assert box.elements(outers[1]) == box.elements(outers[0]) != []
    lines = box.bpfsh("-o", "jsonl", "map", "dump", "pinned", outers[1]).expect(0).jsonl
    assert lines[0]["inner_map_id"] == box.bpftool("map", "show", "pinned", inner)["id"], lines
    box.script(f"map clear pinned {outers[0]}\nassert false\n").expect(1)
    assert box.elements(outers[1]) == box.elements(outers[0])
    box.bpfsh("map", "clear", "pinned", outers[0]).expect(0)
    assert box.elements(outers[0]) == []


def test_large_and_interrupted(box):
    pin = box.map_create("big", "hash", 4, 8, 1 << 18)
    fill_map(pin, 200000, 4, 8)
    file = os.path.join(box.dir, "big.jsonl")
    box.bpfsh("map", "export", "pinned", pin, file).expect(0)
    count = ["-j", "map", "count", "pinned", pin]
    box.script(f"map clear pinned {pin}\nassert false\n").expect(1, err="nothing changed")
    assert box.bpfsh(*count).json["count"] == 200000
    box.bpfsh("map", "clear", "pinned", pin).expect(0)
    fifo = os.path.join(box.dir, "fifo")
    os.mkfifo(fifo)
    process = subprocess.Popen([BPFSH, "--no-rc", "map", "import", "pinned", pin, fifo],
                               stderr=subprocess.PIPE, text=True)
    with open(fifo, "w") as slow, open(file) as f:
        slow.writelines(next(f) for _ in range(100000))
        slow.flush()
        wait_until(lambda: has_elements(pin))
        process.send_signal(signal.SIGINT)
        err = process.communicate()[1]
    assert process.returncode == 130, (process.returncode, err)
    assert box.bpfsh(*count).json["count"] == 0
    box.bpfsh("map", "import", "pinned", pin, file).expect(0)
    assert box.bpfsh(*count).json["count"] == 200000


def test_progress(box):
    """On a terminal, once it lasts; the line goes at the end, and on Ctrl-C all goes back."""
    pin, fifo = box.map_create("big", "hash", 4, 8, 1 << 14), os.path.join(box.dir, "fifo")
    os.mkfifo(fifo)
    lines = [f'{{"key":{n},"value":{n}}}\n' for n in range(12288)]
    for stopped in True, False:
        terminal = Pty(box, "map", "import", "pinned", pin, fifo)
        with open(fifo, "w") as slow:
            slow.write("".join(lines[:8000]))
            slow.flush()
            wait_until(lambda: has_elements(pin))
            time.sleep(1.1)
            slow.write("".join(lines[8000:]))
            slow.flush()
            terminal.expect("imported 8192 elements")
            if stopped:
                terminal.send("\3")
                assert terminal.wait() == 130 and "interrupted" in terminal.text, terminal.seen
        assert stopped or terminal.wait() == 0
        assert terminal.seen.count("\r\033[K") == 1, terminal.seen
        assert len(box.elements(pin)) == (0 if stopped else len(lines))


def test_percpu_list(box):
    """A list gives each CPU its own value; a dump's list goes back in as it is."""
    pin = box.map_create("p", "percpu_array", 4, 8, 2)
    update = ["map", "update", "pinned", pin, "key"]
    cpus = len(box.bpftool("map", "lookup", "pinned", pin, "key", 0, 0, 0, 0)["values"])
    box.bpfsh(*update, 0, "value", json.dumps([n + 5 for n in range(cpus)])).expect(0)
    values = box.bpftool("map", "lookup", "pinned", pin, "key", 0, 0, 0, 0)["values"]
    assert [v["value"][0] for v in values] == [f"0x{n + 5:02x}" for n in range(cpus)], values
    box.bpfsh(*update, 1, "value", json.dumps(values)).expect(0)
    assert box.bpftool("map", "lookup", "pinned", pin, "key", 1, 0, 0, 0)["values"] == values


def test_dump_of_several(box):
    for name in "one", "two":
        path = box.pin(name)
        box.bpftool("map", "create", path, *"type hash key 4 value 4 entries 4 name".split(),
                    box.prefix + "same")
        box.bpftool("map", "update", "pinned", path, "key", 1, 0, 0, 0, "value", 2, 0, 0, 0)
    words = ["map", "dump", "name", box.prefix + "same"]
    ours = box.bpfsh("-j", *words).expect(0).json
    by_id = lambda maps: sorted(maps, key=lambda m: m["id"])
    assert by_id(ours) == by_id(box.bpftool(*words)) and len(ours) == 2, ours


def test_clear_of_a_trie(box):
    """What it deletes itself, while it walks, is no reason to say that the trie changed."""
    pin = box.map_create("trie", "lpm_trie", 8, 4, 20000, "flags", "1")
    fill_map(pin, 20000, 8, 4, struct.pack("=I", 32))
    done = box.bpfsh("map", "clear", "pinned", pin).expect(0, out="")
    assert not done.err, done
    box.bpfsh("map", "count", "pinned", pin).expect(0, out="0")


run(__name__)
