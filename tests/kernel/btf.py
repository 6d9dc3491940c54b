# SPDX-License-Identifier: BSD-2-Clause
"""btf dump: as bpftool has it, of every kind of types, and of files that are damaged or none."""
import itertools

from bpfsh import *
from feature import needs

MODULES = "/sys/kernel/btf"
# What bpftool shows for the key of a map that has no type for it.
NO_TYPE = "[0] UNKNOWN '(anon)'\n"
INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, \
    VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(1, 20)


def words(*numbers):
    return struct.pack(f"={len(numbers)}I", *(n & 0xffffffff for n in numbers))


class Types:
    """BTF in the making; @base is (number of types, bytes of strings) where it continues others."""

    def __init__(self, base=None):
        self.first, self.text_at = base or (0, 0)
        self.nr, self.types, self.text = self.first, b"", b"" if base else b"\0"

    def name(self, text):
        if not text:
            return 0
        self.text += text + b"\0"
        return self.text_at + len(self.text) - len(text) - 1

    def add(self, kind, name=b"", size=0, vlen=0, flag=0, extra=b""):
        """Adds a type and returns its ID; @size is the type that it refers to, of some kinds."""
        self.types += words(self.name(name), flag << 31 | kind << 24 | vlen, size) + extra
        self.nr += 1
        return self.nr

    def int(self, name=b"int", size=4):
        return self.add(INT, name, size, extra=words(1 << 24 | 8 * size))

    def raw(self):
        return struct.pack("=HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(self.types), len(self.types),
                           len(self.text)) + self.types + self.text

    def file(self, box, name):
        path = os.path.join(box.dir, name)
        with open(path, "wb") as f:
            f.write(self.raw())
        return path


def every_kind(nowhere=1, no_name=0):
    """All kinds, with each of their flags and words; @nowhere and @no_name may mean nothing."""
    t = Types()
    t.int()
    for encoding, offset, bits in ((0, 0, 32), (2, 0, 8), (4, 0, 8), (3, 5, 7)):
        t.add(INT, b"odd", 4, extra=words(encoding << 24 | offset << 16 | bits))
    pointer = t.add(PTR, b"", 1)
    t.add(PTR, b"named", 0)
    t.add(ARRAY, b"", 0, extra=words(1, 1, 7))
    record = t.add(STRUCT, b"s", 8, 2, 0, words(t.name(b"a"), 1, 0, 0, 3, 32))
    t.add(STRUCT, b"bits", 4, 2, 1, words(t.name(b"a"), 1, 3 << 24, t.name(b"b"), 1, 5 << 24 | 3))
    t.add(UNION, b"u", 4, 1, 0, words(t.name(b"x"), 1, 0))
    for flag in (0, 1):
        t.add(ENUM, b"e", 4, 2, flag, words(t.name(b"ZERO"), 0, t.name(b"ALL"), -1))
        t.add(FWD, b"f", 0, 0, flag)
        t.add(TYPE_TAG, b"user", 1, 0, flag)
        t.add(ENUM64, b"e64", 8, 3, flag,
              words(t.name(b"BIG"), 0, 1, t.name(b"ALL"), -1, -1, t.name(b"FIVE"), 5, 0))
    for kind in (TYPEDEF, VOLATILE, CONST):
        t.add(kind, b"td" if kind == TYPEDEF else b"", 1)
    t.add(RESTRICT, b"", pointer)
    proto = t.add(FUNC_PROTO, b"", 1, 2, 0, words(t.name(b"arg"), 1, 0, 0))
    funcs = [t.add(FUNC, b"func", proto, linkage) for linkage in range(4)]
    variables = [t.add(VAR, b"var", 1, extra=words(linkage)) for linkage in range(4)]
    t.add(DATASEC, b".data", 8, 4, 0,
          words(variables[0], 0, 4, funcs[0], 4, 4, 1, 0, 4, nowhere, 1, 1))
    t.add(FLOAT, b"double", 8)
    for component in (-1, 1):
        t.add(DECL_TAG, b"tag", record, extra=words(component))
    t.add(STRUCT, b"strange", 8, 1, 0, words(no_name, nowhere, 0))
    return t


