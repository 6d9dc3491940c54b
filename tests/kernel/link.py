# SPDX-License-Identifier: BSD-2-Clause
"""Links: made, updated, detached, shown, taken back; on devices and cgroups of the test's own."""
import re

from attach import other_netns
from bpfsh import *
from feature import has, needs, that_can_be
from state import info, journals, pin, prog_name

FAULTY = os.path.join(BUILD, "faults/bpfsh")
BPF_TRACE_ITER, DETACH = 28, 34
# Pairs of programs in test_link.bpf.c. The last kind can neither be updated nor detached.
TCX = has("tcx")
KINDS = ["x", *(["t"] if TCX else []), "c", "n", "r"]
UPDATED = KINDS[:-1]
# enum bpf_link_type
NAMES = {1: "raw_tracepoint", 3: "cgroup", 4: "iter", 5: "netns", 6: "xdp", 11: "tcx"}


class Place:
    """Programs, a device, a cgroup and the network namespace to attach to."""

    def __init__(self, box):
        self.box = box
        box.veth()
        box.bpftool("prog", "loadall", box.obj("link"), box.pin("p"))
        self.group = box.cgroup()
        self.hooks = {"x": "xdp dev v0", "t": "tcx_ingress dev v0", "n": "netns sk_lookup",
                      "c": f"cgroup {self.group} egress", "r": "raw_tp sched_switch"}

    def prog(self, name):
        return self.box.pin(f"p/{self.box.prefix}{name}")

    def pin(self, kind):
        return self.box.pin(f"l{kind}")

    def create(self, kind):
        """A line that attaches the first program of a kind, and pins the link."""
        return f"link create {self.prog(kind + '1')} {self.hooks[kind]} pin {self.pin(kind)}\n"

    def attach(self, kinds=UPDATED):
        self.box.script("".join(map(self.create, kinds))).expect(0)
        return self.state()

    def update(self, kind):
        return f"link update {self.pin(kind)} {self.prog(kind + '2')}\n"

    def link(self, kind):
        return Link(self.pin(kind))

    def state(self, ids=True):
        """All pins and folders but the programs', with what the links among them are."""
        found = {name: "folder" for name in self.box.folders()}
        for name in self.box.pins():
            if not name.startswith("p/"):
                found[name] = Link(self.box.pin(name)).facts(ids)
        return found

    def progs(self):
        """Names of this test's programs by ID."""
        return {p["id"]: p["name"] for p in self.box.retry("prog")
                if p.get("name", "").startswith(self.box.prefix)}

    def ours(self):
        """Links that run a program of this test, pinned or not, as (type, program's name)."""
        progs = self.progs()
        links = bpftool_json("link", "show", check=False) or []
        return sorted((str(l["type"]), progs[l["prog_id"]][len(self.box.prefix):])
                      for l in links if l.get("prog_id") in progs)

    def has_xdp(self):
        return "prog/xdp" in self.box.run("ip", "link", "show", "v0").out


class Link:
    """A pinned link as bpf(2) tells of it; struct bpf_link_info."""

    def __init__(self, path):
        fd = open_pin(path)
        raw = info(fd)
        os.close(fd)
        kind, self.id, self.prog_id = struct.unpack_from("=III", raw)
        self.kind = NAMES.get(kind, kind)
        # Device, cgroup's ID, or namespace: zero once the link is severed.
        self.where = struct.unpack_from("=Q" if self.kind == "cgroup" else "=I", raw, 16)[0]
        prog = bpf(13, struct.pack("=IIII", self.prog_id, 0, 0, 0))
        self.prog = prog_name(prog).split("_")[-1]
        os.close(prog)

    def facts(self, ids=True):
        where = "a tracepoint" if self.kind == "raw_tracepoint" else self.where
        return (self.kind, self.prog, where, self.id if ids else None)


def prompt(box, *lines):
    """Types lines at a prompt and leaves; the text of each answer."""
    with Pty(box, columns=250) as tty:
        tty.expect(PROMPT)
        answers = []
        for line in lines:
            tty.send(line + "\r")
            answers.append(tty.expect(PROMPT))
        tty.send("quit\r")
        assert tty.wait() == 0
    return answers


# Create

def test_create(box):
    place = Place(box)
    place.attach(KINDS)
    expected = {"x": "xdp", "t": "tcx", "c": "cgroup", "n": "netns", "r": "raw_tracepoint"}
    for kind in KINDS:
        link = place.link(kind)
        assert (link.kind, link.prog) == (expected[kind], kind + "1"), link.facts()
    device = socket.if_nametoindex("v0")
    assert {place.link(kind).where for kind in KINDS if kind in "xt"} == {device}
    assert place.link("c").where == os.stat(place.group).st_ino
    assert place.link("n").where == os.stat("/proc/self/ns/net").st_ino
    shown = box.run("ip", "-d", "link", "show", "v0").out
    assert f"prog/xdp id {place.link('x').prog_id}" in shown, shown


