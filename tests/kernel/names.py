# SPDX-License-Identifier: BSD-2-Clause
"""What names an object names that one or none: long names, symbols, IDs, pins, devices."""
import re

from bpfsh import *
from feature import needs

KEPT = 15
# Of test_names.bpf.c: those whose declaration tells them from what begins alike.
MAPS = ["connections_of_ipv4", "connections_of_ipv6", "packets_by_port", "packets_by_protocol",
        "alone_with_its_beginning"]
# And those that nothing tells apart, or without BTF in the kernel.
CUT = ["twin_tables_left", "twin_tables_right", "events_without_types"]
PROGS = ["balance_by_source", "balance_by_target"]


class World:
    """The object with long names, loaded by bpftool; IDs of its maps and programs by name."""

    def __init__(self, box):
        self.box = box
        box.bpftool("prog", "loadall", box.obj("names"), box.pin("p"), "pinmaps", box.pin("m"))
        self.id = {name: pin_identity(box.pin(f"{where}/{box.prefix}{name}"))[1]
                   for where, names in (("m", MAPS + CUT), ("p", PROGS)) for name in names}

    def full(self, name):
        return self.box.prefix + name

    def ask(self, *words):
        return self.box.bpfsh("-j", *words).expect(0).json


def test_full_names_are_shown(box):
    world = World(box)
    for kind, names in ("map", MAPS), ("prog", PROGS):
        shown = {o["id"]: o.get("name") for o in world.ask(kind, "show")}
        for name in names:
            ident = world.id[name]
            assert shown[ident] == world.full(name), (name, shown[ident])
            assert world.ask(kind, "show", "id", ident)["name"] == world.full(name)
            box.bpfsh(kind, "show", "id", ident).expect(0, out=f"name {world.full(name)}  ")
    for name in CUT:
        kept = world.full(name)[:KEPT]
        assert world.ask("map", "show", "id", world.id[name])["name"] == kept
    section = f".data.{box.prefix}a_section_of_its_own"
    found = world.ask("map", "show", "name", section)
    assert found["name"] == section and found["type"] == "array", found


def test_full_names_elsewhere(box):
    """In listings of what is attached, in variables, plans, refusals and on Tab."""
    world = World(box)
    box.veth()
    name, pin = world.full("balance_by_source"), box.pin(f"p/{world.full('balance_by_source')}")
    table = world.full("connections_of_ipv6")
    done = box.script(f"""\
$p = prog show pinned {pin}
echo $p.name
$m = map show name {table}
echo $m.name
vars
$l = link create $p xdp dev v0
assert [$p.name, $m.name] == ["{name}", "{table}"]
""").expect(0)
    assert done.out.startswith(f"{name}\n{table}\n"), done
    assert done.out.count(name) == 2 and done.out.count(table) == 2, done
    box.script(f"map update name {table} key 1 value 2\nprog pin name {name} {box.pin('again')}\n",
               options=["--plan"]).expect(0, out=[f"'{table}'", f"'{name}'"])
    box.bpfsh("map", "lookup", "name", table, "key", "7").expect(1, err=f"'{table}'")
    with start(box) as tty:
        alone = world.full("alone_with_its_beginning")
        tty.check(f"map show name {alone[:9]}\t", f"{alone} ")
        tty.check(f"\x15prog show name {name[:17]}\t", "balance_by_")
        tty.check("\t", re.compile(f"{name}.*{world.full('balance_by_target')}", re.DOTALL))


def test_each_full_name_names_one(box):
    world = World(box)
    for kind, names in ("map", MAPS), ("prog", PROGS):
        for name in names:
            found = world.ask(kind, "show", "name", world.full(name))
            assert isinstance(found, dict) and found["id"] == world.id[name], (name, found)
    # The elements go where the name says.
    for name, value in ("connections_of_ipv4", 4), ("connections_of_ipv6", 6):
        box.bpfsh("map", "update", "name", world.full(name), "key", "1", "value", value).expect(0)
    box.bpfsh("map", "clear", "name", world.full("connections_of_ipv4")).expect(0)
    left = [box.elements(box.pin(f"m/{world.full(f'connections_of_ipv{n}')}")) for n in (4, 6)]
    assert not left[0] and len(left[1]) == 1, left


