# SPDX-License-Identifier: BSD-2-Clause
"""Each operation of the kernel's fails once: all is taken back, or what is left is said, and recovered.

FAIL_SEED chooses which error is had at which point; where bpfsh looks at the
error, each of them is.
"""
import errno
import random

from bpfsh import *
from kill import Bulk, World, on_world, rolled_back
from state import *

ERRORS = [errno.ENOMEM, errno.EPERM, errno.E2BIG, errno.EBUSY, errno.ENOSPC]
SEED = int(os.environ.get("FAIL_SEED", str(random.randrange(1 << 16))))
LOOKED_AT = ("map batch", "pin")


def can_fail(name):
    return not name.endswith((" done", " written")) and (
        not name.startswith("journal") or name == "journal grow")


def done_singly(name, code):
    """True where a batch call's failure makes bpfsh change the elements one by one."""
    return name == "map batch" and code == errno.ENOMEM


class Fault:
    """
    An error at a point, as the environment has it and as people read it. A journal
    may grow a little earlier or later: points of other names are not counted.
    """

    def __init__(self, names, n, code):
        self.name, self.code, self.n = names[n - 1], code, n
        self.value = f"{names[:n].count(self.name)}:{code}:{self.name}"
        self.where = (f"FAIL_SEED={SEED}: {errno.errorcode[code]} at point {n} of {len(names)}, "
                      f"{self.name}")


def faults(names, first, last):
    """What may fail of these points, which are counted from 1."""
    for n in (n for n in points_between(first, last) if can_fail(names[n - 1])):
        for code in ERRORS if names[n - 1] in LOOKED_AT else [ERRORS[(n + SEED) % len(ERRORS)]]:
            yield Fault(names, n, code)


def commit_of(names):
    """The first point behind the commit."""
    return len(names) - names[::-1].index("journal phase written")


def check(world, wanted, fault, done):
    wrong = difference(wanted, world.state())
    assert not wrong and not journals(), f"{fault.where}:\n{done}\n{wrong}\n{journals()}"


def failing(world):
    """Before the commit: status 1, and the state of before; the script rolls back in between, too."""
    path = world.box.file("script.bsh", world.script())
    names, _ = world.points(path)
    after = world.state()
    world.rebuild()
    for fault in faults(names, 1, commit_of(names) - 1):
        done = world.run("-f", path, fault=fault.value)
        singly = done_singly(fault.name, fault.code)
        if done.status == 3 and "recover" in done.err:
            world.recover(done)
        else:
            assert done.status == (0 if singly else 1), f"{fault.where}:\n{done}"
        check(world, after if singly else world.before, fault, done)
        if singly:
            world.rebuild()


def failing_commit(world):
    """Behind the commit only what undo would have needed is removed: status 3, and recovered."""
    path = world.box.file("script.bsh", world.script())
    names, _ = world.points(path)
    after = world.state()
    for fault in faults(names, commit_of(names), len(names)):
        world.rebuild()
        done = world.run("-f", path, fault=fault.value)
        assert done.status == 3 and "recover" in done.err, f"{fault.where}:\n{done}"
        world.recover(done)
        check(world, after, fault, done)


def failing_rollback(world):
    """Status 3, what is left is said, and recovered."""
    path, names, first = rolled_back(world)
    for fault in faults(names, first, len(names)):
        done = world.run("-f", path, fault=fault.value)
        if done_singly(fault.name, fault.code):
            done.expect(1)
        else:
            assert done.status == 3 and " failed" in done.err and "recover" in done.err, \
                f"{fault.where}:\n{done}"
            assert journals(), done
            world.recover(done)
        check(world, world.before, fault, done)


def failing_undo(world):
    """`undo` of what was committed: all stays where it cannot begin, else as in a rollback."""
    path = world.box.file("undo.bsh", f"begin\n{world.script()}commit\nundo\n")
    names, _ = world.points(path, "--no-transaction")
    world.run("-f", world.box.file("script.bsh", world.script())).expect(0)
    after = world.state()
    first = names.index("journal end") + 1
    phases = [n for n, name in enumerate(names, 1) if name == "journal phase written" and n > first]
    for fault in faults(names, first, len(names)):
        if difference(world.before, world.state()):
            world.rebuild()
        done = world.run("--no-transaction", "-f", path, fault=fault.value)
        begun = fault.n > phases[1]
        if done.status == 3:
            world.recover(done)
        else:
            assert done.status == 1 and not begun or done_singly(fault.name, fault.code), \
                f"{fault.where}:\n{done}"
        check(world, world.before if begun else after, fault, done)


def failing_recovery(world):
    """Recovery fails at a point, says so, and does the rest when it is run again."""
    path = world.box.file("script.bsh", world.script())
    names, _ = world.points(path)
    world.rebuild()
    killed = str(commit_of(names) - 1)
    world.run("-f", path, fault=killed)
    log = world.box.file("points", "")
    world.run("recover", log=log).expect(0)
    with open(log) as f:
        names = f.read().splitlines()
    assert not difference(world.before, world.state())
    for fault in faults(names, 1, len(names)):
        world.run("-f", path, fault=killed)
        done = world.run("recover", fault=fault.value)
        if not done_singly(fault.name, fault.code):
            assert done.status == 3 and "error" in done.err, f"{fault.where}:\n{done}"
            world.recover(done)
        check(world, world.before, fault, done)


for verify in failing, failing_commit, failing_rollback, failing_undo, failing_recovery:
    globals()[f"test_{verify.__name__}"] = on_world(World, verify)
    globals()[f"test_bulk_{verify.__name__}"] = on_world(Bulk, verify)

run(__name__)