def test_create_modes(box):
    place = Place(box)
    for hook, word in (("xdpgeneric", "xdpgeneric"), ("xdpdrv", "xdp")):
        box.script(f"link create {place.prog('x1')} {hook} dev v0 pin {place.pin('x')}\n").expect(0)
        shown = box.run("ip", "link", "show", "v0").out
        assert re.search(rf"\b{word}\b", shown), f"{hook}: {shown}"
        box.script(f"link unpin {place.pin('x')}\n").expect(0)
        wait_until(lambda: "xdp" not in box.run("ip", "link", "show", "v0").out)


def test_create_is_undone(box):
    """What a failed script attached is not attached any more, whoever holds it."""
    place = Place(box)
    seen = box.file("seen", "")
    before = box.snapshot()
    text = "".join(f"$l{kind} = {place.create(kind)}" for kind in KINDS)
    box.script(f"{text}!{BPFTOOL} -j link show >{seen}\nassert false\n").expect(1, err=f"{2 * len(KINDS)} of {2 * len(KINDS)}")
    with open(seen) as f:
        assert len(json.load(f)) >= len(KINDS)
    assert gone_soon(place), place.ours()
    box.unchanged(before)


def test_create_is_undone_at_the_prompt(box):
    """$_ still has the link after a rollback: it must not keep it attached."""
    place = Place(box)
    lines = [place.create(kind).split(" pin ")[0] for kind in KINDS]
    with Pty(box, columns=250) as tty:
        tty.expect(PROMPT)
        for line in lines:
            tty.check("begin\r", PROMPT)
            tty.check(line + "\r", PROMPT)
            assert len(place.ours()) == 1, (line, place.ours())
            tty.check("rollback\r", re.compile(r"rolled back 1 of 1.*> ?$", re.S))
            assert gone_soon(place), (line, place.ours())


def test_create_is_undone_after_the_commit(box):
    """At once, though a variable holds the link, where links of its type can be detached."""
    place = Place(box)
    with Pty(box, columns=250) as tty:
        tty.expect(PROMPT)
        for kind in KINDS:
            tty.check(f"$l = {place.create(kind).split(' pin ')[0]}\r", PROMPT)
            answer = tty.check("undo\r", re.compile(r"rolled back.*> ?$", re.S))
            where = attached(place)
            if kind in UPDATED:
                assert "rolled back 1 of 1" in answer and not where, (kind, answer, where)
            else:
                assert "still held by a variable" in answer and where, (kind, answer)
            tty.check("unset $l\r", PROMPT)
            assert gone_soon(place), (kind, place.ours())


def attached(place):
    """Our links that are not severed."""
    mine = place.progs()
    links = place.box.bpfsh("-j", "link", "show").expect(0).json
    return [l for l in links if l["prog_id"] in mine and
            (l.get("ifindex") or l.get("cgroup_id") or l.get("netns_ino") or l.get("tp_name"))]


def test_create_needs_a_holder(box):
    place = Place(box)
    done = box.bpfsh("link", "create", place.prog("x1"), *place.hooks["x"].split())
    done.expect(2, err=["nothing would hold the link", "pin PATH"])
    assert place.ours() == []
    box.bpfsh(*place.create("x").split()).expect(0)
    assert place.ours() == [("xdp", "x1")], place.ours()


def test_a_variable_holds_a_link(box):
    place = Place(box)
    box.script(f"""\
$l = link create {place.prog("x1")} xdp dev v0
commit
assert $l.ifindex == {socket.if_nametoindex("v0")} and $l.type == "xdp"
!ip link show v0 | grep -q xdp
unset $l
echo nothing
""").expect(0)
    assert gone_soon(place), place.ours()