def differs(ours, theirs):
    """The first line that is another one; only that, as the texts are long."""
    pairs = itertools.zip_longest(ours.splitlines(), theirs.splitlines())
    return next((f"line {n}: {a!r}, by bpftool {b!r}" for n, (a, b) in enumerate(pairs, 1)
                 if a != b), None)


def exact(types):
    """Enumerators of bpftool's JSON without its fault: it extends the sign of unsigned ones."""
    for t in types:
        for value in t.get("values", ()):
            if t["kind"] == "ENUM" and t["encoding"] == "UNSIGNED":
                value["val"] &= 0xffffffff
    return types


def same_dump(box, *what):
    """Both as text and as JSON."""
    if not BPFTOOL:
        raise Skip("no bpftool that runs here")
    theirs = box.run(BPFTOOL, "btf", "dump", *what).expect(0).out.removeprefix(NO_TYPE)
    difference = differs(box.bpfsh("btf", "dump", *what).expect(0).out, theirs)
    assert not difference, f"btf dump {what}: {difference}"
    ours = box.bpfsh("-j", "btf", "dump", *what).expect(0).json
    theirs = [t for t in box.bpftool("btf", "dump", *what)["types"] if t["id"]]
    assert list(ours) == ["types"] and ours["types"] == exact(theirs), what
    return ours["types"]


def test_btf_every_kind(box):
    types = same_dump(box, "file", every_kind().file(box, "all.btf"))
    assert {t["kind"] for t in types} == {
        "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST",
        "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG", "TYPE_TAG",
        "ENUM64"}
    meaningless = every_kind(9999, 0x7fffffff).file(box, "meaningless.btf")
    if box.run(BPFTOOL, "btf", "dump", "file", meaningless).status == 0:
        same_dump(box, "file", meaningless)
    else:		# a newer libbpf does not read it
        box.bpfsh("btf", "dump", "file", meaningless).expect(1, err="cannot read the types")


def test_btf_objects(box):
    for path in sorted(glob.glob(f"{BUILD}/tests/progs/*.bpf.o")):
        if b".BTF" in open(path, "rb").read():
            same_dump(box, "file", path)


def test_btf_kernel(box):
    same_dump(box, "file", f"{MODULES}/vmlinux")
    needs("kernel_btf")
    same_dump(box, "id", "1")


def test_btf_loaded(box):
    """By map and program, and by every way to name them."""
    needs("kernel_btf")
    box.bpftool("prog", "loadall", box.obj("typed"), box.pin("p"), "pinmaps", box.pin("m"))
    maps = [m for m in box.retry("map") if m.get("name", "").startswith(box.prefix)]
    for m, part in itertools.product(maps, ("key", "value", "kv", "all", None)):
        if part == "key" and "." in m["name"]:
            box.bpfsh("btf", "dump", "map", "id", m["id"], part).expect(1, err="no type for its")
        elif m.get("btf_id"):
            same_dump(box, "map", "id", m["id"], *([part] if part else []))
    prog = next(p for p in box.retry("prog") if p.get("name", "").startswith(box.prefix))
    whole = same_dump(box, "prog", "id", prog["id"])
    assert same_dump(box, "id", prog["btf_id"]) == whole
    box.script(f"$p = prog show id {prog['id']}; $b = btf show id {prog['btf_id']}\n"
               "$x = btf dump prog $p; $y = btf dump $b; assert $x == $y\n"
               f"assert $x.types[{len(whole) - 1}].id == {len(whole)}").expect(0)


FRAME = re.compile(r"#(ifndef|pragma|endif)")


def declarations(text):
    """Without what versions of libbpf write in two ways."""
    text = re.sub(r" __attribute__\(\(mode\(\w+\)\)\)", "", text.replace("(void)", "()"))
    return text.split("\n\n")


