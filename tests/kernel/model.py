# SPDX-License-Identifier: BSD-2-Clause
"""Random transactions against a model of maps, pins and a link, with random failures.

Each process runs a script of many transactions: updates, deletes, imports,
clearings, pushes, pops, new maps, pins, unpins, updates of a link, savepoints,
rollbacks, commits. At a random place an operation of
the kernel's fails, or the process is killed. The maps are dumped after each
transaction, and compared with the model; at the end all of the state is.

MODEL_SEED chooses the scripts, MODEL_RUNS how many transactions are run.
"""
import contextlib
import copy
import ctypes
import errno
import random

from bpfsh import *
from feature import has
from state import *

FAULTY = os.path.join(BUILD, "faults/bpfsh")
SEED = int(os.environ.get("MODEL_SEED", str(random.randrange(1 << 30))))
EXCHANGE = has("exchange")
RUNS = int(os.environ.get("MODEL_RUNS", "10000"))
KINDS = {"hash": 16, "array": 4, "lpm_trie": 16, "perhash": 16}
IMPORTED = {1: 201, 2: 202, 5: 205}
STACK, LOOKUP_DELETE = 8, 21
SCRIPT_LENGTH = 125		# transactions
ERRORS = [errno.ENOMEM, errno.EPERM, errno.E2BIG, errno.EBUSY, errno.ENOSPC, 0]


class Model:
    """What the kernel should hold: elements by kind of map, and what is pinned where."""

    def __init__(self):
        self.maps = {kind: {} for kind in KINDS}
        self.maps["array"] = dict.fromkeys(range(KINDS["array"]), 0)
        self.pins = {kind: kind for kind in (*KINDS, "stack", "link")}
        self.stack, self.prog = [], "c1"


class Script:
    """Writes a script and what its model is after each transaction."""

    def __init__(self, box, model, rng, length):
        self.box, self.rng, self.now = box, rng, copy.deepcopy(model)
        self.lines, self.committed, self.made = [], [copy.deepcopy(model)], 0
        for _ in range(length):
            self.transaction()

    def transaction(self):
        start, savepoints = copy.deepcopy(self.now), {}
        for _ in range(self.rng.randrange(1, 8)):
            roll = self.rng.random()
            if roll < 0.08:
                name = self.rng.choice("ab")
                savepoints[name] = copy.deepcopy(self.now)
                self.lines.append(f"savepoint {name}")
            elif roll < 0.16 and savepoints:
                # Those that are newer are gone then: only one is kept in mind.
                name, self.now = list(savepoints.items())[-1]
                self.now = copy.deepcopy(self.now)
                savepoints = {name: savepoints[name]}
                self.lines.append(f"rollback to {name}")
            else:
                self.change()
        if self.rng.random() < 0.4:
            self.lines.append("rollback")
            self.now = start
        else:
            self.lines.append("commit")
        self.committed.append(copy.deepcopy(self.now))
        for kind in KINDS:
            self.lines.append(f"map dump pinned {self.box.pin(kind)}")

    def change(self):
        kind = self.rng.choice(list(KINDS))
        key = self.rng.randrange(4)
        elements, words = self.now.maps[kind], self.key(kind, key)
        free = [name for name in "wxyz" if name not in self.now.pins]
        taken = [name for name in "wxyz" if name in self.now.pins]
        roll = self.rng.random()
        of = f"pinned {self.box.pin(kind)}"
        if self.rng.random() < 0.15:
            self.rarer(kind, elements, of)
        elif roll < 0.5:
            elements[key] = self.rng.randrange(256)
            self.lines.append(f"map update {of} key {words} value {elements[key]} 0 0 0")
        elif roll < 0.7 and kind != "array" and key in elements:
            del elements[key]
            self.lines.append(f"map delete {of} key {words}")
        elif roll < 0.8 and free:
            self.now.pins[free[0]] = kind
            self.lines.append(f"map pin {of} {self.box.pin(free[0])}")
        elif roll < 0.87 and taken and EXCHANGE:
            self.now.pins[taken[0]] = kind
            self.lines.append(f"map pin {of} {self.box.pin(taken[0])} replace")
        elif roll < 0.94 and taken:
            del self.now.pins[taken[-1]]
            self.lines.append(f"map unpin {self.box.pin(taken[-1])}")
        elif free:
            self.made += 1
            name = f"n{self.made}"
            self.now.pins[free[-1]] = name
            self.lines.append(f"map create {self.box.pin(free[-1])} type hash key 4 value 4"
                              f" entries 2 name {self.box.prefix}{name}")

    def rarer(self, kind, elements, of):
        """Many elements at once, the stack, and the link."""
        roll, value = self.rng.random(), self.rng.randrange(1, 256)
        if roll < 0.2 and kind != "lpm_trie":
            self.now.maps[kind] = {key: 0 for key in elements} if kind == "array" else {}
            self.lines.append(f"map clear {of}")
        elif roll < 0.4 and kind == "hash":
            elements.update(IMPORTED)
            self.lines.append(f"map import {of} {self.box.dir}/import")
        elif roll < 0.6 and len(self.now.stack) < STACK:
            self.now.stack.append(value)
            self.lines.append(f"map push pinned {self.box.pin('stack')} value {value} 0 0 0")
        elif roll < 0.8 and self.now.stack:
            self.now.stack.pop()
            self.lines.append(f"map pop pinned {self.box.pin('stack')}")
        else:
            self.now.prog = self.rng.choice(["c1", "c2"])
            prog = self.box.pin(f"p/{self.box.prefix}{self.now.prog}")
            self.lines.append(f"link update {self.box.pin('link')} {prog}")

    @staticmethod
    def key(kind, key):
        return f"32 0 0 0 {key} 0 0 0" if kind == "lpm_trie" else f"{key} 0 0 0"