def test_refusals(box):
    """Each says what is wrong, and leaves nothing."""
    place = Place(box)
    place.attach(["x", "r"])
    before = place.state()
    x, links = place.link("x"), {kind: place.pin(kind) for kind in KINDS}
    for words, text in (
        (f"create {place.prog('x2')} xdp dev v0",
         f"it runs program {x.prog_id} already, by link {x.id}"),
        (f"create {place.prog('x2')} xdp dev v7", "no network device 'v7'"),
        (f"create {place.prog('x2')} xdp dev v00", "did you mean 'v0'?"),
        (f"create {place.prog('t1')} xdp dev v1",
         "the program has type sched_cls, and it takes type xdp"),
        (f"create {place.prog('a1')} cgroup {place.group} connect6",
         "loaded for another attach type"),
        (f"create {place.prog('c1')} cgroup {box.dir} egress", "is no cgroup of version 2"),
        (f"create {place.prog('c1')} cgroup {place.group}/x egress", "cannot open the cgroup"),
        (f"create {place.prog('r1')} raw_tp nonesuch", "there is no such tracepoint"),
        (f"create {place.prog('n1')} netns egress", "it takes type cgroup_skb"),
        (f"create {place.prog('x1')} xdpoffload dev v1", "cannot attach"),
    ):
        box.bpfsh("link", *words.split(), "pin", box.pin("new")).expect(1, err=text)
        assert place.state() == before, words
    for words, text in (
        (f"update {links['x']} {place.prog('t1')}", "the program has type sched_cls"),
        (f"update {links['r']} {place.prog('r2')}",
         "links of type raw_tracepoint take no other program"),
        (f"detach {links['r']}", "links of type raw_tracepoint have no such operation"),
        (f"pin {links['x']} {links['r']}", "hint: 'pin' with 'replace'"),
    ):
        box.bpfsh("link", *words.split()).expect(1, err=text)
        assert place.state() == before, words


def test_taken_places(box):
    """Who is there already is told by place, not by errno alone."""
    place = Place(box)
    needs("tcx")
    for words, mode, text in (
        ("tcx_ingress dev v0", "tcx_ingress dev v0",
         "'v0': this program is attached there already, by link {id}"),
        ("xdp dev v0", "xdpgeneric dev v0",
         "'v0': it runs program {prog} already in another XDP mode, by link {id}"),
        ("netns flow_dissector", "netns flow_dissector",
         "this network namespace: the network namespace runs program {prog} there already, "
         "by link {id}"),
    ):
        kind = {"n": "flow_dissector", "t": "tc", "x": "xdp"}[words[0]]
        box.bpfsh("prog", "asm", "r0 = 2; exit", "type", kind, "name", box.prefix + "p", "pin",
                  box.pin("taken")).expect(0)
        box.bpfsh("link", "create", box.pin("taken"), *words.split(), "pin", box.pin("l")).expect(0)
        link = Link(box.pin("l"))
        done = box.bpfsh("link", "create", box.pin("taken"), *mode.split(), "pin", box.pin("m"))
        done.expect(1, err=text.format(id=link.id, prog=link.prog_id))
        os.unlink(box.pin("l"))
        os.unlink(box.pin("taken"))
        assert gone_soon(place)


def test_waits_for_a_place_that_is_being_freed(box):
    """What has no link may be a link on its way out: it is waited for, not for long."""
    place = Place(box)
    subprocess.run(["ip", "link", "set", "v0", "xdp", "pinned", place.prog("x1")], check=True)
    begun = time.monotonic()
    box.bpfsh(*place.create("x").split()).expect(1, err="attached without a link")
    assert 0.5 < time.monotonic() - begun < 20
    process = subprocess.Popen([BPFSH, "--no-rc", *place.create("x").split()])
    time.sleep(0.1)
    subprocess.run(["ip", "link", "set", "v0", "xdp", "off"], check=True)
    assert process.wait(20) == 0 and place.link("x").prog == "x1"


def test_words_are_checked_before_anything_runs(box):
    place = Place(box)
    for words, text in ((f"{place.prog('x1')} xpd dev v0", "did you mean 'xdp'?"),
                        (f"{place.prog('x1')} xdp on v0", "'dev' expected behind 'xdp'"),
                        (f"{place.prog('x1')} xdp dev", "HOOK expected"),
                        (f"{place.prog('c1')} cgroup {place.group} egres",
                         "did you mean 'egress'?"),
                        (f"{place.prog('n1')} netns sk_lookups", "did you mean 'sk_lookup'?")):
        done = box.script(f"{place.create('t')}$l = link create {words}\n").expect(2, err=text)
        assert "script.bsh:2:" in done.err and gone_soon(place), done


def test_both_names_of_a_cgroup_type(box):
    place = Place(box)
    for name in ("egress", "cgroup_inet_egress"):
        box.script(f"""\
$l = link create {place.prog("c1")} cgroup {place.group} {name}
assert $l.attach_type == "cgroup_inet_egress"
""").expect(0)


# Update

def test_update(box):
    place = Place(box)
    before = place.attach()
    box.script("".join(map(place.update, UPDATED))).expect(0)
    for kind in UPDATED:
        link = place.link(kind)
        assert link.prog == kind + "2" and link.id == before[f"l{kind}"][3], link.facts()
        assert link.where == before[f"l{kind}"][2], link.facts()
    assert place.state().keys() == before.keys()


