# SPDX-License-Identifier: BSD-2-Clause
"""What a load is told beside its file: one program, values of variables, targets, pins of maps,
devices; and programs attached as their sections say, also after a kill at each step."""
from bpfsh import *
from feature import needs
from state import journals

FAULTY = os.path.join(BUILD, "faults/bpfsh")


def made(name):
    return os.path.join(BUILD, f"tests/progs/{name}.bpf.o")


OPTIONS, TARGETS, TWO = made("load_options"), made("load_targets"), made("load_two")


def load(box, *words, status=0, **more):
    return box.bpfsh("prog", *words).expect(status, **more)


def value(box, pin, name):
    return box.bpfsh("-j", "map", "get", "pinned", box.pin(pin), name).json["value"]


def verdict(box, pin):
    packet = box.file("packet", bytes(64))
    return box.bpfsh("-j", "prog", "run", "pinned", box.pin(pin), "data_in", packet).json["retval"]


def test_one_program(box):
    """Others are not loaded; an unknown name lists them, that first which was probably meant."""
    before = {p["id"] for p in box.bpftool("prog", "show")}
    load(box, "load", TWO, box.pin("p"), "prog", "load_second")
    shown = box.bpfsh("-j", "prog", "show", "pinned", box.pin("p")).json
    assert (shown["name"], shown["type"]) == ("load_second", "sched_cls"), shown
    named = [p["name"] for p in box.bpftool("prog", "show") if p["id"] not in before]
    assert "load_first" not in named, named
    load(box, "load", TWO, box.pin("q"), "prog", "load_secnd", status=1,
         err="its programs: load_second, load_first")
    assert box.pins() == ["p"]


def test_variables(box):
    """Typed as by map set, of constants and others; nothing is loaded where one is wrong."""
    words = ["config.verdict=V_DROP", "config.level=200", "config.name=eth0", "slots[1]=7",
             "start=-300", "ran=5"]
    load(box, "load", OPTIONS, box.pin("p"), *(part for word in words for part in ("rodata", word)))
    assert value(box, "p", "config") == {"verdict": "V_DROP", "level": 200, "name": "eth0"}
    assert value(box, "p", "slots") == [0, 7, 0, 0]
    assert value(box, "p", "start") == -300
    assert verdict(box, "p") == 1 and value(box, "p", "start") == -293
    load(box, "load", OPTIONS, box.pin("d"))
    assert verdict(box, "d") == 2 and value(box, "d", "start") == -1

    for word, why in (("confg.level=1", "its variables: config"), ("config.levl=1", "mean 'level'"),
                      ("config.level=256", "out of range"), ("config.verdict=V_DRP", "V_DROP"),
                      ("slots[4]=1", "slots"), ("config=1", "struct config"), ("start", "NAME=VALUE"),
                      ("start=40000", "out of range"), ("=1", "no global variable"),
                      ("config.name=longer_than_it", "name")):
        load(box, "load", OPTIONS, box.pin("w"), "rodata", word, status=1, err=why)
    assert box.pins() == ["d", "p"]
    plan = box.bpfsh("--plan", "prog", "load", OPTIONS, box.pin("w"), "rodata", "ran=5").expect(0).out
    assert "load_options.bpf.o, ran=5  [undo: full]" in plan, plan
    box.script(f"$n = jq 6\n$p = prog load {OPTIONS} rodata ran=$n {box.pin('v')}\n")


def test_variables_of_another_map(box):
    """A map that stands in for the object's own keeps its values, and is told."""
    load(box, "load", OPTIONS, box.pin("p"), "pinmaps", box.pin("maps"))
    data = next(box.pin(pin) for pin in box.pins() if pin.endswith("_bss"))
    name = os.path.basename(data).replace("_bss", ".bss")
    load(box, "load", OPTIONS, box.pin("q"), "map", "name", name, "pinned", data, "rodata", "ran=1",
         status=1, err="another map stands in")