def observed(box):
    """The kernel's state as a model."""
    model = Model()
    model.maps, model.pins = {}, {}
    for path, what in state(box.bpffs).items():
        if path.split("/")[0] == "p":
            continue
        if what[0] == "link":
            model.pins[path], model.prog = "link", what[2][len(box.prefix):]
            continue
        if what == "folder":
            model.pins[path] = what
            continue
        name = what[1][len(box.prefix):]
        model.pins[path] = name
        if name in KINDS:
            at = 4 if name == "lpm_trie" else 0
            model.maps[name] = {key[at]: value[0] for key, value in what[2].items()}
    model.stack = stacked(box)
    return model


def stacked(box):
    """What the stack holds, the newest last: taken out, and put in again."""
    fd, found, value = open_pin(box.pin("stack")), [], ctypes.create_string_buffer(4)
    with contextlib.suppress(FileNotFoundError):
        while True:
            bpf(LOOKUP_DELETE, struct.pack("=IIQQ", fd, 0, 0, ctypes.addressof(value)))
            found.insert(0, value.raw[0])
    for one in found:
        update(fd, b"", bytes([one, 0, 0, 0]))
    os.close(fd)
    return found


def same(one, other, *besides):
    """Whether two models are equal, but for the members named in besides."""
    return all(value == getattr(other, name)
               for name, value in vars(one).items() if name not in besides)


def undecided(recover):
    """Whether all that a recovery left is a stack, of which it could not tell what was done."""
    errors = [line for line in recover.err.splitlines() if line.startswith("error: ")]
    return recover.status == 3 and "whether 'map " in errors[0] and all(
        "cannot be told: left alone" in line or "not undone, as a later change" in line
        for line in errors)


def dumps_of(out, kinds):
    """The dumps in a script's output, one after the other, as elements by key."""
    found, at = [], 0
    for entry in out:
        words = entry["command"] or []		# none where no command failed, but the commit did
        if words[:2] == ["map", "dump"] and isinstance(entry["output"], list):
            kind = kinds[at % len(kinds)]
            first = 4 if kind == "lpm_trie" else 0
            found.append({int(e["key"][first], 16): int(
                (e["value"] if "value" in e else e["values"][0]["value"])[0], 16)
                for e in entry["output"]})
            at += 1
    return found


def parsed(text):
    """The array of outputs; without its end where the process was killed."""
    try:
        return json.loads(text)
    except ValueError:
        return []


def run_script(box, script, fault):
    env = dict(os.environ, BPFSH_FAULT=fault) if fault else None
    path = box.file("model.bsh", "\n".join(script.lines) + "\n")
    return box.run(FAULTY, "--no-rc", "-j", "-f", path, **({"env": env} if env else {}))


def check_dumps(script, done):
    kinds = list(KINDS)
    for n, dump in enumerate(dumps_of(parsed(done.out), kinds)):
        wanted = script.committed[1 + n // len(kinds)].maps[kinds[n % len(kinds)]]
        assert dump == wanted, f"transaction {n // len(kinds)}, {kinds[n % len(kinds)]}:" \
            f" {dump}, not {wanted}"


def test_random_transactions(box):
    rng = random.Random(SEED)
    print(f"MODEL_SEED={SEED} MODEL_RUNS={RUNS}", flush=True)
    for kind, entries in KINDS.items():
        lpm = kind == "lpm_trie"
        fd = create("percpu_hash" if kind == "perhash" else kind, 8 if lpm else 4, 4, entries,
                    f"{box.prefix}{kind}", int(lpm))
        pin(fd, box.pin(kind))
        os.close(fd)
    fd = create("stack", 0, 4, STACK, f"{box.prefix}stack")
    pin(fd, box.pin("stack"))
    os.close(fd)
    box.file("import", "".join(f'{{"key":{k},"value":{v}}}\n' for k, v in IMPORTED.items()))
    box.bpftool("prog", "loadall", box.obj("link"), box.pin("p"))
    box.script(f"link create {box.pin(f'p/{box.prefix}c1')} cgroup {box.cgroup()} egress"
               f" pin {box.pin('link')}\n").expect(0)
    model, runs, failures, points = Model(), 0, 0, 20 * SCRIPT_LENGTH
    while runs < RUNS:
        script = Script(box, model, rng, SCRIPT_LENGTH)
        code = rng.choice(ERRORS)
        fault = f"{rng.randrange(1, 2 * points)}" + (f":{code}" if code else "")
        done = run_script(box, script, fault)
        what = f"MODEL_SEED={SEED}, after {runs} transactions, fault {fault}:\n{done}"
        assert done.status in (0, 1, 3, -signal.SIGKILL), what
        again = None
        if done.status == 3 or done.status == -signal.SIGKILL:
            again = box.run(FAULTY, "--no-rc", "recover")
            assert again.status == 0 or undecided(again), f"{what}\n{again}"
        assert not journals(), what
        check_dumps(script, done)
        now = observed(box)
        besides = ["stack"] if again and again.status else []
        possible = [n for n, m in enumerate(script.committed) if same(now, m, *besides)]
        assert possible, f"{done.out[-1500:]}\n{again}\n{done.err}\n{vars(now)}"
        if done.status == 0:
            assert same(now, script.committed[-1]), what
        failures += done.status != 0
        runs += max(possible[-1], 1)
        model = now
    print(f"{runs} transactions, {failures} failures", flush=True)
    assert failures > 20 or RUNS < 10000, failures


run(__name__)