def test_kept_beginnings(box):
    """What the kernel keeps of a name is one for all that begins so: several are listed."""
    world = World(box)
    alone = world.full("alone_with_its_beginning")
    assert world.ask("map", "show", "name", alone[:KEPT])["name"] == alone
    box.bpfsh("map", "update", "name", alone[:KEPT], "key", "1", "value", "1").expect(0)
    both = [f"connections_of_ipv{n}" for n in (4, 6)]
    kept = world.full(both[0])[:KEPT]
    assert {o["id"] for o in world.ask("map", "show", "name", kept)} == \
        {world.id[name] for name in both}
    refused = box.bpfsh("map", "clear", "name", kept).expect(1, err="2 maps match")
    for name in both:
        assert f"{world.id[name]} ({world.full(name)})" in refused.err, refused


def test_what_is_not_proven_is_refused(box):
    world = World(box)
    for name in CUT:
        refused = box.bpfsh("map", "show", "name", world.full(name)).expect(
            1, err=f"no map named '{world.full(name)}'")
        assert f"{world.full(name)[:KEPT]} (id {world.id[name]})" in refused.err, refused
    # Names that others than libbpf gave, and BTF that is of other maps.
    flat = box.prefix + "no_types_at_all"[:KEPT - len(box.prefix)]
    box.bpftool("map", "create", box.pin("flat"), "type", "hash", "key", 4, "value", 4,
                "entries", 4, "name", flat)
    box.bpfsh("map", "show", "name", flat).expect(0)
    box.bpfsh("map", "show", "name", flat + "_more").expect(1, err=["no map named", flat])
    kept = world.full("connections_of_ipv4")[:KEPT]
    box.script(f"map create {box.pin('odd')} type hash key 4 value 4 entries 1 name {kept}\n"
               ).expect(0)
    assert world.ask("map", "show", "pinned", box.pin("odd"))["name"] == kept
    found = world.ask("map", "show", "name", world.full("connections_of_ipv4"))
    assert found["id"] == world.id["connections_of_ipv4"], found


# Each verb that takes a program or map: a line with NAME in its place.
LINES = """
btf dump map name NAME
cgroup attach GROUP egress name NAME multi
cgroup detach GROUP egress name NAME
link create name NAME xdp dev v0 pin PIN
link update pinned LINK name NAME
map clear name NAME
map copy name NAME name GOOD
map copy name GOOD name NAME
map count name NAME
map create PIN type hash_of_maps key 4 value 4 entries 1 inner_map name NAME
map delete name NAME pins
map delete name NAME key 1
map dequeue name NAME
map diff name NAME name GOOD
map diff name GOOD name NAME
map dump name NAME
map enqueue name NAME value 1
map export name NAME FILE
map freeze name NAME
map get name NAME
map getnext name NAME
map import name NAME LINES
map lookup name NAME key 1
map peek name NAME
map pin name NAME PIN
map pop name NAME
map push name NAME value 1
map read name NAME
map set name NAME total 1
map show name NAME
map top name NAME
map update name NAME key 1 value 1
net attach tcx_ingress name NAME dev v0
net detach tcx_ingress dev v0 prog name NAME
prog attach name NAME sk_msg_verdict name SOCKS
prog cfg name NAME
prog detach name NAME sk_msg_verdict name SOCKS
prog dump xlated name NAME
prog load OBJECT PIN map name COUNT name NAME
prog pin name NAME PIN
prog run name NAME data_in LINES
prog show name NAME
iter pin OBJECT PIN map name NAME
struct_ops dump name NAME
struct_ops show name NAME
struct_ops unregister name NAME
"""


REFERS = r"&arg_(progs?|maps?|holder|load_map)\b|ARG_MAP_ONE|LOAD_ARGS"


def referring_verbs():
    return {name for name, row in command_rows().items() if re.search(REFERS, row)}