def test_pinned_maps(box):
    """As bpftool names them; what is there is only used or exchanged where that is said."""
    load(box, "load", TWO, box.pin("p"), "pinmaps", box.pin("maps"))
    box.bpftool("prog", "load", TWO, box.pin("b"), "pinmaps", box.pin("theirs"))
    ours, theirs = (sorted(os.listdir(box.pin(name))) for name in ("maps", "theirs"))
    assert ours == theirs and len(ours) == 5, (ours, theirs)

    def maps(pin):
        return box.bpfsh("-j", "prog", "show", "pinned", box.pin(pin)).json["map_ids"]
    def pinned():
        return {name: box.bpfsh("-j", "map", "show", "pinned", box.pin(f"maps/{name}")).json["id"]
                for name in ours}
    begun = pinned()
    load(box, "load", TWO, box.pin("q"), "pinmaps", box.pin("maps"), status=1,
         err=f"'{box.pin('maps/flows')}' exists already")
    load(box, "load", TWO, box.pin("q"), "pinmaps", box.pin("maps"), "rodata", "limit=8", "reuse",
         status=1, err="its values are others")
    load(box, "load", OPTIONS, box.pin("q"), "reuse", status=1, err="pinmaps")
    assert pinned() == begun and "q" not in box.pins()

    os.unlink(box.pin("maps/counters"))		# unused by the first program, made anew
    load(box, "load", TWO, box.pin("q"), "pinmaps", box.pin("maps"), "reuse")
    assert set(maps("q")) == set(maps("p")) and set(os.listdir(box.pin("maps"))) == set(ours)
    box.script(f"map create {box.pin('other')} type hash key 8 value 4 entries 4 name "
               f"{box.prefix}o\n").expect(0)
    os.unlink(box.pin("maps/flows"))
    os.rename(box.pin("other"), box.pin("maps/flows"))
    load(box, "load", TWO, box.pin("r"), "pinmaps", box.pin("maps"), "reuse", status=1,
         err="its key is 8, not 4")
    load(box, "load", TWO, box.pin("r"), "pinmaps", box.pin("maps"), status=1, err="does not fit")


def test_exchanged(box):
    """Pins of maps and program change hands in one transaction, and back."""
    needs("exchange")
    load(box, "load", TWO, box.pin("p"), "pinmaps", box.pin("maps"))
    def seen():
        return {name: os.stat(box.pin(name)).st_ino for name in box.pins()}, value(box, "p", "limit")
    begun = seen()
    line = f"prog load {TWO} {box.pin('p')} rodata limit=9 pinmaps {box.pin('maps')} replace\n"
    box.script(line + "assert 1 == 2\n").expect(1)
    assert seen() == begun
    plan = box.script(line, options=["--plan"]).expect(0).out
    assert plan.count("~ pin map") == 5 and "~ pin program" in plan and seen() == begun, plan
    box.script(line).expect(0)
    assert seen()[1] == 9 and not set(seen()[0].values()) & set(begun[0].values())
    box.bpfsh("prog", "load", TWO, box.pin("maps/flows"), "replace").expect(1, err="not a program")


def test_attached(box):
    """Links of those whose sections say where, seen to run; the others are pinned, and named."""
    done = load(box, "loadall", OPTIONS, box.pin("all"), "autoattach", "pinmaps", box.pin("maps"),
                err="'options_xdp'")
    bss = next(pin for pin in box.pins() if pin.endswith("_bss"))
    assert "not attached" in done.err, done
    assert set(os.listdir(box.pin("all"))) == {"options_xdp", "options_run", "options_each"}
    links = {name: box.bpfsh("-j", "link", "show", "pinned", box.pin(f"all/{name}")).json["type"]
             for name in ("options_run", "options_each")}
    assert links == {"options_run": "raw_tracepoint", "options_each": "iter"}, links
    before = value(box, bss, "ran")
    os.listdir("/")
    assert value(box, bss, "ran") > before
    assert b"" == open(box.pin("all/options_each"), "rb").read()

    load(box, "load", TWO, box.pin("none"), "autoattach", status=1, err="nothing to attach")
    load(box, "load", OPTIONS, box.pin("one"), "prog", "options_run", "autoattach")
    shown = box.script(f"$l = prog load {OPTIONS} prog options_run autoattach\nassert $l.prog_id > 0\n")
    shown.expect(0)
    plan = box.bpfsh("--plan", "prog", "load", OPTIONS, box.pin("two"), "prog", "options_run",
                     "autoattach").expect(0).out
    assert "+ link create program 'options_run' at 'raw_tp/sys_enter'  [undo: full]" in plan, plan


def test_killed(box):
    """Before or after, whatever the point."""
    path = box.file("load.bsh", f"prog loadall {OPTIONS} {box.pin('all')} pinmaps {box.pin('maps')}"
                                " autoattach\n")
    log = box.file("points", "")
    steady = box.snapshot()
    def run(**env):
        return box.run(FAULTY, "--no-rc", "-f", path, env=dict(os.environ, **env))
    run(BPFSH_FAULT_LOG=log).expect(0)
    done = box.pins()
    with open(log) as f:
        points = f.read().splitlines()
    def clear():
        for name in box.pins():
            os.unlink(box.pin(name))
        for name in sorted(box.folders(), reverse=True):
            os.rmdir(box.pin(name))
    clear()
    assert len(points) > 20, points
    undone = 0
    for n in points_between(1, len(points)):
        killed = run(BPFSH_FAULT=str(n))
        box.run(FAULTY, "--no-rc", "recover")
        assert not journals() and box.pins() in ([], done), (n, points[n - 1], killed, box.pins())
        undone += not box.pins() and not box.folders()
        clear()
    assert undone > len(points) / 2 / POINT_STEP, undone
    box.unchanged(steady)


