# SPDX-License-Identifier: BSD-2-Clause
"""Maps of every type of the running kernel: made, shown, and what each cannot do said in words."""
from bpfsh import *
from feature import needs
from state import CPUS, update

# Type: key and value size, entries, and what else creation needs.
SHAPES = {
    "hash": (4, 4, 4), "percpu_hash": (4, 4, 4), "lru_hash": (4, 4, 4),
    "lru_percpu_hash": (4, 4, 4), "array": (4, 4, 4), "percpu_array": (4, 4, 4),
    "prog_array": (4, 4, 4), "perf_event_array": (4, 4, 4), "cgroup_array": (4, 4, 4),
    "xskmap": (4, 4, 4), "stack_trace": (4, 64, 4), "lpm_trie": (8, 4, 4, "flags no_prealloc"),
    "devmap": (4, 4, 4), "devmap_hash": (4, 4, 4), "cpumap": (4, 4, 4), "sockmap": (4, 8, 4),
    "sockhash": (4, 8, 4), "reuseport_sockarray": (4, 8, 4), "queue": (0, 4, 4),
    "stack": (0, 4, 4), "bloom_filter": (0, 4, 4), "ringbuf": (0, 0, 4096),
    "user_ringbuf": (0, 0, 4096), "arena": (0, 0, 4, "flags mmapable"),
    "array_of_maps": (4, 4, 4, "inner_map $inner"), "hash_of_maps": (4, 4, 4, "inner_map $inner"),
    "cgroup_storage": (8, 4, 0), "percpu_cgroup_storage": (8, 4, 0),
    "sk_storage": (4, 4, 0, "flags no_prealloc btf OBJ key_type int value_type int"),
    "inode_storage": (4, 4, 0, "flags no_prealloc btf OBJ key_type int value_type int"),
    "task_storage": (4, 4, 0, "flags no_prealloc btf OBJ key_type int value_type int"),
    "cgrp_storage": (4, 4, 0, "flags no_prealloc btf OBJ key_type int value_type int"),
}
# Elements can be listed; the rest says why not.
LISTED = {"hash", "percpu_hash", "lru_hash", "lru_percpu_hash", "array", "percpu_array",
          "prog_array", "lpm_trie", "devmap", "devmap_hash", "cpumap", "sockmap", "sockhash",
          "reuseport_sockarray", "stack_trace", "array_of_maps", "hash_of_maps",
          "cgroup_storage", "percpu_cgroup_storage", "perf_event_array", "cgroup_array", "xskmap"}


def create(box, kind):
    key, value, entries, *more = SHAPES[kind]
    more = " ".join(more).replace("OBJ", box.obj("maps"))
    done = box.script(f"$inner = map create type array key 4 value 4 entries 1 name {box.prefix}i\n"
                      f"map create {box.pin(kind)} type {kind} key {key} value {value} "
                      f"entries {entries} name {box.prefix}x {more}\n")
    if done.status and ("kernel refuses" in done.err or "not built" in done.err
                        or "has no maps of type" in done.err):
        return None
    done.expect(0, out="")
    return box.pin(kind)


def says_why(done):
    assert done.status == 1 and done.err.startswith("error: "), done
    for bare in ("Invalid argument", "524", "ad file descriptor", "non-socket"):
        assert bare not in done.err, done


def test_every_type(box):
    made = 0
    for kind in SHAPES:
        pin = create(box, kind)
        if not pin:
            continue
        made += 1
        info = box.bpfsh("-j", "map", "show", "pinned", pin).expect(0).json
        assert info["type"] == kind, info
        key = ["hex"] + ["00"] * SHAPES[kind][0]
        dump = box.bpfsh("-j", "map", "dump", "pinned", pin)
        if kind in LISTED and not dump.status:
            assert isinstance(dump.json, list), dump
        else:
            assert dump.status == 1 and "error" in dump.json, dump
        value = ["hex"] + ["00"] * SHAPES[kind][1]
        for words in (["lookup", "key", *key], ["getnext"], ["delete", "key", *key],
                      ["update", "key", *key, "value", *value], ["peek"], ["clear"],
                      ["top", "rows", 0], ["read", "count", 0]):
            done = box.bpfsh("map", words[0], "pinned", pin, *words[1:])
            if done.status:
                says_why(done)
        assert not os.path.exists("/run/bpfsh") or not os.listdir("/run/bpfsh"), kind
        os.unlink(pin)
    assert made >= 25, made