def same_c(box, *what):
    """As libbpf has it, in bpftool's frame, which newer ones write otherwise; they also sort."""
    ours = box.bpfsh("btf", "dump", *what, "format", "c").expect(0).out
    unsorted = ["unsorted"] if "unsorted" in box.run(BPFTOOL, "btf", "help").err else []
    theirs = box.run(BPFTOOL, "btf", "dump", *what, "format", "c", *unsorted).expect(0).out
    a, b = declarations(ours), declarations(theirs)
    if a != b:
        assert "v7.1." not in box.run(BPFTOOL, "version").out, \
            f"btf dump {what} format c: {differs(ours, theirs)}"
        a, b = ({d for d in one if not FRAME.match(d)} for one in (a, b))
        assert a <= b, f"btf dump {what} format c: {sorted(a - b)[:3]}"
    listed = box.bpfsh("-j", "btf", "dump", *what, "format", "c").expect(0).json
    assert "".join(listed) == ours
    return listed


def test_btf_c(box):
    """The kernel's types compile; a map's are only those of its elements and what they need."""
    if not BPFTOOL:
        raise Skip("no bpftool that runs here")
    same_c(box, "file", box.obj("typed"))
    text = "".join(same_c(box, "file", f"{MODULES}/vmlinux"))
    source = box.file("use.c", text + "\nint size = sizeof(struct task_struct);\n")
    box.run("clang", "-target", "bpf", "-fsyntax-only", source).expect(0)
    box.bpftool("prog", "loadall", box.obj("typed"), box.pin("p"), "pinmaps", box.pin("m"))
    for m in box.retry("map"):
        if m.get("name", "").startswith(box.prefix) and m.get("btf_id") and "." not in m["name"]:
            for part in ("key", "value"):
                same_c(box, "map", "id", m["id"], part)


