#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each file says its licence in one of its first lines, or REUSE.toml says it for it."""
import os
import re
import subprocess
import sys
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES = 5
# The licence itself, and the link to it.
OF_ALL = "LICENSE", "LICENSES/BSD-2-Clause.txt"


def files():
    """What git has; nothing where this is no checkout."""
    if not os.path.exists(os.path.join(ROOT, ".git")):
        return []
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "ls-files", "-z"]
    listed = subprocess.check_output(command, text=True).split("\0")
    return [path for path in listed if path and os.path.lexists(os.path.join(ROOT, path))]


def as_pattern(glob):
    """REUSE's globs: a star stays in its folder, two do not."""
    parts = re.split(r"(\*\*|\*)", glob)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts))


def annotated():
    """The patterns of the paths whose licence REUSE.toml says."""
    with open(os.path.join(ROOT, "REUSE.toml"), "rb") as f:
        notes = tomllib.load(f)["annotations"]
    return [as_pattern(glob) for note in notes if "SPDX-License-Identifier" in note
            for glob in note["path"]]


def says_its_licence(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        head = b"".join(f.readline(1000) for _ in range(LINES))
    return b"SPDX-License-Identifier: BSD-2-Clause" in head


def main():
    patterns = annotated()
    silent = [path for path in files() if path not in OF_ALL and not says_its_licence(path)
              and not any(pattern.fullmatch(path) for pattern in patterns)]
    print("fail" if silent else "ok", "house/each_file_has_a_licence")
    for path in silent:
        print(f"\t{path} has no SPDX-License-Identifier in its first {LINES} lines")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
