# SPDX-License-Identifier: BSD-2-Clause
"""cgroup show and tree: programs on child cgroups of the test's own."""
import threading

from attach import *
from bpfsh import *
from feature import needs

OVERRIDE, MULTI = 1, 2
EGRESS, DEVICE, CONNECT4, UNIX_CONNECT = 1, 6, 10, 49


class Tree:
    """Cgroups below one of the test's own: some with programs, one without."""

    def __init__(self, box):
        self.box, self.top = box, box.cgroup()
        for name in "sub", "sub/deep", "empty":
            os.mkdir(f"{self.top}/{name}")
        top, sub = os.open(self.top, 0), os.open(f"{self.top}/sub", 0)
        egress = load("cgroup_skb", box.prefix + "eg", 1, EGRESS)
        attach(egress, top, EGRESS, MULTI)
        self.link = link(egress, top, EGRESS)
        attach(load("cgroup_skb", box.prefix + "below", 1, EGRESS), sub, EGRESS, MULTI)
        attach(load("cgroup_device", box.prefix + "dev", 1), sub, DEVICE, OVERRIDE)
        attach(load("cgroup_sock_addr", box.prefix + "con", 1, CONNECT4), sub, CONNECT4)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.link)
        remove_below(self.top)


def remove_below(top):
    """Programs that are attached without a link end with their cgroup."""
    for folder, names, _ in os.walk(top, topdown=False):
        for name in names:
            os.rmdir(os.path.join(folder, name))


def without(rows, *keys):
    return [{k: v for k, v in row.items() if k not in keys} for row in rows]


def same_rows(ours, theirs):
    """bpftool says attach_btf_name "" of programs that hook into no function; ours tell the link.

    In which order types of attachments are asked for differs between bpftool's versions.
    """
    rows = lambda found, but: sorted(map(json.dumps, without(found, but)))
    assert rows(ours, "link_id") == rows(theirs, "attach_btf_name"), (ours, theirs)


def same_text(box, *words):
    """Plain output is the same but for blanks at the ends of lines, and the order of types."""
    done = box.run(BPFTOOL, "cgroup", *words)
    theirs = [line.rstrip() for line in done.out.splitlines()]
    ours = box.bpfsh("cgroup", *words).expect(0).out.splitlines()
    assert sorted(ours) == sorted(theirs), f"{ours}\nby bpftool:\n{theirs}"


def test_show(box):
    needs("attach_flags")
    with Tree(box) as tree:
        for words in ([tree.top], [f"{tree.top}/sub"], [f"{tree.top}/sub", "effective"],
                      [f"{tree.top}/sub/deep", "effective"]):
            same_rows(box.bpfsh("-j", "cgroup", "show", *words).expect(0).json,
                      box.bpftool("cgroup", "show", *words))
            same_text(box, "show", *words)
        twice = box.bpfsh("-j", "cgroup", "list", tree.top).expect(0).json
        assert [row.get("link_id") for row in twice] == [ident(tree.link), None], twice
        same_text(box, "show", f"{tree.top}/empty")
        # bpftool's JSON of an empty cgroup is nothing at all.
        assert box.bpfsh("-j", "cgroup", "show", f"{tree.top}/empty").expect(0).json == []


def test_tree(box):
    needs("attach_flags")
    with Tree(box) as tree:
        for more in [], ["effective"]:
            ours = box.bpfsh("-j", "cgroup", "tree", tree.top, *more).expect(0).json
            theirs = box.bpftool("cgroup", "tree", tree.top, *more)
            assert [one["cgroup"] for one in ours] == [one["cgroup"] for one in theirs], ours
            for mine, other in zip(ours, theirs):
                same_rows(mine["programs"], other["programs"])
            same_text(box, "tree", tree.top, *more)
        same_text(box, "tree", f"{tree.top}/empty")
        assert box.bpfsh("-j", "cgroup", "tree", f"{tree.top}/empty").expect(0).json == []
        # Without a path, from the root of all: others' cgroups are there too.
        found = [one["cgroup"] for one in box.bpfsh("-j", "cgroup", "tree").expect(0).json]
        assert {tree.top, f"{tree.top}/sub"} <= set(found), found
        assert box.bpfsh("-j", "cgroup").expect(0).json


def test_newer_types(box):
    """Also a type that is newer than the libraries, which bpftool does not look for."""
    needs("connect_unix")
    with Tree(box) as tree:
        deep = os.open(f"{tree.top}/sub/deep", 0)
        attach(load("cgroup_sock_addr", box.prefix + "ux", 1, UNIX_CONNECT), deep, UNIX_CONNECT,
               MULTI)
        row, = box.bpfsh("-j", "cgroup", "show", f"{tree.top}/sub/deep").expect(0).json
        assert (row["attach_type"], row["attach_flags"]) == ("cgroup_unix_connect", "multi"), row
        os.close(deep)