def test_update_is_undone(box):
    place = Place(box)
    before = place.attach()
    box.script("".join(map(place.update, UPDATED)) + "assert false\n").expect(1, err=f"{len(UPDATED)} of {len(UPDATED)}")
    assert place.state() == before


def test_update_when_the_old_program_had_no_other_holder(box):
    """The program that a link lets go of is kept for the undo."""
    place = Place(box)
    before = place.attach()
    for kind in UPDATED:
        os.unlink(place.prog(kind + "1"))
    box.script("".join(map(place.update, UPDATED)) + "assert false\n").expect(1, err=f"{len(UPDATED)} of {len(UPDATED)}")
    assert place.state() == before


def test_update_conflict(box):
    """Somebody else updates the link during the transaction: theirs stays."""
    place = Place(box)
    place.attach()
    for kind in UPDATED:
        other = f"{BPFSH} --no-rc link update {place.pin(kind)} {place.prog(kind + '1')}"
        third = f"{BPFSH} --no-rc link detach {place.pin(kind)}"
        done = box.script(f"{place.update(kind)}!{other}\nassert false\n").expect(1)
        assert place.link(kind).prog == kind + "1", done
        done = box.script(f"{place.update(kind)}!{third}\nassert false\n")
        done.expect(3, err=["1 conflict", "severed"])
        assert place.link(kind).where == 0
    assert all(not name.startswith("bpfsh_tx") for name in place.state()), place.state()


def test_update_conflict_with_a_third_program(box):
    place = Place(box)
    place.attach(["x"])
    box.script(f"$p = prog load {box.obj('count')} {box.pin('third')}\n").expect(0)
    third = box.pin("third")
    done = box.script(f"""\
{place.update("x")}!{BPFSH} --no-rc link update {place.pin("x")} {third}
assert false
""").expect(3, err=["1 conflict", "left alone"])
    assert place.link("x").prog == "xdp", done


def test_update_undo_at_the_prompt(box):
    place = Place(box)
    before = place.attach()
    for kind in UPDATED:
        answers = prompt(box, place.update(kind).strip(), "undo")
        assert "~ link update" in answers[0] and "rolled back 1 of 1" in answers[1], answers
        assert place.state() == before, (kind, answers)


def test_update_does_not_hold_the_link(box):
    """The log that `undo` needs must not keep a link attached that nobody else holds."""
    place = Place(box)
    with Pty(box, columns=250) as tty:
        tty.expect(PROMPT)
        for line in (f"$l = link create {place.prog('x1')} xdp dev v0",
                     f"link update $l {place.prog('x2')}"):
            tty.check(line + "\r", PROMPT)
        assert place.ours() == [("xdp", "x2")], place.ours()
        tty.check("unset $l\r", PROMPT)
        assert gone_soon(place), place.ours()


def gone_soon(place):
    """Waits for the end of all links, whose IDs go before they leave their devices."""
    wait_until(lambda: not place.ours() and not place.has_xdp())
    return True


# Detach

def test_detach(box):
    place = Place(box)
    before = place.attach()
    for kind in UPDATED:
        box.script(f"link detach {place.pin(kind)}\n").expect(0)
        assert place.link(kind).where == 0, place.link(kind).facts()
        assert place.link(kind).id == before[f"l{kind}"][3]
        box.script(f"link detach {place.pin(kind)}\n").expect(0)


def test_detach_waits_for_the_commit(box):
    place = Place(box)
    before = place.attach()
    detach = "".join(f"link detach {place.pin(kind)}\n" for kind in UPDATED)
    check = f"!{BPFSH} --no-rc -j link show > {box.dir}/seen\n"
    box.script(f"{detach}{check}assert false\n").expect(1)
    with open(f"{box.dir}/seen") as f:
        seen = {l["id"]: l for l in json.load(f)}
    for kind in UPDATED:
        link = seen[before[f"l{kind}"][3]]
        assert link.get("ifindex") or link.get("cgroup_id") or link.get("netns_ino"), link
    assert place.state() == before
    done = box.script(detach, options=["--plan"]).expect(0)
    assert done.out.count("lossy") == done.out.count("at commit") == len(UPDATED), done
    assert place.state() == before


def test_detach_is_undone_at_the_prompt(box):
    """By a new link, which is pinned where the old one was, with the same program and mode."""
    place = Place(box)
    for kind in UPDATED:
        before = place.attach([kind])
        answers = prompt(box, f"link detach {place.pin(kind)}", "undo")
        after = place.link(kind)
        assert "attached again" in answers[1], answers
        assert after.facts(False)[:3] == before[f"l{kind}"][:3], (after.facts(), answers)
        assert after.id != before[f"l{kind}"][3]
        box.script(f"link unpin {place.pin(kind)}\n").expect(0)