def test_what_a_type_needs(box):
    inner = box.map_create("inner")
    for words, message in (
            (["array_of_maps", "key", "4", "value", "4", "entries", "1"], "add 'inner_map MAP'"),
            (["hash", "key", "4", "value", "4", "entries", "1", "inner_map", "pinned", inner],
             "a map of type hash has no maps inside"),
            (["task_storage", "key", "4", "value", "4", "flags", "no_prealloc"],
             "type task_storage needs types of key and value"),
            (["struct_ops", "key", "4", "value", "8", "entries", "1"], "comes from the object file"),
            (["bloom_filter", "value", "8", "entries", "4", "map_extra", "16"], "at most 15"),
            (["hash", "key", "4", "value", "4", "entries", "1", "numa_node", "4000"],
             "no NUMA node 4000")):
        box.bpfsh("map", "create", box.pin("no"), "type", *words).expect(1, err=message)


def test_map_extra_is_shown(box):
    needs("bloom_filter")
    box.bpfsh("map", "create", box.pin("b"), "type", "bloom_filter", "value", "8", "entries", "4",
              "map_extra", "7").expect(0)
    box.bpfsh("map", "show", "pinned", box.pin("b")).expect(0, out="  map_extra 0x7")
    assert box.bpfsh("-j", "map", "show", "pinned", box.pin("b")).expect(0).json["map_extra"] == 7


def test_messages(box):
    """What the kernel has one errno for, told apart; nothing is left of what was refused."""
    for kind, verb, message in (
            ("stack_trace", "update", "only programs put stacks into it"),
            ("perf_event_array", "update", "no descriptor of a perf event"),
            ("cgroup_array", "update", "value is no cgroup"),
            ("xskmap", "update", "no descriptor of an AF_XDP socket"),
            ("sockhash", "update", "no descriptor of a socket"),
            ("sockmap", "delete", "nothing at that index (0 to 3)"),
            ("cgroup_storage", "update", "that cgroup has no storage in it"),
            ("cgroup_storage", "delete", "as long as its cgroup"),
            ("hash", "peek", "cannot peek into map"), ("hash", "getnext", "is empty"),
            ("queue", "lookup", "'map push' puts values in")):
        pin = create(box, kind)
        if not pin:
            continue
        key, value, *_ = SHAPES[kind]
        words = {"update": ["key", "hex", *["00"] * key, "value", "hex", *["00"] * value],
                 "delete": ["key", "hex", *["00"] * key],
                 "lookup": ["key", "1"]}.get(verb, [])
        done = box.bpfsh("map", verb, "pinned", pin, *words).expect(1, err=message)
        assert "unfinished" not in box.bpfsh("map", "show", "pinned", pin).err, done
        os.unlink(pin)


def test_failed_import_into_sockets(box):
    """Nothing was changed, so that nothing is left to be undone."""
    element = {"key": ["0x00"] * 4, "value": ["0x00"] * 8}
    box.bpfsh("map", "import", "pinned", create(box, "sockmap"),
              box.file("dump", json.dumps([element]))).expect(1, err="no descriptor of a socket")


# What bpftool's dumps do wrong, by type; test_dumps_agree() expects ours to do better.
EMPTY_SLOTS = {"devmap", "cpumap", "sockmap", "reuseport_sockarray"}	# elements with an error
UNREADABLE = {"perf_event_array", "cgroup_array", "xskmap"}	# an error for each slot, and status 0
SILENT = {kind for kind in SHAPES if kind not in LISTED}	# [] and an odd status, whatever is in
OBJECTS = {"prog_array": {"prog_id", "prog_name"},		# 7.1: the ID's bytes alone
           "array_of_maps": {"inner_map_id"}, "hash_of_maps": {"inner_map_id"}}


def values(box):
    """What is put under key 1: descriptors where a map's values are objects; and the socket."""
    inner = open_pin(box.map_create("inner", "array", 4, 4, 1))
    box.bpftool("prog", "load", box.obj("count"), box.pin("prog"))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    small = {"devmap": 1, "devmap_hash": 1, "cpumap": 192, "array_of_maps": inner,
             "hash_of_maps": inner, "prog_array": open_pin(box.pin("prog"))}
    found = {kind: struct.pack("=I", n) for kind, n in small.items()}
    return {**found, "sockmap": struct.pack("=Q", sock.fileno()),
            "sockhash": struct.pack("=Q", sock.fileno())}, sock


