# SPDX-License-Identifier: BSD-2-Clause
"""What people type who know bpftool: it does the same here, or says that it does not."""
from bpfsh import *


def test_cut_short(box):
    """The same words to both: what one shows of an object, the other shows, too."""
    pin, name = box.map_create("m"), f"{box.prefix}m"
    box.bpftool("prog", "loadall", box.obj("count"), box.pin("p"))
    prog = [p for p in box.pins() if p.startswith("p/")][0]
    fill = f"map u p {pin} k 1 0 0 0 v h 0a b c d n"
    box.bpfsh(*fill.split()).expect(0, out="")
    box.bpfsh(*fill.split()).expect(1, err="present already")
    def both(words):
        done = subprocess.run([find_bpftool(), "-j", *words.split()], check=True,
                              stdout=subprocess.PIPE)
        return box.bpfsh("-j", *words.split()).expect(0).json, json.loads(done.stdout)

    for words in (f"m s n {name}", f"m l p {pin}", f"map d n {name}", f"m g p {pin}",
                  f"map lo n {name} k h 1 0 0 0"):
        ours, theirs = both(words)
        assert ours == theirs, (words, ours, theirs)
    ours, theirs = both(f"p s p {box.pin(prog)}")
    assert ours["id"] == theirs["id"], (ours, theirs)
    ours, theirs = both(f"prog d x p {box.pin(prog)} o")
    assert [i["opcodes"] for i in ours] == [i["opcodes"] for i in theirs], (ours, theirs)
    for words in ("m l", "p s", "p l", "c t", "n s", "l l", "b h", "v", "h", "m h"):
        box.bpfsh(*words.split()).expect(0, err="")
    box.bpfsh("map", "de", "p", pin, "k", "1", "0", "0", "0").expect(0)
    assert not box.elements(pin)
    batch = box.file("lines", f"{fill}\nm d p {pin}\n")
    box.bpfsh("b", "f", batch).expect(0, out="0a 0b 0c 0d")
    box.script(f"map dump p {pin}\n").expect(2, err="unexpected")


def test_never_cut_short(box):
    pin = box.map_create("m")
    before = box.snapshot()
    for words, said in (("map cl", "too short for 'clear'"), ("map un", "too short for 'unpin'"),
                        ("prog a", "TYPE is missing"), ("map c", "TYPE is missing")):
        box.bpfsh(*words.split(), pin).expect(2, out="", err=said)
    box.unchanged(before)


def test_not_there_yet(box):
    for words in ("gen skeleton x.o", "feature probe", "prog profile id 1", "token show"):
        done = box.bpfsh(*words.split()).expect(2, out="", err="is not there yet")
        assert "did you mean" not in done.err, done
    box.bpfsh("help", "gen").expect(1, err="is not there yet")
    for option in "-L", "--use-loader", "-S":
        box.bpfsh(option, "prog", "show").expect(2, out="", err="is not there yet")


def test_nothing_far_off_is_meant(box):
    """Of three letters one may be wrong, not two."""
    for word, meant in ("mpa", "'map'"), ("rpog", "'prog'"), ("gne", None), ("run", None):
        done = box.bpfsh(word).expect(2, err="unknown command")
        assert (f"did you mean {meant}" if meant else "'help' lists") in done.err, done


def test_a_pin_that_was_removed(box):
    """As after the map's removal in the order of a tutorial: what is left can be found."""
    pin = box.map_create("m")
    box.bpfsh("map", "delete", "pinned", pin, "pins").expect(0)
    box.bpfsh("map", "show", "pinned", pin).expect(1, err=["no pin", "'map show' lists"])


def test_names_of_the_header(box):
    words = f"map create {box.pin('m')} type BPF_MAP_TYPE_HASH key 4 value 4 entries 4 flags " \
        f"BPF_F_NO_PREALLOC|BPF_F_RDONLY_PROG,zero_seed name {box.prefix}m"
    box.bpfsh(*words.split()).expect(0)
    assert box.bpftool("map", "show", "pinned", box.pin("m"))["flags"] == 1 | 1 << 7 | 1 << 6
    for flag, status in ("BPF_EXIST", 1), ("BPF_NOEXIST", 0), ("BPF_NOEXIST", 1), ("BPF_ANY", 0):
        box.bpfsh("map", "update", "pinned", box.pin("m"), "key", 1, "value", 1, flag).expect(status)
    box.bpfsh("map", "create", box.pin("n"), "type", "hash", "key", 4, "value", 4, "entries", 4,
              "flags", "BPF_F_NO_PREALLOK").expect(2, err="no_prealloc")
    box.script(f"""\
$x = prog asm type BPF_PROG_TYPE_XDP 'r0 = 2; exit' name {box.prefix}x
assert $x.type == "xdp"
$s = prog asm type BPF_PROG_TYPE_SK_LOOKUP 'r0 = 1; exit' name {box.prefix}s
link create $s netns BPF_SK_LOOKUP
$c = prog asm type BPF_PROG_TYPE_CGROUP_SKB 'r0 = 1; exit' name {box.prefix}c
link create $c cgroup {box.cgroup()} BPF_CGROUP_INET_INGRESS
""").expect(0)
    box.bpfsh("prog", "load", box.obj("count"), box.pin("p"), "type", "BPF_PROG_TYPE_XDP").expect(0)
    box.bpfsh("prog", "load", box.obj("count"), box.pin("q"), "type", "BPF_PROG_TYPE_XDQ") \
        .expect(1, err="unknown program type")