def test_devices_are_no_cgroups(box):
    """A descriptor's number is no device's, though the kernel would take it for one."""
    needs("tcx")
    prog, top = load("sched_cls", box.prefix + "t", -1), box.cgroup()
    for n in range(6):
        for device in box.veth(f"a{n}", f"b{n}"):
            attach(prog, socket.if_nametoindex(device), BPF_TCX_INGRESS)
    assert {number for number, _ in socket.if_nameindex()} >= set(range(1, 14))
    assert box.bpfsh("-j", "cgroup", "show", top).expect(0).json == []


def test_styles(box):
    with Tree(box) as tree:
        done = box.bpfsh("-o", "table", "cgroup", "tree", tree.top).expect(0)
        lines = [line.split() for line in done.out.splitlines()]
        assert lines[0] == ["cgroup", "id", "attach_type", "attach_flags", "name", "link_id"], done
        assert [line[0] for line in lines[1:]] == [tree.top] * 2 + [f"{tree.top}/sub"] * 3, done
        box.bpfsh("-o", "table", "cgroup", "show", tree.top).expect(0, out="cgroup_inet_egress")
        rows = box.bpfsh("-o", "jsonl", "cgroup", "tree", tree.top).expect(0).jsonl
        assert rows == box.bpfsh("-p", "cgroup", "tree", tree.top).expect(0).json, rows
        box.script(f"$v = cgroup tree {tree.top}\n"
                   "assert $v[1].programs[1].attach_type == \"cgroup_device\"\n").expect(0)


def test_goes_on(box):
    """One cgroup that cannot be opened is named, and hides none of the others."""
    with Tree(box) as tree:
        path = tree.top
        for _ in range(20):
            path += "/chain"
            os.mkdir(path)
        expected = box.bpfsh("-j", "cgroup", "tree", tree.top).expect(0)
        done = box.run("prlimit", "--nofile=14", BPFSH, "--no-rc", "-j", "cgroup", "tree", tree.top)
        done.expect(0, err=["chain' is left out: too many open files", "note"])
        assert done.json == expected.json, done


def test_cgroups_vanish(box):
    with Tree(box) as tree:
        expected, stop = box.bpfsh("-j", "cgroup", "tree", tree.top).expect(0).json, threading.Event()

        def churn():
            while not stop.is_set():
                for n in range(40):
                    os.makedirs(f"{tree.top}/gone{n}/below")
                for n in range(40):
                    os.removedirs(f"{tree.top}/gone{n}/below")

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(30):
                done = box.bpfsh("-j", "cgroup", "tree", tree.top).expect(0)
                assert done.json == expected, done
                assert all(re.search(r"gone.* is left out: it is gone|\.\.\. and \d+ more", line)
                           for line in done.err.splitlines()), done
        finally:
            stop.set()
            thread.join()


def test_other_file_systems_are_left_out(box):
    """What is mounted over a cgroup is none."""
    with Tree(box) as tree:
        mount("tmpfs", f"{tree.top}/sub", "tmpfs")
        try:
            done = box.bpfsh("-j", "cgroup", "tree", tree.top).expect(0)
        finally:
            umount(f"{tree.top}/sub")
        assert [one["cgroup"] for one in done.json] == [tree.top] and not done.err, done


def test_hostile_name(box):
    top = box.cgroup("a\x1b[31m b")
    fd = os.open(top, 0)
    held = link(load("cgroup_skb", box.prefix + "x", 1, EGRESS), fd, EGRESS)
    assert box.bpfsh("-j", "cgroup", "tree", top).expect(0).json[0]["cgroup"] == top
    with Pty(box, "cgroup", "tree", top, columns=200) as tty:
        assert tty.wait() == 0
        assert "a\\x1b[31m b\r\n" in tty.seen and "\x1b[31m" not in tty.seen, tty.seen
    os.close(held)


def test_refused(box):
    top = box.cgroup()
    for verb in "show", "tree":
        box.bpfsh("cgroup", verb, f"{top}/no").expect(1, err="no such file")
        box.bpfsh("cgroup", verb, box.dir).expect(1, err=["is no cgroup of version 2", "hint"])
        box.unprivileged("cgroup", verb, top).expect(1, err=[f"cannot query the cgroup '{top}'",
                                                            "as root"])
        assert "error" in box.unprivileged("-j", "cgroup", verb, top).expect(1).json
    box.bpfsh("cgroup", "show").expect(2)
    hide = f"umount -a -t cgroup2; exec {BPFSH} --no-rc cgroup tree"
    box.run("unshare", "-m", "--propagation", "unchanged", "sh", "-c", hide).expect(1, err=["no cgroups of version 2 are mounted",
                                                             "mount -t cgroup2"])


def test_tab(box):
    top = box.cgroup()
    os.mkdir(f"{top}/one")
    with start(box, columns=200) as tty:
        tty.check(f"cgroup show {top}/\t", f"{top}/one/")
        tty.check("\x15cgroup tree eff\t", "cgroup tree effective ")
    os.rmdir(f"{top}/one")


run(__name__)
