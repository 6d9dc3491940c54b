#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The floors of the house: no object file refers to one of a floor above its own.

What refers to what is read off the object files, by nm, so that a call counts and a
comment does not. The headers of a floor above are not included either, and each file
includes itself what it uses: the header that declares a function is named by the file
that calls it, not only by another header.
"""
import collections
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("O", os.path.join(ROOT, "build"))

# From the ground up; those of one line stand side by side and do not refer to each other.
FLOORS = (
    (("shell/base",), "knows libc alone: buffers, text, diagnostics, files, child processes"),
    # render turns data into something to look at, wherever the data comes from.
    (("render/sink",), "rows as text, tables and JSON; types it does not know, they bring drawings"),
    (("render/typed", "render/btf"), "values by their types, and the types: both draw their cells"),
    (("render/code",), "programs and their logs: names and lines come from BTF"),
    (("render/cfg",), "which ways a program goes, read off its code"),
    (("render/picture",), "such graphs laid out, and shown in files and terminals"),
    (("shell/kern",), "the kernel's side: it hands what it reads to render's models"),
    (("shell/lang",), "words to values: it resolves them by what kern has"),
    (("shell/txn",), "runs operations in a command's context, and knows none of their kinds"),
    (("shell/op",), "the kinds of operations, each with its undo"),
    (("shell/session", "shell/trace", "shell/sample", "shell/snapshot"),
     "statements run, and what runs beside them"),
    (("shell/prompt",), "types into a session"),
    (("commands",), "each command is a row and a function over all of this"),
    (("shell/main.c",), "hands the commands to the session"),
)


def floor(path):
    """The place of a file among the floors, and the room that it belongs to."""
    for rank, (rooms, _) in enumerate(FLOORS):
        for room in rooms:
            if path == room or path.startswith(room + "/"):
                return rank, room
    return None


def objects():
    """The source of each object file of the program, with the file."""
    for folder in ("shell", "render", "commands"):
        for path in glob.glob(f"{BUILD}/{folder}/**/*.o", recursive=True):
            source = os.path.relpath(path, BUILD)[:-2] + ".c"
            if os.path.exists(os.path.join(ROOT, source)):
                yield source, path


def symbols(path):
    """The names that an object file defines, and those it asks for."""
    defined, wanted = set(), set()
    for line in subprocess.check_output(["nm", "-P", path], text=True).splitlines():
        name, kind = line.split()[:2]
        if kind == "U":
            wanted.add(name)
        elif kind.isupper():
            defined.add(name)
    return defined, wanted


def references():
    """(file, name, the file that defines it), between the files of the program."""
    tables = {source: symbols(path) for source, path in objects()}
    home = {name: source for source, (defined, _) in tables.items() for name in defined}
    for source, (_, wanted) in sorted(tables.items()):
        for name in sorted(wanted):
            if name in home:
                yield source, name, home[name]


def upward(source, target):
    (own, room), (other, other_room) = floor(source), floor(target)
    return other > own or (other == own and room != other_room)


def included(path):
    """The project's headers that a file names."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return re.findall(r'^#include "((?:shell|render|commands)/[^"]+)"', f.read(), re.M)


def sources():
    for folder in ("shell", "render", "commands"):
        for path in glob.glob(f"{ROOT}/{folder}/**/*.[ch]", recursive=True):
            yield os.path.relpath(path, ROOT)


def declarations():
    """For each name at the left edge of a header's declarations, the headers that have it."""
    found = collections.defaultdict(set)
    for path in sources():
        if not path.endswith(".h"):
            continue
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/|^#.*?[^\\]$", "", f.read(), flags=re.S | re.M)
        for name in re.findall(r"\b([a-z_]\w*)\s*(?=[(\[;=,])", text):
            found[name].add(path)
    return found


def own_header(source):
    return re.sub(r"\.c$", ".h", source)


def unnamed():
    """(file, name, header): the file uses the name, and has its header only by way of another."""
    headers = declarations()
    for source, name, _ in references():
        named = included(source)
        if own_header(source) in named:
            named = named + included(own_header(source))
        if headers[name] and not headers[name] & set(named):
            yield source, name, " or ".join(sorted(headers[name]))


def verdict(name, lines):
    print(f"fail {name}" if lines else f"ok {name}")
    for line in lines:
        print(f"\t{line}")
    return not lines


def main():
    lost = [path for path in sources() if not floor(path)]
    up = [f"{source} ({floor(source)[1]}) refers to {name} in {target} ({floor(target)[1]})"
          for source, name, target in references() if upward(source, target)]
    include = [f"{path} includes {header}" for path in sources() for header in included(path)
               if upward(path, header)]
    lives = [f"{source} uses {name} without naming {header}" for source, name, header in unnamed()]
    results = [verdict("house/each_file_has_a_floor", lost),
               verdict("house/no_reference_upward", up),
               verdict("house/no_include_upward", include),
               verdict("house/includes_are_named", lives)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