def test_leading_zero(box):
    pin = box.map_create("m")
    for key, readings in ("010", ["10", "8"]), ("09", ["9"]):
        for words in (f"lookup pinned {pin} key {key} 0 0 0",
                      f"update pinned {pin} key 1 0 0 0 value {key} 0 0 0"):
            box.bpfsh("map", *words.split()).expect(1, err=[key, "octal", *readings])
    box.bpfsh("map", "update", "pinned", pin, *"key 007 00 0 0 value hex 010a0b08".split()).expect(0)
    assert [json.loads(e) for e in box.elements(pin)] == [
        {"key": ["0x07", "0x00", "0x00", "0x00"], "value": ["0x01", "0x0a", "0x0b", "0x08"]}]
    words = f"map create {box.pin('o')} type hash key 010 value 4 entries 4 name {box.prefix}o"
    box.bpfsh(*words.split()).expect(0)
    assert box.bpftool("map", "show", "pinned", box.pin("o"))["bytes_key"] == 8


def test_nothing_would_hold_it(box):
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    sizes = f"key 4 value 4 entries 4 name {box.prefix}m"
    commands = [f"prog load {box.obj('count')}", f"map create type hash {sizes}",
                f"link create {box.pin('p')} xdp dev lo", "prog asm type xdp r0=2;exit"]
    lines = box.file("lines", commands[1] + "\n")
    bad = box.obj("bad")
    before = box.snapshot()
    for command in commands + [f"time {commands[1]}", f"batch file {lines}"]:
        for options in ((), ("--check",), ("--plan",)):
            # A program is loaded first, so that what the verifier says is seen.
            loads = command.startswith("prog") and "--check" not in options
            box.bpfsh(*options, *command.split()).expect(1 if loads else 2,
                                                         err=["nothing would hold", "PATH"])
    box.bpfsh("prog", "load", bad).expect(1, err="the verifier refuses")
    box.bpfsh("prog", "asm", "type", "xdp", "r0 = r2; exit").expect(1, err="the verifier refuses")
    for command in f"-f {lines}", f"source {lines}":
        box.bpfsh(*command.split()).expect(0, err="")
    box.bpfsh("-c", f"{commands[0]}\nassert $_.type == \"xdp\"").expect(0)
    box.unchanged(before)
    # What the object itself has pinned stays.
    mount("bpf", "/sys/fs/bpf", "bpf")
    box.bpfsh("prog", "load", os.path.join(BUILD, "tests/progs/load_pinned.bpf.o")).expect(0)
    assert os.path.exists("/sys/fs/bpf/load_shared")


def test_f_runs_no_file_for_bpftools_sake(box):
    names = ["prog", "struct_ops", "j", "jp"]
    for name in names:
        box.file(name, f"map create {box.pin(name)} type hash key 4 value 4 entries 4\n")
    for words in ("-f prog show", "-f prog show -j", "prog show -f", "-fj prog show", "-jf prog show",
                  "link show -f -j", "-f -j link show", "-f struct_ops show", "-fjp prog"):
        done = box.bpfsh(*words.split()).expect(2)
        assert "--bpffs" in done.out + done.err, done
        if "j" in words.replace("-fj", "-j"):
            json.loads(done.out)
    assert box.pins() == []
    for name in names[0], names[2]:
        box.bpfsh("-f", name if name == "j" else f"./{name}").expect(0)
    assert set(box.pins()) == {"prog", "j"}, box.pins()


def test_n_says_that_nothing_ran(box):
    pin = box.map_create("m")
    words = ["map", "update", "pinned", pin, "key", "1", "value", "1"]
    box.bpfsh("-n", *words).expect(0, out="", err=["nothing ran", "--nomount"])
    box.bpfsh("-n", "-c", " ".join(words)).expect(0, out="", err="")
    box.bpfsh("-n", "-j", *words).expect(0, out="null", err="nothing ran")
    assert not box.elements(pin)
    box.bpfsh("--nomount", "-m", *words).expect(0, err="")
    assert len(box.elements(pin)) == 1


def test_version_and_help(box):
    done = box.bpfsh("version").expect(0)
    assert re.match(r"bpfsh \d+\.\d+\.\d+\S*\ncommit [0-9a-f]{8,} of \d{4}-\d\d-\d\d\n"
                    r"using libbpf \d+\.\d+, and when needed libedit\.so\.\d", done.out), done
    assert box.bpfsh("-V").expect(0).out == done.out
    assert box.bpfsh("--version", "-j").expect(0).json["opened"].count(".so.") == 6
    for kind in "prog", "map", "link", "cgroup", "perf", "net", "btf", "batch":
        box.bpfsh(kind, "help").expect(0, out=f"{kind}: ")
    assert "map dump MAP" in box.bpfsh("-j", "map", "help").expect(0).json


run(__name__)