def test_no_verb_takes_another(box):
    """Each verb refuses a longer name than any, and changes nothing; the right name it takes."""
    needs("tcx")
    world = World(box)
    box.veth()
    box.bpfsh("link", "create", box.pin(f"p/{world.full('balance_by_target')}"), "xdp", "dev", "v1",
              "pin", box.pin("link")).expect(0)
    box.bpfsh("map", "update", "name", world.full("connections_of_ipv6"), "key", "1", "value",
              "1").expect(0)
    box.map_create("socks", "sockmap")
    places = {"SOCKS": box.prefix + "socks", "PIN": box.pin("new"), "LINK": box.pin("link"), "OBJECT": box.obj("count"),
              "GOOD": world.full("connections_of_ipv4"), "COUNT": box.prefix + "count",
              "LINES": box.file("lines", '{"key":1,"value":5}\n'),
              "GROUP": box.cgroup(), "FILE": os.path.join(box.dir, "export")}
    before, verbs = box.snapshot(), set()
    for line in LINES.split("\n")[1:-1]:
        kind = "prog" if line.startswith(("prog", "link", "net", "cgroup")) and "map " not in line else "map"
        right = world.full("balance_by_source" if kind == "prog" else "connections_of_ipv6")
        wrong = right[:KEPT] + right[KEPT:].upper()
        text = re.sub(r"\b[A-Z]{3,}\b", lambda word: places.get(word[0], word[0]), line)
        refused = box.bpfsh(*text.replace("NAME", wrong).split())
        said = {"prog": "program"}.get(kind, kind)
        assert refused.status == 1 and f"no {said} named '{wrong}'" in refused.err and \
            right in refused.err, f"{line}:\n{refused}"
        assert box.snapshot() == before, differences(before, box.snapshot())
        checked = box.bpfsh("-n", "-c", text.replace("NAME", right))
        assert checked.status == 0, f"{line}:\n{checked}"
        box.bpfsh("-n", "-c", text.replace("NAME", wrong)).expect(1)
        verbs.add(" ".join(line.split()[:2]))
    missing = referring_verbs() - verbs - {"prog loadall"}	# which reads them as load does
    assert not missing and len(verbs) > 30, f"no line for {missing}"


def test_long_names_share_a_beginning_of_63(box):
    """Names are as long as BTF's, not as some buffer is."""
    stem = box.prefix + "a" * 120
    maps = "".join(f'struct {{ __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, {n});'
                   f'__type(key, int); __type(value, int); }} {stem}{n} SEC(".maps");\n'
                   for n in (1, 2))
    source = box.file("long.c", f"""
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
{maps}
SEC("xdp") int {stem}x(struct xdp_md *c)
{{
	int key = 0;

	return bpf_map_lookup_elem(&{stem}1, &key) || bpf_map_lookup_elem(&{stem}2, &key);
}}
char _license[] SEC("license") = "GPL";
""")
    machine = box.run("cc", "-dumpmachine").expect(0).out.strip()
    box.run("clang", "-target", "bpf", "-g", "-O2", f"-I/usr/include/{machine}", "-c", "-o",
            "long.o", source).expect(0)
    box.bpfsh("prog", "load", "long.o", box.pin("x")).expect(0)
    for n in 1, 2:
        found = box.bpfsh("-j", "map", "show", "name", f"{stem}{n}").expect(0).json
        assert found["name"] == f"{stem}{n}" and found["max_entries"] == n, found
    box.bpfsh("map", "show", "name", f"{stem}3").expect(1, err=f"{stem}1 (id")
    assert box.bpfsh("-j", "prog", "show", "name", f"{stem}x").expect(0).json["name"] == f"{stem}x"


def test_loadall_pins_under_full_names(box):
    names = sorted(box.prefix + name for name in PROGS)
    box.bpfsh("prog", "loadall", box.obj("names"), box.pin("ours")).expect(0)
    assert sorted(os.listdir(box.pin("ours"))) == names
    done = box.script(f"$p = prog loadall {box.obj('names')} {box.pin('more')}\necho $p.name\n"
                      "assert false\n").expect(1)
    assert done.out.strip() in names and not os.path.exists(box.pin("more")), done


def symbols(box, name):
    """Names that the kernel's symbols have for functions of this name."""
    with open("/proc/kallsyms") as f:
        return [line.split()[2] for line in f if line.rstrip().endswith(f"_{name}\t[bpf]")]


def test_symbols_of_traces(box):
    world = World(box)
    full, tag = world.full("balance_by_target"), world.ask(
        "prog", "show", "id", world.id["balance_by_target"])["tag"]
    symbol = f"bpf_prog_{tag}_{full}"
    for words in [symbol], ["name", symbol], ["name", symbol + "+0x1c/0x5b"], \
            [f"bpf_prog_{tag.upper()}_{full[:KEPT]}"]:
        assert world.ask("prog", "show", *words)["id"] == world.id["balance_by_target"], words
    inner = symbols(box, world.full("inner_function_of_the_first"))
    if not inner:
        raise Skip("no symbols of programs here: net.core.bpf_jit_enable, bpf_jit_kallsyms")
    for found in inner:
        assert world.ask("prog", "show", found)["id"] == world.id["balance_by_source"], found
    for wrong in symbol + "x", f"bpf_prog_{tag}", f"bpf_prog_{'0' * 16}_{full}":
        box.bpfsh("prog", "show", wrong).expect(1, err=f"no program named '{wrong}'")
    box.bpfsh("prog", "show", symbol[:20]).expect(1, err="neither an ID nor a path")
    box.bpfsh("map", "show", symbol).expect(1, err="neither an ID nor a path")