def test_targets(box):
    """A wrong one is told before anything is loaded, with what was probably meant."""
    load(box, "load", OPTIONS, box.pin("x"))
    for words, why in ((["target", "x"], "function of a program"),
                       (["target", "prog", "pinned", box.pin("x"), "func", "options_verdct"],
                        "mean 'options_verdict'"),
                       (["target", "prog", "pinned", box.pin("x"), "options_xdp"], "prog PROG func"),
                       (["prog", "targets_entry", "target", "do_nanoslep"], "do_nanosleep"),
                       (["prog", "targets_probe", "target", "do_nanosleep"], "takes no target")):
        done = load(box, "load", TARGETS, box.pin("p"), *words, status=2 if "PROG" in why else 1)
        assert why in done.err, done
    load(box, "load", made("load_target"), box.pin("p"), "target", "sched_switch", "autoattach")
    assert box.bpfsh("-j", "link", "show", "pinned", box.pin("p")).json["tp_name"] == "sched_switch"
    load(box, "load", made("load_target"), box.pin("q"), "target", "sched_swich", status=1,
         err="mean 'sched_switch'")


def test_targets_run(box):
    """Functions of the kernel and of a program, entered and replaced."""
    load(box, "load", OPTIONS, box.pin("x"))
    of_x = ["target", "prog", "pinned", box.pin("x"), "func", "options_verdict"]
    tried = box.bpfsh("prog", "load", TARGETS, box.pin("f"), "prog", "targets_entry", *of_x)
    if tried.status and "not permitted" in tried.err:
        raise Skip("this kernel refuses fentry")
    tried.expect(0)
    load(box, "load", TARGETS, box.pin("l"), "prog", "targets_entry", *of_x, "autoattach", "pinmaps",
         box.pin("maps"))
    bss = next(box.pin(p) for p in box.pins() if p.endswith("_bss"))
    assert verdict(box, "x") == 2
    assert box.bpfsh("-j", "map", "get", "pinned", bss, "entered").json["value"] == 1
    os.unlink(box.pin("l"))		# a function that is traced is not replaced
    load(box, "load", TARGETS, box.pin("r"), *of_x, "autoattach")
    assert verdict(box, "x") == 3
    os.unlink(box.pin("r"))
    assert verdict(box, "x") == 2
    load(box, "load", TARGETS, box.pin("k"), "prog", "targets_entry", "target", "do_nanosleep",
         "autoattach", "pinmaps", box.pin("kmaps"))
    needs("perf_link")
    load(box, "load", TARGETS, box.pin("o"), "prog", "targets_probe", "autoattach", "pinmaps",
         box.pin("omaps"))
    time.sleep(0.01)
    for folder in "kmaps", "omaps":
        bss = next(box.pin(p) for p in box.pins() if p.startswith(folder) and p.endswith("_bss"))
        assert box.bpfsh("-j", "map", "get", "pinned", bss, "entered").json["value"] > 0, folder


def test_kernel_types(box):
    load(box, "load", TWO, box.pin("p"), "kernel_btf", "/sys/kernel/btf/vmlinux")
    load(box, "load", TWO, box.pin("q"), "kernel_btf", box.file("no", "BTF"), status=1, err="neither BTF")


def test_devices(box):
    box.veth()
    load(box, "load", TWO, box.pin("o"), "offload_dev", "v0", status=1, err="device does not take")
    load(box, "load", TWO, box.pin("o"), "dev", "v9", status=1, err="no network device 'v9'")
    load(box, "load", TWO, box.pin("o"), "dev", "v0", "xdpmeta_dev", "v0", status=1, err="one device")
    load(box, "load", TWO, box.pin("o"), "prog", "load_second", "xdpmeta_dev", "v0", status=1,
         err="none is of type xdp")
    assert not box.pins()


def test_metadata_device(box):
    needs("metadata")
    box.veth()
    load(box, "load", TWO, box.pin("m"), "xdpmeta_dev", "v0")
    done = box.script(f"link create pinned {box.pin('m')} xdp dev v1\n")
    assert done.status == 1, done
    box.script(f"link create pinned {box.pin('m')} xdp dev v0 pin {box.pin('l')}\n").expect(0)


def test_completed(box):
    def offered(*words):
        return [line.split("\t")[0] for line in
                box.run(BPFSH, "--complete", "prog", "load", OPTIONS, *words).out.splitlines()]
    assert set(offered("prog", "")) == {"options_xdp", "options_run", "options_each"}
    assert set(offered("rodata", "")) >= {"ran=", "start="}, offered("rodata", "")
    assert offered("rodata", "config.le") == ["config.level="]
    assert "config.verdict=V_DROP" in offered("rodata", "config.verdict=")
    assert "func" in offered("target", "prog", "1", "")


run(__name__)