def test_undone_detach_is_in_the_variable(box):
    place = Place(box)
    answers = prompt(box, f"$l = link create {place.prog('x1')} xdpgeneric dev v0",
                     "link detach $l", "assert $l.ifindex == 0", "undo", "assert $l.devname == \"v0\"",
                     "!ip link show v0 | grep -o xdpgeneric")
    assert "xdpgeneric\n" in answers[-1].split("xdpgeneric", 1)[1], answers
    assert not any("error" in answer for answer in answers), answers


# Pins

def test_pins(box):
    place = Place(box)
    needs("exchange")
    place.attach(["x", "c"])
    before = place.state()
    text = f"""\
link pin {place.pin("x")} {box.pin("again")}
link unpin {place.pin("x")}
link pin {place.pin("c")} {box.pin("again")} replace
"""
    box.script(text + "assert false\n").expect(1, err="3 of 3")
    assert place.state() == before
    box.script(text).expect(0)
    assert box.pins() == sorted([name for name in box.pins() if name.startswith("p/")] +
                                ["again", "lc"]), box.pins()
    assert gone_soon_link(place, "x1") and Link(box.pin("again")).prog == "c1"


def test_unpin_at_the_prompt(box):
    """The session does not hold a link of which the last pin goes: it ends, as is said before."""
    place = Place(box)
    for making in ([], [place.create("x").strip()]):
        if not making:
            place.attach(["x"])
        with Pty(box, columns=250) as tty:
            tty.expect(PROMPT)
            for line in making + [f"link unpin {place.pin('x')}"]:
                tty.check(line + "\r", PROMPT)
            assert gone_soon(place), place.ours()
            tty.check("undo\r", re.compile(r"is gone.*> ?$", re.S))
        assert not journals() and box.pins() == [n for n in box.pins() if n.startswith("p/")]
    place.attach(["x"])
    box.bpfsh("--plan", "link", "unpin", place.pin("x")).expect(0, out=["lossy", "nothing else"])


def gone_soon_link(place, prog):
    wait_until(lambda: all(name != prog for _, name in place.ours()))
    return True


# Freeze

def test_freeze(box):
    frozen = lambda: box.bpftool("map", "show", "pinned", pin_path)["frozen"]
    pin_path = box.map_create("m", "array", entries=2)
    text = f"""\
map freeze pinned {pin_path}
map update pinned {pin_path} key 0 0 0 0 value 7 0 0 0
"""
    before = box.snapshot()
    box.script(text + "assert false\n").expect(1)
    assert not frozen()
    box.unchanged(before)
    done = box.script(text, options=["--plan"]).expect(0, out="at commit")
    assert "undo: none" in done.out and not frozen(), done
    box.script(text).expect(0)
    assert frozen() and '"0x07"' in str(box.elements(pin_path)), box.elements(pin_path)
    box.script(f"map freeze pinned {pin_path}\n").expect(0)
    box.script(f"map update pinned {pin_path} key 0 0 0 0 value 8 0 0 0\n").expect(1, err="frozen")


def test_freeze_cannot_be_undone(box):
    pin_path = box.map_create("m", "array", entries=2)
    answers = prompt(box, f"map freeze pinned {pin_path}", "undo")
    assert "cannot be undone" in answers[1], answers


# Recovery

def mixed(place):
    """A script that does each operation on each kind."""
    box, lines = place.box, []
    lines += map(place.update, UPDATED)
    kind, hook = ("t", "tcx_egress dev v0") if TCX else ("x", "xdp dev v1")
    lines.append(f"$p = link create {place.prog(kind + '1')} {hook} pin {box.pin('new')}\n")
    lines.append(f"$c = link create {place.prog('c2')} cgroup {place.group} egress\n")
    lines.append(f"link pin $c {place.pin(kind)} replace\n")
    lines.append(f"link update $p {place.prog(kind + '2')}\n")
    lines.append(f"link unpin {place.pin('n')}\n")
    lines.append(f"link detach {place.pin('c')}\n")
    lines.append(f"link detach {place.pin('x')}\n")
    return "".join(that_can_be(lines))


def test_killed_in_the_middle(box):
    place = Place(box)
    before = place.attach()
    for kind in UPDATED:
        os.unlink(place.prog(kind + "1"))
    # Each line's programs stand in the script already: the updates alone.
    text = "".join(map(place.update, UPDATED)) + f"link detach {place.pin('c')}\n!kill -9 $PPID\n"
    done = box.script(text)
    assert done.status == -signal.SIGKILL, done
    assert place.link("x").prog == "x2"
    box.bpfsh("recover", "--plan").expect(0, out=["~ link update", "- link detach"])
    box.bpfsh("recover").expect(0)
    assert place.state() == before and not journals(), (before, place.state())