def test_ids_and_records(box):
    """A number is one ID alone, and a record that of its own kind."""
    world = World(box)
    table, prog = world.id["connections_of_ipv4"], world.id["balance_by_source"]
    for wrong in f"0{prog}", f" {prog}", f"+{prog}", f"{prog}x", str(prog + 2 ** 32):
        box.bpfsh("prog", "show", "id", wrong).expect(1, err="is not an ID")
    box.bpfsh("prog", "show", "id", hex(prog)).expect(0)
    for kind, other, ident in ("map", "prog", table), ("prog", "map", prog), ("prog", "btf", prog):
        done = box.script(f"$all = {kind} show | jq 'map(select(.id == {ident}))'\n"
                          f"for $r in $all {{ {kind} show $r; {other} show $r }}\n")
        done.expect(1, err="holds no ")
    box.script(f"for $r in [{prog}.5] {{ prog show $r }}\n").expect(1, err="holds no program")


def test_pins_of_another_kind(box):
    """Removing and replacing a pin ask for its kind, however the path is written."""
    world = World(box)
    box.veth()
    pins = {"prog": box.pin(f"p/{world.full('balance_by_source')}"),
            "map": box.pin(f"m/{world.full('connections_of_ipv4')}"), "link": box.pin("l")}
    box.bpfsh("link", "create", pins["prog"], "xdp", "dev", "v0", "pin", pins["link"]).expect(0)
    os.symlink(box.bpffs, "way")
    pinned = {name: pin_identity(box.pin(name)) for name in box.pins()}
    for kind in pins:
        for other in set(pins) - {kind}:
            path = pins[other]
            name = {"prog": "program"}
            said = f"is a {name.get(other, other)}, not a {name.get(kind, kind)}"
            for way in path, path.replace(box.bpffs, "way"), path.replace("/bpf/", "/bpf/../bpf/"):
                box.bpfsh(kind, "unpin", way).expect(1, err=[said, f"{other} unpin"])
                box.bpfsh(kind, "unpin", "pinned", way).expect(1, err=said)
            box.bpfsh("-n", "-c", f"{kind} unpin {path}").expect(1, err=said)
            box.bpfsh("--plan", "-c", f"{kind} unpin {path}").expect(1, err=said)
            line = f"{kind} pin pinned {pins[kind]} {path} replace"
            box.bpfsh(*line.split()).expect(1, err=said)
            box.bpfsh("--plan", "-c", line).expect(1, err=said)
            box.bpfsh(kind, "show", "pinned", path).expect(1, err=said)
            box.script(f"{kind} unpin {pins[kind]}\n{kind} unpin {path}\n").expect(1, err=said)
        assert {name: pin_identity(box.pin(name)) for name in box.pins()} == pinned
    box.bpfsh("map", "unpin", box.dir).expect(1)
    for kind, path in pins.items():
        box.bpfsh(kind, "unpin", path).expect(0)
        assert not os.path.exists(path)


def test_devices_by_alternative_names(box):
    world = World(box)
    box.veth()
    alt = "uplink_of_the_first_rack_" + "x" * 110
    box.run("ip", "link", "property", "add", "dev", "v0", "altname", alt[:127]).expect(0)
    box.run("ip", "link", "property", "add", "dev", "v0", "altname", "short0").expect(0)
    prog, link = box.pin(f"p/{world.full('balance_by_source')}"), box.pin("l")
    for name in alt[:127], "short0", "v0":
        box.bpfsh("link", "create", prog, "xdp", "dev", name, "pin", link).expect(0)
        shown = box.bpfsh("-j", "net", "show", "dev", name).expect(0).json
        assert [x["devname"] for x in shown[0]["xdp"]] == ["v0"], shown
        box.bpfsh("link", "detach", "pinned", link).expect(0)
        box.bpfsh("link", "unpin", link).expect(0)
        wait_until(lambda: not world.ask("net", "show", "dev", "v0")[0]["xdp"])
    for wrong in alt[:15], alt[:126], alt[:127] + "x", "x" * 5000:
        box.bpfsh("net", "show", "dev", wrong).expect(1, err=f"no network device '{wrong}'")
    box.bpfsh("net", "show", "dev", "short1").expect(1, err="did you mean 'short0'")
    with Pty(box) as tty:
        tty.check("net show dev upl\t", alt[:60])


run(__name__)
