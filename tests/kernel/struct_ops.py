# SPDX-License-Identifier: BSD-2-Clause
"""Tables of functions and iterators: as bpftool shows them, in use by a socket, undone, recovered after a kill."""
import re

from bpfsh import *
from feature import needs
from state import journals

FAULTY = os.path.join(BUILD, "faults/bpfsh")


@contextlib.contextmanager
def cleaned(box):
    """What has no link outlives the test's processes and its bpffs."""
    try:
        yield box.prefix + "ops"
    finally:
        box.run(BPFSH, "--no-rc", "struct_ops", "unregister", "name", box.prefix + "ops")


def tables(box):
    return [row["name"] for row in box.bpfsh("-j", "struct_ops", "show").expect(0).json
            if row["name"].startswith(box.prefix)]


def usable(box, name):
    """Whether a socket can have it as its congestion control, in the test's own namespace."""
    with socket.socket() as sock:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
        except OSError:
            return False
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).strip(b"\0") == name.encode()


def registers(box):
    done = box.bpfsh("struct_ops", "register", box.obj("ops"))
    if done.status and re.search("no struct_ops|not there, or takes none|has no types", done.err):
        raise Skip("this kernel has no table of congestion control")
    return done.expect(0, out="")


def test_without_a_link(box):
    with cleaned(box) as name:
        registers(box)
        assert tables(box) == [name] and usable(box, name)
        shown = box.bpfsh("-j", "struct_ops", "show", "name", name).expect(0).json
        words = ["id", shown["id"]]
        assert shown == box.bpftool("struct_ops", "show", *words)
        ours = box.bpfsh("-j", "struct_ops", "dump", *words).expect(0).json
        # By its ID bpftool's two objects stand side by side, which no reader of JSON takes.
        theirs = box.bpftool("struct_ops", "dump", "name", name)
        assert ours == theirs, (ours, theirs)
        box.bpfsh("struct_ops", "dump", *words).expect(0, out=['[{\n        "bpf_map_info"',
                                                               "(struct sock *) " + box.prefix])
        box.bpfsh("struct_ops", "register", box.obj("ops")).expect(1, err="of this name already")
        box.script(f"struct_ops unregister id {shown['id']}\nassert false\n").expect(1)
        assert usable(box, name)
        box.bpfsh("struct_ops", "unregister", "name", name).expect(0)
        assert not tables(box) and not usable(box, name)
        box.script(f"struct_ops register {box.obj('ops')}\nassert false\n").expect(1)
        assert not tables(box) and not journals()


def test_refused(box):
    pin = box.map_create("m")
    for words, said in ((["unregister", "pinned", pin], "is no table of functions"),
                        (["show", "pinned", pin], "is no table of functions"),
                        (["register", box.obj("maps")], "no tables of functions in")):
        box.bpfsh("struct_ops", *words).expect(1, err=said)


def has_links(box):
    done = box.bpfsh("--plan", "-c", f"struct_ops register {box.obj('opslink')} {box.pin('d')}")
    if "by a link" not in done.out:
        raise Skip("this kernel has no links of struct_ops")


def test_by_a_link(box):
    has_links(box)
    name, words = box.prefix + "ops", ["struct_ops", "register", box.obj("opslink")]
    box.bpfsh(*words).expect(1, err=["would end with this command", "LINK_DIR"])
    assert not tables(box)
    box.bpfsh(*words, box.pin("links")).expect(0)
    assert usable(box, name) and box.pins() == [f"links/{name}"]
    box.bpfsh("struct_ops", "unregister", "name", name).expect(1, err=["by link", "link unpin"])
    box.bpfsh("link", "unpin", box.pin(f"links/{name}")).expect(0)
    wait_until(lambda: not usable(box, name))
    box.script(f"$l = {' '.join(words)}\nassert $l.type == \"struct_ops\"\n").expect(0)
    wait_until(lambda: not tables(box) and not usable(box, name))


def test_killed_at_every_point(box):
    with cleaned(box) as name:
        registers(box)
        box.bpfsh("struct_ops", "unregister", "name", name).expect(0)
        path, log = box.file("x.bsh", f"struct_ops register {box.obj('ops')}\n"), box.file("points", "")

        def faulty(*words, **more):
            return box.run(FAULTY, "--no-rc", *words, env=dict(os.environ, **more))
        faulty("-f", path, BPFSH_FAULT_LOG=log).expect(0)
        with open(log) as f:
            names = f.read().splitlines()
        assert "struct_ops register done" in names, names
        committed = len(names) - names[::-1].index("journal phase written")
        for n in range(1, len(names) + 1):
            if tables(box):
                box.bpfsh("struct_ops", "unregister", "name", name).expect(0)
            wait_until(lambda: not tables(box))
            done = faulty("-f", path, BPFSH_FAULT=str(n))
            assert done.status == -signal.SIGKILL, done
            faulty("recover").expect(0)
            assert usable(box, name) == (n >= committed) and not journals(), (n, names[n - 1])
        failed = faulty("-f", path, BPFSH_FAULT=f"1:{errno.EINVAL}:struct_ops register")
        failed.expect(1, err="cannot register")


def test_iterator(box):
    needs("tcx")
    pin, path = box.map_create("m"), box.pin("walk")
    words = ["iter", "pin", box.obj("iter"), path]
    box.bpfsh(*words).expect(1, err="map MAP")
    assert not os.path.exists(path)
    box.bpfsh(*words, "map", "pinned", pin).expect(0)
    with open(path) as f:
        assert f.read() == ""
    assert box.bpfsh("-j", "link", "show", "pinned", path).json["target_name"] == "bpf_map_elem"
    os.unlink(path)
    box.script(f"{' '.join(words)} map pinned {pin}\nassert false\n").expect(1, err="rolled back")
    assert not os.path.exists(path)


run(__name__)