def test_btf_c_hostile(box):
    """What would crash libbpf, or keep it busy for years, is an error; the user can end it."""
    def refused(types, reason):
        done = box.bpfsh("btf", "dump", "file", types.file(box, "bad.btf"), "format", "c")
        # The first is a newer libbpf's refusal.
        done.expect(1)
        assert re.search(f"cannot read the types of|cannot write the types as C: {reason}", done.err), done

    t = Types()
    t.add(STRUCT, b"s", 4, 1, 0, words(t.name(b"x"), 99, 0))
    refused(t, "type 1 refers to type 99, which is not there")
    t = Types()
    t.add(STRUCT, b"s", 4, 1, 0, words(0x7fffffff, 0, 0))
    refused(t, "type 1 has a name that is not there")
    t = Types()
    t.add(STRUCT, b"s", 4, 1, 0, words(t.name(b"x"), 1, 0))
    refused(t, "one contains itself")
    t = Types()
    t.add(PTR, b"", 1)
    refused(t, "they are damaged")
    t = Types()
    t.int()
    for nr in range(1, 60):
        t.add(STRUCT, b"", 4, 2, 0, words(t.name(b"a"), nr, 0, t.name(b"b"), nr, 0))
    t.add(STRUCT, b"whole", 4, 1, 0, words(t.name(b"c"), t.nr, 0))
    command = [BPFSH, "--no-rc", "btf", "dump", "file", t.file(box, "twice.btf"), "format", "c"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as endless:
        worker, = wait_until(lambda: children(endless.pid))
        wait_until(lambda: process_stat(worker)[1] > 0.2)
        endless.send_signal(signal.SIGINT)
        assert endless.wait(PATIENCE) == 130


def test_btf_modules(box):
    """Types that continue the kernel's: shown are those of the module alone."""
    with open(f"{MODULES}/vmlinux", "rb") as f:
        vmlinux = f.read()
    strings = struct.unpack_from("=I", vmlinux, 20)[0]
    mount("tmpfs", MODULES, "tmpfs")
    with open(f"{MODULES}/vmlinux", "wb") as f:
        f.write(vmlinux)
    number = box.bpfsh("-j", "btf", "dump", "file", f"{MODULES}/vmlinux").json["types"][-1]["id"]
    module = Types((number, strings))
    module.add(STRUCT, b"own", 8, 1, 0, words(module.name(b"next"), number + 2, 0))
    module.add(PTR, b"", number + 1)
    module.add(CONST, b"", 1)
    types = same_dump(box, "file", module.file(box, f"{MODULES}/mod"))
    assert [t["id"] for t in types] == [number + 1, number + 2, number + 3]
    elsewhere = module.file(box, "mod.btf")
    based = box.bpfsh("-j", "btf", "dump", "file", elsewhere, "base", f"{MODULES}/vmlinux")
    assert based.expect(0).json["types"] == types
    box.bpfsh("btf", "dump", "file", elsewhere).expect(1, err="base FILE")


def test_btf_errors(box):
    """Each says what is wrong, also as JSON, and shows nothing else."""
    needs("kernel_btf")
    newer, cut = Types(), Types()
    newer.int()
    newer.add(29, b"later", 4)
    cut.int()
    with open("cut.btf", "wb") as f:
        f.write(cut.raw()[:-3])
    box.script(f"$p = prog asm type xdp 'r0 = 2; exit'; prog pin $p {box.pin('asm')}").expect(0)
    box.map_create("plain")
    for command, reason in (
            ("file missing", "no such file"), ("file .", "not a regular file"),
            ("file /etc/passwd", "neither BTF nor an ELF file"), ("file /bin/sh", "has no BTF"),
            (f"file {newer.file(box, 'newer.btf')}", "BTF_KIND:29"),
            ("file cut.btf", "cannot read the types"),
            (f"prog pinned {box.pin('asm')}", "has no BTF"),
            (f"map name {box.prefix}plain", "has no BTF"), ("id 4294967295", "no BTF object"),
            ("id 1 root_id 4294967295", "no type 4294967295"), ("id 1 root_id 0", "no type 0"),
            ("id 1 file x", "leave one out"), ("id 1 key", "'key' is for maps"),
            ("id 1 base x", "'base' is for files"), ("", "nothing to dump is named"),
            (f"map name {box.prefix}plain key root_id 1", "leave one out")):
        done = box.bpfsh("btf", "dump", *command.split()).expect(1, err=reason)
        assert not done.out, done
        done = box.bpfsh("-j", "btf", "dump", *command.split()).expect(1)
        assert reason in done.json["error"]["message"] and not done.err, done
    box.unprivileged("btf", "dump", "id", "1").expect(1, err="CAP_SYS_ADMIN")
    box.unprivileged("btf", "dump", "file", f"{MODULES}/vmlinux").expect(0, out="[1] ")


def headers(elf):
    """Offsets of the section headers of an ELF file's bytes, by name."""
    start, = struct.unpack_from("=Q", elf, 0x28)
    number, names = struct.unpack_from("=HH", elf, 0x3c)
    strings, = struct.unpack_from("=Q", elf, start + 64 * names + 0x18)
    at = [start + 64 * i for i in range(number)]
    name = [strings + struct.unpack_from("=I", elf, header)[0] for header in at]
    return {elf[n:elf.index(b"\0", n)].decode(): header for n, header in zip(name, at)}


def damaged(box, name, *changes):
    """An object whose .BTF is changed: (format, offset, value) in its header, or in its bytes."""
    with open(box.obj("typed"), "rb") as f:
        elf = bytearray(f.read())
    header = headers(elf)[".BTF"]
    start, = struct.unpack_from("=Q", elf, header + 0x18)
    for where, form, offset, value in changes:
        struct.pack_into("=" + form, elf, (header if where == "header" else start) + offset, value)
    path = os.path.join(box.dir, name)
    with open(path, "wb") as f:
        f.write(elf)
    return path


def test_btf_section_damaged(box):
    """Whatever reads the types of an object says what is wrong with them, and never crashes."""
    with open(box.obj("typed"), "rb") as f:
        elf = f.read()
    start, = struct.unpack_from("=Q", elf, headers(elf)[".BTF"] + 0x18)
    types, strings = start + 24, start + 24 + struct.unpack_from("=I", elf, start + 16)[0]
    # A type that every such object has: the first one that refers to another.
    at, number = types, 1
    extra = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}
    item = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}
    while (kind := elf[at + 7] & 0x1f) != TYPEDEF:
        count = struct.unpack_from("=H", elf, at + 4)[0]
        at, number = at + 12 + extra.get(kind, 0) + item.get(kind, 0) * count, number + 1
    cases = {
        "nobits": (("header", "I", 4, 8), "section is empty, as in a file of debug symbols"),
        "empty": (("header", "Q", 0x20, 0), "section is empty"),
        "outside": (("header", "Q", 0x18, len(elf) + 1), "section lies outside of the file"),
        "beyond": (("header", "Q", 0x20, 1 << 40), "section lies outside of the file"),
        "header": (("header", "Q", 0x20, 10), ""), "magic": (("bytes", "H", 0, 0x1234), ""),
        "types": (("bytes", "I", 12, 0xffffff00), ""), "strings": (("bytes", "I", 20, 3), ""),
        "no_nul": (("bytes", "B", strings - start, 65), ""),
        "kind": (("bytes", "B", types - start + 7, 29), "newer than the libbpf"),
        "refers": (("bytes", "I", at - start + 8, 77777), "77777"),
        "named": (("bytes", "I", at - start, 0x7ffffff0), ""),
        "itself": (("bytes", "I", at - start + 8, number), ""),
    }
    for name, (change, reason) in cases.items():
        path = damaged(box, name + ".o", change)
        dumped = box.bpfsh("btf", "dump", "file", path)
        assert dumped.status in (0, 1), dumped
        if name not in ("refers", "named", "itself"):
            dumped.expect(1, err=reason or "cannot read the types of")
            box.bpfsh("btf", "dump", "file", box.obj("typed"), "base", path).expect(1, err=reason)
        box.bpfsh("btf", "dump", "file", path, "format", "c").expect(1, err=reason)
        loaded = box.bpfsh("prog", "load", path, box.pin(name)).expect(1, err=reason)
        assert f"'{path}': its types (BTF) are damaged: " in loaded.err, loaded
        made = box.bpfsh("map", "create", box.pin(name), "type", "hash", "key_type", "__u32",
                         "value", 4, "entries", 1, "name", "m", "btf", path)
        made.expect(1, err=reason or "cannot read the types of")
        box.bpfsh("prog", "cfg", "obj", path, "text").expect(0)