def test_killed_with_a_link_that_ends(box):
    """A link that only the dead process held needs no undo, and its old program no keeping."""
    place = Place(box)
    done = box.script(f"""\
$l = link create {place.prog("x1")} xdp dev v0
link update $l {place.prog("x2")}
!kill -9 $PPID
""")
    assert done.status == -signal.SIGKILL, done
    assert any(name.startswith("bpfsh_tx") for name in box.folders()), box.folders()
    box.bpfsh("recover").expect(0)
    assert place.state() == {"p": "folder"} and gone_soon(place) and not journals(), place.state()


class Faulty:
    """Runs with a fault at a point; see shell/base/fault.h."""

    def __init__(self, place):
        if not os.path.exists(FAULTY):
            raise AssertionError(f"{FAULTY} is missing: run make faults")
        self.place, self.box = place, place.box

    def run(self, *words, fault=None, log=None):
        more = {"BPFSH_FAULT": fault, "BPFSH_FAULT_LOG": log}
        env = dict(os.environ, **{k: v for k, v in more.items() if v})
        return self.box.run(FAULTY, "--no-rc", *words, env=env)

    def points(self, path, *words):
        log = self.box.file("points", "")
        done = self.run(*words, "-f", path, log=log)
        with open(log) as f:
            return f.read().splitlines(), done

    def rebuild(self):
        for name in self.box.pins():
            if not name.startswith("p/"):
                os.unlink(self.box.pin(name))
        assert gone_soon(self.place), self.place.ours()
        return self.place.attach()


def test_killed_at_every_point(box):
    place = Place(box)
    faulty = Faulty(place)
    before = place.attach()
    path = box.file("mixed.bsh", mixed(place))
    names, done = faulty.points(path)
    done.expect(0)
    assert {"link create", "link update", "link detach"} <= set(names), names
    after = place.state(ids=False)
    before = faulty.rebuild()
    committed = len(names) - names[::-1].index("journal phase written")
    for n in points_between(1, len(names)):
        done = faulty.run("-f", path, fault=str(n))
        assert done.status == -signal.SIGKILL, done
        again = faulty.run("recover").expect(0)
        where = f"killed at point {n} of {len(names)}, {names[n - 1]}\n{done}\n{again}"
        assert not journals(), where
        if n >= committed:
            assert place.state(ids=False) == after, f"{where}\n{after}\n{place.state(ids=False)}"
            before = faulty.rebuild()
        else:
            assert place.state() == before, f"{where}\n{before}\n{place.state()}"


def test_failing_at_every_point(box):
    place = Place(box)
    faulty = Faulty(place)
    place.attach()
    path = box.file("mixed.bsh", mixed(place))
    names, _ = faulty.points(path)
    before = faulty.rebuild()
    for n, name in enumerate(names, 1):
        if name not in ("link create", "link update", "link detach", "pin", "rename"):
            continue
        for code in (errno.ENOMEM, errno.EPERM, errno.EBUSY):
            done = faulty.run("-f", path, fault=f"{n}:{code}")
            where = f"{errno.errorcode[code]} at point {n} of {len(names)}, {name}\n{done}"
            if done.status == 3:
                # The second of two deferred operations failed: what was committed stays.
                assert name == "link detach", where
                before = faulty.rebuild()
                continue
            assert done.status == 1 and "cannot" in done.err, where
            assert not journals() and place.state() == before, f"{where}\n{before}\n{place.state()}"


def rolled_back(faulty):
    """A script that fails at its end, its points, and the first of them that is the rollback's."""
    names, _ = faulty.points(faulty.box.file("mixed.bsh", mixed(faulty.place)))
    before = faulty.rebuild()
    path = faulty.box.file("mixed.bsh", mixed(faulty.place) + "assert false\n")
    points, done = faulty.points(path)
    done.expect(1)
    return before, path, points, names.index("journal phase") + 1


def test_killed_while_rolling_back(box):
    place = Place(box)
    faulty = Faulty(place)
    place.attach()
    before, path, names, first = rolled_back(faulty)
    for n in points_between(first, len(names)):
        done = faulty.run("-f", path, fault=str(n))
        assert done.status == -signal.SIGKILL, done
        again = faulty.run("recover").expect(0)
        assert place.state() == before and not journals(), \
            f"killed at point {n} of {len(names)}, {names[n - 1]}\n{done}\n{again}\n{place.state()}"


