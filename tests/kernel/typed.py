# SPDX-License-Identifier: BSD-2-Clause
"""Values of every BTF kind: dumps beside bpftool's byte by byte, and typed updates."""
import random

from bpfsh import *

FILLED = ["every", "bits", "enum", "union", "long", "array", "percpu", "pwide"]


def random_bytes(rng, n):
    mood = rng.randrange(5)
    if mood == 0:
        return bytes(n)
    if mood == 1:
        return bytes(rng.choice(b"abc \"\\xyz\0\0AB") for _ in range(n))
    if mood == 2:
        return bytes(rng.choice([0, 0, 0, 1, 2, 7, 255]) for _ in range(n))
    return rng.randbytes(n) if mood == 3 else b"\xff" * n


def load(box, name):
    box.bpftool("prog", "load", box.obj(name), box.pin("p"), "pinmaps", box.pin("m"))


def pin(box, name):
    return box.pin(f"m/{box.prefix}{name}")


def fill(box, name, rng):
    info = box.bpftool("map", "show", "pinned", pin(box, name))
    is_array = info["type"].endswith("array")
    for i in range(info["max_entries"] if is_array else info["max_entries"] // 2):
        key = i.to_bytes(4, sys.byteorder) if is_array else random_bytes(rng, info["bytes_key"])
        box.bpftool("map", "update", "pinned", pin(box, name), "key", *key,
                    "value", *random_bytes(rng, info["bytes_value"]))


# Bit-fields of struct bits that are signed, with newer compilers the enum's too, and how wide
# they are.
SIGNED = {"c": 3, "d": 17, "e": 4, "h": 24}


def without_sign(dump):
    """A fault of bpftool's: it shows a 3-bit -1 as 0x7."""
    return re.sub(r'"(\w)": ?"?-(0x[0-9a-f]+)', lambda m: m[0].replace(
        "-" + m[2], hex((1 << SIGNED[m[1]]) - int(m[2], 16))), dump)


# Arrays of char that bpftool takes for text, and their sizes.
TEXTS = {"text": 8, "full": 4, "odd": 4}


def full_text(dump):
    """bpftool lists the letters of an array that they fill; ours are text."""
    def text(found):
        letters = [int(n) for n in re.findall(r"-?\d+", found[3])]
        full = len(letters) == TEXTS[found[1]] and all(0x20 <= c < 0x7f for c in letters)
        return found[2] + json.dumps(bytes(letters).decode()) if full else found[0]

    return re.sub(r'(?="(text|full|odd)")("\w+": ?)(\[[^]]*\])', text, dump)


def same_dump(box, path):
    """Both formats; the order of elements is the kernel's, and stays while nobody writes."""
    for options in [], ["-j"]:
        theirs = full_text(box.run(BPFTOOL, *options, "map", "dump", "pinned", path).out)
        ours = without_sign(box.bpfsh(*options, "map", "dump", "pinned", path).expect(0).out)
        if not options:		# newer ones quote pointers
            theirs = re.sub(r'"(0x[0-9a-f]+|\(nil\))"', r"\1", theirs)
        assert ours.rstrip("\n") == theirs.rstrip("\n"), f"{path}:\n{ours}\nby bpftool:\n{theirs}"


def test_dump(box):
    load(box, "typed")
    for name in FILLED:
        for seed in range(2):
            fill(box, name, random.Random(f"{name}{seed}"))
            same_dump(box, pin(box, name))
    box.bpfsh("map", "update", "pinned", pin(box, "every"), "key", "a=1", "b=2", "value",
              "text=postgres", r'full=a\"b', "odd=wxyz").expect(0)
    same_dump(box, pin(box, "every"))
    value = box.bpfsh("-j", "map", "lookup", "pinned", pin(box, "every"), "key", "a=1", "b=2").json
    shown = value["formatted"]["value"]
    assert shown["text"] == "postgres" and shown["full"] == r'a\"b', shown


def test_dump_globals(box):
    load(box, "typed")
    for name in os.listdir(box.pin("m")):
        if name.endswith(("bss", "data", "rodata")):
            same_dump(box, box.pin(f"m/{name}"))


def test_dump_floats(box):
    """bpftool 7.1 prints no floats: it leaves the rest out, and its JSON does not parse."""
    load(box, "typed")
    box.bpfsh("map", "update", "pinned", pin(box, "float"), "key", 1, "value", "f=0.1",
              "d=-1.5e300").expect(0)
    dump = box.bpfsh("-j", "map", "dump", "pinned", pin(box, "float")).expect(0).json
    assert dump[0]["formatted"]["value"] == {"f": 0.1, "d": -1.5e300}, dump


def value_of(box, *key):
    dump = box.bpftool("map", "lookup", "pinned", pin(box, "every"), "key", *key)
    return dump["formatted"]["value"]


def test_update(box):
    load(box, "typed")
    update = ["map", "update", "pinned", pin(box, "every"), "key", "a=1", "b=0x2", "value"]
    key = (1).to_bytes(4, sys.byteorder) + (2).to_bytes(4, sys.byteorder)
    box.bpfsh(*update, "u8=255", "s8=-1", "s64=-5", "v=V_TX", "t=TINY_B", "text=hello",
              "grid=[[1,2],[3]]", "points[1].y=-7", "in_union=5", "bits.c=-4", "bits.e=V_DROP",
              "either=10.0.0.1", "yes=true", "c=x", "wide=-1", "ptr=0x10").expect(0)
    value = value_of(box, *key)
    assert value["u8"] == 255 and value["s8"] == -1 and value["s64"] == -5, value
    assert value["v"] == "V_TX" and value["text"] == "hello" and value["yes"] is True, value
    assert value["grid"] == [[1, 2, 0], [3, 0, 0]] and value["c"] == ord("x"), value
    assert value["points"] == [{"x": 0, "y": 0}, {"x": 0, "y": -7}], value
    assert value[""]["in_anon"] == 0 and value[""][""]["in_union"] == 5, value
    assert value["bits"]["c"] == "0x4" and value["bits"]["e"] == "0x1", value
    assert value["either"]["bytes"] == [10, 0, 0, 1] and value["ptr"] == 16, value
    assert value["wide"] == "0x" + "f" * 32, value
    box.bpfsh(*update, '{"points":[{"x":1},{"y":2}],"either":{"word":7},'
              '"text":"\\u00e9"}').expect(0)
    value = value_of(box, *key)
    assert value["points"] == [{"x": 1, "y": 0}, {"x": 0, "y": 2}], value
    assert value["u8"] == 0 and value["either"]["word"] == 7, value


def test_update_errors(box):
    load(box, "typed")
    update = ["map", "update", "pinned", pin(box, "every"), "key", "a=1", "b=2", "value"]
    for words, message in [
            (["u8=256"], "value.u8: 256 is out of range for __u8 (0..255)"),
            (["bits.c=4"], "value.bits.c: 4 is out of range for a 3-bit int (-4..3)"),
            (["points[2].x=1"], "value.points is struct point[2]: no such element"),
            (["pionts=[]"], "no field 'pionts' in struct everything"),
            (["v=V_DRIP"], "no enumerator 'V_DRIP' in enum verdict"),
            (["text=123456789"], "value.text: 9 bytes of text do not fit char[8]"),
            (["1", "2", "3"], "value expected 224 bytes got 3")]:
        # A bad value is a wrong word, not a failed operation, and writes nothing.
        done = box.bpfsh(*update, *words)
        assert done.status in (1, 2) and message in done.err, done
    assert box.elements(pin(box, "every")) == []


def test_every_byte(box):
    """Padding comes back too: by export and import, by copy, and by undo; a diff sees it."""
    load(box, "typed")
    for name in FILLED + ["loose", "ploose"]:
        path = pin(box, name)
        fill(box, name, random.Random(name))
        before = box.elements(path)
        for options in [], ["-j"], ["-p"]:
            lines = box.bpfsh(*options, "map", "export", "pinned", path, "-").expect(0).out
            box.bpfsh("map", "clear", "pinned", path).expect(0)
            box.bpfsh("map", "import", "pinned", path, "-", input=lines).expect(0, err="")
            assert box.elements(path) == before, f"{name}: {lines} {before} {box.elements(path)}"
        lines = box.bpfsh("-o", "jsonl", "map", "dump", "pinned", path).expect(0).out
        box.script(f"map clear pinned {path}\nmap import pinned {path} {box.file('l', lines)}\n"
                   f"map clear pinned {path}\nassert false").expect(1)
        assert box.elements(path) == before, name


def test_padding_differs(box):
    """What differs in padding alone is not found by its fields, and told apart wherever it is shown."""
    load(box, "typed")
    path = pin(box, "loose")
    fields = {"kind": 1, "n": 2, "low": 3, "id": 4, "last": 5}
    words = [f"{name}={value}" for name, value in fields.items()]
    box.bpfsh("map", "update", "pinned", path, "key", *words, "value", *words).expect(0)
    exact = json.loads(box.elements(path)[0])["key"]
    loose = exact[:1] + ["0xa5"] * 3 + exact[4:]
    digits = "".join(byte[2:] for byte in loose)
    value = ["value", "hex", digits]
    box.bpfsh("map", "delete", "pinned", path, "key", *words).expect(0)
    box.bpfsh("map", "update", "pinned", path, "key", "hex", digits, *value).expect(0)
    hint = f"an element with these fields is there, its padding is not zero: key hex {digits}"
    for command in (["lookup"], ["delete"], ["update", "value", *words, "exist"]):
        box.bpfsh("map", command[0], "pinned", path, "key", *words, *command[1:]).expect(1, err=hint)
    box.bpfsh("map", "lookup", "pinned", path, "key", *words, "or", "null").expect(0, err="")
    assert hint not in box.bpfsh("map", "lookup", "pinned", path, "key", "n=3").expect(1).err
    line = box.bpfsh("map", "export", "pinned", path, "-").expect(0).json
    assert line["key_hex"] == digits and line["value_hex"] == digits and line["key"]["n"] == 2, line
    line["value"]["n"] = 3
    box.bpfsh("map", "import", "pinned", path, "-", input=json.dumps(line)).expect(
        1, err="contradicts what is given for the same bytes before")
    done = box.script(f"$d = map dump pinned {path}\nmap update pinned {path} key hex {digits} "
                      f"value {' '.join(words)}\nmap diff pinned {path} $d",
                      options=["-o", "jsonl"]).expect(0)
    change = done.jsonl[-1]
    assert change["key_hex"] == digits and change["before"] == change["after"], change
    assert change["before_hex"] == digits and "after_hex" not in change, change
    box.bpfsh("map", "lookup", "pinned", path, "key", "hex", "".join(b[2:] for b in exact)).expect(
        1, err=hint)


def test_special(box):
    """What the kernel keeps to itself is not writable; its neighbours are."""
    load(box, "special")
    update = ["map", "update", "pinned", pin(box, "special"), "key", "1", "value"]
    box.bpfsh(*update, "hits=3", "total=4").expect(0)
    value = box.bpftool("map", "lookup", "pinned", pin(box, "special"), "key",
                        *(1).to_bytes(4, sys.byteorder))["formatted"]["value"]
    assert value["hits"] == 3 and value["total"] == 4, value
    done = box.bpfsh(*update, "timer=1")
    assert "value.timer: bpf_timer cannot be written from user space" in done.err, done
    same_dump(box, pin(box, "special"))


run(__name__)