def test_btf_closed_pipe(box):
    for options, form in itertools.product(((), ("-j",)), ("raw", "c")):
        done = box.run("bash", "-c", '"$@" | head -c 1000; exit ${PIPESTATUS[0]}', "sh", BPFSH,
                       "--no-rc", *options, "btf", "dump", "file", f"{MODULES}/vmlinux", "format", form)
        assert done.status == 141 and not done.err and len(done.out) == 1000, done


def test_btf_names_are_hostile(box):
    """Names with controls: escaped on a terminal and in JSON, as they are in a pipe."""
    t = Types()
    t.add(STRUCT, b"\x1b[31mred\"\\\n\xff", 4, 1, 0, words(t.name(b"\x9b2J"), 1, 0))
    path = t.file(box, "hostile.btf")
    assert "\x1b[31mred" in box.bpfsh("btf", "dump", "file", path).expect(0).out
    found = box.bpfsh("-j", "btf", "dump", "file", path).expect(0).json["types"][0]
    assert found["name"] == "\x1b[31mred\"\\\n\ufffd" and found["members"][0]["name"] == "\ufffd2J"
    with Pty(box, "btf", "dump", "file", path) as terminal:
        terminal.expect("type_id=1")
        shown = terminal.seen
        assert r"\x1b[31mred" in shown and r"\x9b2J" in shown and "\x1b[31m" not in shown, shown


run(__name__)