def test_confirmed_but_failing(box):
    """What waits for the confirmation is named before; where it fails then, all is rolled back."""
    place = Place(box)
    faulty = Faulty(place)
    before = place.attach()
    path = box.file("wait.bsh", place.update("n") + f"link detach {place.pin('c')}\ncommit confirm 60\n")
    names, _ = faulty.points(box.file("now.bsh", place.update("n") + f"link detach {place.pin('c')}\n"))
    before = faulty.rebuild()
    # One more change of the phase comes before it.
    fault = f"{names.index('link detach') + 3}:{errno.ENOMEM}"
    process = subprocess.Popen([FAULTY, "--no-rc", "-f", path], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                               env=dict(os.environ, BPFSH_FAULT=fault))
    said = process.stdout.readline() + process.stdout.readline()
    assert "done only when it is confirmed: - link detach" in said, said
    assert place.link("n").prog == "n2" and place.link("c").where
    box.bpfsh("confirm").expect(0)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "confirmed, but it cannot be committed" in out, out
    assert place.state() == before and not journals(), out


def test_killed_while_undoing(box):
    """`undo` of a committed change is killed at each point: recovery takes all of it back, or none."""
    place = Place(box)
    faulty = Faulty(place)
    place.attach()
    more = f"link pin {place.pin('c')} {box.pin('again')}\nlink pin {place.pin('n')} {box.pin('n2')}\n"
    box.script(more).expect(0)
    text = "".join(map(place.update, ["t", "n"] if TCX else ["n"])) + f"link unpin {place.pin('n')}\n" + \
        f"link detach {place.pin('c')}\nlink detach {place.pin('x')}\n"
    path = box.file("undo.bsh", f"begin\n{text}commit\nundo\n")
    # What is detached comes back with a new ID, and is pinned where the old one was.
    before = place.state(ids=False)
    names, done = faulty.points(path, "--no-transaction")
    done.expect(0)
    assert place.state(ids=False) == before, done
    box.script(text).expect(0)
    committed = place.state(ids=False)
    first = names.index("journal end") + 1
    phases = [n for n, name in enumerate(names) if name == "journal phase written"]
    begun = [n for n in phases if n > first][1] + 1
    for n in points_between(first + 1, len(names)):
        faulty.rebuild()
        box.script(more).expect(0)
        done = faulty.run("--no-transaction", "-f", path, fault=str(n))
        assert done.status == -signal.SIGKILL, done
        again = faulty.run("recover").expect(0)
        wanted = before if n >= begun else committed
        assert place.state(ids=False) == wanted and not journals(), \
            f"killed at point {n} of {len(names)}, {names[n - 1]}\n{done}\n{again}\n" \
            f"{place.state(ids=False)}\n{wanted}"
        if n >= begun:
            # Both pins are of the same link.
            assert Link(box.pin("again")).id == place.link("c").id


def test_killed_with_what_ends(box):
    """A link that is to be detached, or a map to be frozen, but ended with its process."""
    place = Place(box)
    faulty = Faulty(place)
    path = box.file("ends.bsh", f"""\
$l = link create {place.prog("x1")} xdp dev v0
$m = map create type array key 4 value 4 entries 2 name {box.prefix}m
link detach $l
map freeze $m
""")
    before = place.state()
    names, done = faulty.points(path)
    for n in points_between(1, len(names)):
        faulty.run("-f", path, fault=str(n))
        again = faulty.run("recover")
        assert again.status == 0 and not again.err and place.state() == before, (names[n - 1], again)
    assert {"link detach", "map freeze"} <= set(names) and gone_soon(place)


def test_failing_rollback(box):
    """Status 3, said, and what is left can be recovered."""
    place = Place(box)
    faulty = Faulty(place)
    place.attach()
    before, path, names, first = rolled_back(faulty)
    tried = 0
    for n, name in enumerate(names[first - 1:], first):
        if name not in ("link update", "link detach"):
            continue
        # EPERM is what a link that runs another program gives, too.
        for code in errno.ENOMEM, errno.EPERM, errno.ENOSPC:
            done = faulty.run("-f", path, fault=f"{n}:{code}").expect(3, err="1 failed")
            again = faulty.run("recover")
            assert place.state() == before and not journals(), \
                f"{code} at point {n} of {len(names)}, {name}\n{done}\n{again}\n{place.state()}"
        tried += 1
    assert tried >= 5, names


# Show

def iter_link(place):
    """An iterator's link, which no command makes yet."""
    prog = open_pin(place.prog("i1"))
    link = bpf(BPF_LINK_CREATE, struct.pack("=IIII", prog, 0, BPF_TRACE_ITER, 0))
    pin(link, place.pin("i"))
    os.close(prog)
    os.close(link)