def fill(box, kind, pin, value):
    key, size, *_ = SHAPES[kind]
    if kind in SILENT and not key:
        box.bpfsh("map", "push", "pinned", pin, "value", 1, 2, 3, 4)
    elif kind in LISTED - UNREADABLE - {"stack_trace", "reuseport_sockarray"} and SHAPES[kind][2]:
        fd = open_pin(pin)
        first = struct.pack("=I4s", 24, b"\x0a") if kind == "lpm_trie" else struct.pack("=I", 1)
        update(fd, first, value or bytes([7] + [0] * 7) * (CPUS if "percpu" in kind else 1))
        os.close(fd)


def test_dumps_agree(box):
    """-j map dump is bpftool's on every type that both can read."""
    found, sock = values(box)
    compared = 0
    for kind in SHAPES:
        pin = create(box, kind)
        if not pin:
            continue
        fill(box, kind, pin, found.get(kind))
        words = ["map", "dump", "pinned", pin]
        theirs, ours = box.run(BPFTOOL, "-j", *words), box.bpfsh("-j", *words)
        if kind in SILENT:
            assert theirs.json == [] and theirs.status, (kind, theirs)
        if kind in UNREADABLE:
            assert all("error" in e["value"] for e in theirs.json), theirs
        if kind in SILENT | UNREADABLE:
            assert ours.status == 1 and "error" in ours.json, ours
            continue
        wanted = [{k: v for k, v in e.items() if k not in OBJECTS.get(kind, ())}
                  for e in theirs.json if kind not in EMPTY_SLOTS or "error" not in e["value"]]
        for element in ours.expect(0).json:
            assert OBJECTS.get(kind, set()) <= element.keys(), element
        shown = [{k: v for k, v in e.items() if k not in OBJECTS.get(kind, ())} for e in ours.json]
        assert shown == wanted, f"{kind}:\n{ours.out}\nby bpftool:\n{theirs.out}"
        compared += bool(shown)
        os.unlink(pin)
    sock.close()
    assert compared >= 15, compared


def test_types_from_file(box):
    obj = box.obj("maps")
    box.bpfsh("map", "create", box.pin("m"), "type", "hash", "btf", obj, "key_type", "struct",
              "key", "value_type", "struct", "value", "entries", "8", "name", box.prefix + "m"
              ).expect(0)
    box.bpfsh("map", "update", "pinned", box.pin("m"), "key", "addr=10.0.0.1", "port=80", "value",
              "packets=3", "verdict=V_DROP").expect(0)
    dump = box.bpftool("map", "dump", "pinned", box.pin("m"))
    assert dump[0]["formatted"]["value"]["verdict"] == "V_DROP", dump
    for words, message in ((["key_type", "struct nothing"], "no type 'struct nothing' there"),
                           (["key", "3", "key_type", "key", "value_type", "value"],
                            "'key' has 8 bytes, not the 3 of the key"),
                           (["key", "4", "value", "4"], "no value type")):
        box.bpfsh("map", "create", box.pin("n"), "type", "hash", "btf", obj, *words).expect(1, err=message)
    box.bpfsh("map", "create", box.pin("n"), "type", "hash", "key_type", "int").expect(1, err="btf FILE.o")


def test_types_from_program(box):
    box.script(f"""\
$p = prog load {box.obj("maps")}
$m = map create type hash btf $p key_type __u32 value_type "struct pair" entries 4 \\
	name {box.prefix}n
map update $m key 1 value a=7 b=[1,2]
assert $m.bytes_value == 8
map pin $m {box.pin("m")}
""").expect(0)
    dump = box.bpftool("map", "dump", "pinned", box.pin("m"))
    assert dump[0]["formatted"]["value"] == {"a": 7, "b": [1, 2]}, dump


def test_walks_that_are_not_permitted(box):
    for walk in "dump", "count", "clear", "top":
        box.script("$m = map create type hash key 4 value 4 entries 4 flags wronly\n"
                   f"map {walk} $m\n").expect(1, err="it is open for writing only")


def test_flags(box):
    name = box.prefix + "f"
    box.bpfsh("map", "create", box.pin("m"), *"type array key 4 value 4 entries 1 name".split(),
              name, "flags", "rdonly_prog,mmapable").expect(0)
    assert box.bpftool("map", "show", "pinned", box.pin("m"))["flags"] == 0x480
    box.bpfsh("map", "create", *"type hash key 4 value 4 entries 1 flags no_preallok".split()
              ).expect(2, err=["unknown map flag 'no_preallok'", "did you mean 'no_prealloc'?"])


run(__name__)