def test_show_agrees_with_bpftool(box):
    """On what bpftool 7.1 knows; its plain lines end in blanks."""
    place = Place(box)
    place.attach(KINDS)
    iter_link(place)
    known = {"x": {"devname", "ifindex"}, "t": {"type", "devname", "ifindex", "attach_type"}}
    for kind in KINDS + ["i"]:
        words = ["link", "show", "pinned", place.pin(kind)]
        ours, theirs = box.bpfsh("-j", *words).expect(0).json, box.bpftool(*words)
        more = known.get(kind, set())
        assert {k: v for k, v in ours.items() if k not in more} == \
            {k: v for k, v in theirs.items() if k not in more | {"cookie"}}, (ours, theirs)
        assert more <= ours.keys(), ours
        if not more:
            plain = [box.run(tool, *words).out for tool in (BPFTOOL, BPFSH)]
            strip = lambda text: [line.rstrip() for line in text.splitlines() if line.strip()]
            assert strip(plain[0]) == strip(plain[1]), plain
    box.script(f"link detach {place.pin('x')}\n").expect(0)
    box.bpfsh("link", "show", "pinned", place.pin("x")).expect(0, out="\n\tifindex (detached)\n")


def test_show_of_tcx(box):
    needs("tcx")
    place = Place(box)
    place.attach("t")
    link = place.link("t")
    out = box.bpfsh("link", "show", "pinned", place.pin("t")).expect(0).out
    assert out == (f"{link.id}: tcx  prog {link.prog_id}\n"
                   f"\tifindex v0({link.where})  attach_type tcx_ingress\n"), out


def test_show_severed(box):
    """What a link was attached to, and is no more, has no number that could be one."""
    place = Place(box)
    place.attach("cn")
    box.script("".join(f"link detach {place.pin(kind)}\n" for kind in "cn")).expect(0)
    for kind, key in ("c", "cgroup_id"), ("n", "netns_ino"):
        words = ["link", "show", "pinned", place.pin(kind)]
        box.bpfsh(*words).expect(0, out=f"\n\t{key} (detached)  attach_type ")
        assert box.bpfsh("-j", *words).expect(0).json[key] is None


def test_links_of_another_namespace(box):
    """A device's number means nothing elsewhere: none is named, none gets what a link there had."""
    place = Place(box)
    needs("tcx")
    place.attach("xt")
    device = socket.if_nametoindex("v0")
    with other_netns():
        box.veth("near", "by")
        assert socket.if_nametoindex("near") == device
        for kind in "xt":
            words = ["link", "show", "pinned", place.pin(kind)]
            shown = box.bpfsh("-j", *words).expect(0).json
            assert (shown["devname"], shown["ifindex"]) == (None, device), shown
            box.bpfsh(*words).expect(0, out=f"\n\tifindex {device}, in another network namespace")
        plan = box.bpfsh("--plan", "link", "detach", place.pin("x")).expect(0)
        assert "where it is attached cannot be found again" in plan.out + plan.err, plan
        # The same program on a device of that number: which of the two links is it?
        box.bpfsh("link", "create", place.prog("x1"), "xdp", "dev", "near", "pin",
                  box.pin("n")).expect(0)
        for path in place.pin("x"), box.pin("n"):
            box.bpfsh("link", "show", "pinned", path).expect(0, out=f"\n\tifindex {device}, in an "
                                                                    "unknown network namespace")
        os.unlink(box.pin("n"))
    words = ["-j", "link", "show", "pinned", place.pin("x")]
    wait_until(lambda: box.bpfsh(*words).expect(0).json["devname"] == "v0")


def test_show_pins(box):
    place = Place(box)
    place.attach(["x"])
    shown = box.bpfsh("--bpffs", "-j", "link", "show", "id", place.link("x").id).expect(0).json
    assert shown["pinned"] == [place.pin("x")], shown


# At the prompt

def test_tab(box):
    place = Place(box)
    with Pty(box, columns=250) as tty:
        tty.expect(PROMPT)
        tty.check(f"link create {place.prog('x1')} \t\t",
                  re.compile(r"cgroup .*tcx_ingress .*xdpoffload ", re.S))
        tty.check("xdpg\t", "xdpgeneric ")
        tty.check("\t", "dev ")
        tty.check("\t\t", re.compile(r"v0.*v1", re.S))
        tty.check("\x15", "")
        tty.check(f"link create {place.prog('n1')} netns sk\t", "sk_lookup ")
        tty.check("\x15", "")
        tty.check(f"link create {place.prog('a1')} cgroup {place.group} conn\t\t",
                  re.compile(r"connect4.*connect6", re.S))


run(__name__)
