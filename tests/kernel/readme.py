# SPDX-License-Identifier: BSD-2-Clause
"""What README.md and docs/*.md show is typed as it stands, and gives what stands below it.

A ```console block holds lines typed at the prompts "$ " and "bpfsh> ", and what they print; "..."
stands for any lines. The blocks of a page are one session, in a folder with what scripts/demo
leaves. Numbers that differ from run to run are compared as such.
"""
import glob

from bpfsh import *
from terminal import Terminal

PAGES = ["README.md", *sorted(os.path.relpath(path, ROOT) for path in glob.glob(f"{ROOT}/docs/*.md"))]
TYPED = re.compile(r"(?:\$|bpfsh[*!]?>) ")
# Names of objects, each with as long a one that no other test has, in the object files too.
NAMES = {"xdp_flow": "xdp_%s", "counters": "cnts%s", "flows": "f%s", "ports": "p%s"}
VARY = [(re.compile(pattern), to) for pattern, to in (
    (r"\b\d{4}-\d\d-\d\dT[\d:+]+", "TIME"), (r"\btag [0-9a-f]{16}", "tag TAG"),
    (r"^\d+(?=:? \w)", "ID"), (r"map\[id:\d+\]", "map[ID]"),
    (r"\b(\w*ids?|map|maps|program|programs|link|links|prog|BTF|btf_id) [\d,]+", r"\1 ID"),
    (r"\b(xlated|jited|memlock) \d+B", r"\1 N"), (r"duration: \d+ns", "duration: N"),
    # What older kernels say less of, or otherwise.
    (r" @ \S+:\d+$", ""), (r"\bR\d(_w)?=\S+", "STATE"),
    (r"(\bR)\d\b|(?<=\()\d+(?=\))|#\d+|(?<= )\d+(?= )", "N"),
    (r"\b\d+\.\d+\.\d+([~+][\w.]+)?(?=[:\n ]|$)", "VERSION"),
    (r"libbpf \d+\.\d+", "libbpf VERSION"), (r"(?<=\s)v\d(?=\s)", "vN"), (r"[ \t]+", " "))]


def blocks(text):
    """The ```console blocks of a page."""
    return re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def steps(text):
    """Pairs of what is typed, with its prompt, and the lines below it."""
    for block in blocks(text):
        found = []
        for line in block.splitlines():
            if TYPED.match(line):
                found.append((line, []))
            else:
                found[-1][1].append(line)
        yield from found


def renamed(data, tag):
    """The text or bytes with the names that are the test's own."""
    for name, pattern in NAMES.items():
        new = pattern % tag
        assert len(new) == len(name), new
        if isinstance(data, str):
            data = re.sub(rf"(?<![/\w.]){name}(?!\w|\.bpf)", new, data)
        else:
            data = re.sub(rb"(?<![/\w.])%s(?=\0)" % name.encode(), new.encode(), data)
    return data


def same(line):
    for pattern, to in VARY:
        line = pattern.sub(to, line)
    return line.strip()


def matches(wanted, got):
    """Whether the lines are those wanted, of which "..." is any number of any."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(matches(wanted[1:], got[n:]) for n in range(len(got) + 1))
    return bool(got) and same(wanted[0]) == same(got[0]) and matches(wanted[1:], got[1:])


def checkout(box):
    """A folder as a clone is after scripts/demo, with bpfsh and a sudo for root on the path."""
    os.makedirs("build/scripts")
    os.mkdir("bin")
    for path in glob.glob(f"{BUILD}/scripts/*.bpf.o"):
        with open(path, "rb") as f:
            box.file(f"build/scripts/{os.path.basename(path)}", renamed(f.read(), box.tag))
    for link in "build/bpfsh", "bin/bpfsh":
        os.symlink(BPFSH, link)
    os.mkdir("scripts")
    for path in glob.glob(f"{ROOT}/scripts/*.bsh"):
        with open(path) as f:
            box.file(f"scripts/{os.path.basename(path)}", renamed(f.read(), box.tag))
    os.chmod(box.file("bin/sudo", '#!/bin/sh\nexec "$@"\n'), 0o755)
    mount("bpf", "/sys/fs/bpf", "bpf")
    os.environ.update(PATH=f"{box.dir}/bin:{os.environ['PATH']}", PS1="$ ", TERM="xterm")


def shown(got):
    return [line for line in got if line]


def follow(box, page):
    with open(os.path.join(ROOT, page)) as f:
        text = renamed(f.read(), box.tag)
    checkout(box)
    with Terminal("bash", "--norc", "--noprofile", "--noediting") as shell:
        shell.wait_for_prompt()
        for line, wanted in steps(text):
            prompt = TYPED.match(line)[0]
            at = shell.screen.text(shell.screen.row)
            assert at == prompt, f"{page}: {line!r} typed at {at!r}"
            got = shown(shell.command(line[len(prompt):]))
            wanted = shown(wanted)
            assert matches(wanted, got), \
                f"{page}: {line}\n--- wanted\n" + "\n".join(wanted) + "\n--- got\n" + "\n".join(got)


def test_readme(box):
    follow(box, "README.md")


def test_tutorial_page(box):
    follow(box, "docs/tutorial.md")


def test_transactions_page(box):
    follow(box, "docs/transactions.md")


def test_bpftool_page(box):
    follow(box, "docs/bpftool.md")


def test_every_page_is_followed(box):
    with open(__file__) as f:
        followed = set(re.findall(r'follow\(box, "([^"]+)"\)', f.read()))
    assert followed == set(PAGES), followed ^ set(PAGES)


def test_links_lead_somewhere(box):
    for page in PAGES:
        with open(os.path.join(ROOT, page)) as f:
            text = f.read()
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)|src=\"([^\"]+)\"", text):
            target = "".join(target)
            path = os.path.join(ROOT, os.path.dirname(page), target)
            assert target.startswith("https://") or os.path.exists(path), (page, target)


def test_bpftools_commands_not_there(box):
    """The table of the README has what the command table has as absent, and no more."""
    with open(f"{ROOT}/commands/table.c") as f:
        source = f.read()
    absent = set()
    for owner, rows in re.findall(r"struct absent absent_(\w+)\[\] = \{(.*?)\n\};", source, re.DOTALL):
        words = owner.replace("of_", "") + " " if owner.startswith("of_") else ""
        absent |= {words + name for name in re.findall(r'\{ "(\w+)"', rows)}
    with open(f"{ROOT}/README.md") as f:
        section = f.read().split("<!-- not there yet -->")[1]
    told = set()
    for cell in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", cell)
        first = names[0].split()
        told |= {names[0], *(f"{first[0]} {name}" if len(first) > 1 else name for name in names[1:])}
    assert told == absent, (told ^ absent)


# What a user needs for what, as the README's table says: capabilities, a command, whether it works.
RIGHTS = [
    ("", "prog cfg obj {object} summary", True),
    ("", "map dump pinned {pin}", True),
    ("", "map create {new} type array key 4 value 4 entries 1", False),
    ("bpf", "map create {new} type array key 4 value 4 entries 1", True),
    ("", "prog dump xlated pinned {prog}", False),
    ("bpf", "prog dump xlated pinned {prog}", True),
    ("bpf", "prog load {object} {new}", False),
    ("bpf,net_admin", "prog asm type xdp r0=2;exit pin {new}", True),
    ("bpf,net_admin,perfmon", "prog load {object} {new}", True),
    ("bpf,net_admin,perfmon", "prog show", False),
    ("bpf,net_admin,perfmon", "map show id {id}", False),
    ("sys_admin", "prog show", True),
    ("sys_admin", "map show id {id}", True),
    ("sys_admin", "link show", True),
    ("sys_admin", "perf show", True),
    ("sys_admin", "btf show", True),
    ("sys_admin,net_admin", "net show", True),
]


def test_rights(box):
    box.map_create("m")
    box.bpftool("prog", "load", box.obj("count"), box.pin("p"))
    os.makedirs("public")
    objects = shutil.copy(f"{BUILD}/scripts/xdp_flow.bpf.o", "public"), shutil.copy(BPFSH, "public")
    for path in (box.dir, box.bpffs, "public", *objects):
        os.chmod(path, 0o777)
    for pin in box.pins():
        os.chmod(box.pin(pin), 0o666)
    words = {"object": os.path.abspath(objects[0]), "pin": box.pin("m"), "prog": box.pin("p"),
             "new": box.pin("new"), "id": box.bpftool("map", "show", "pinned", box.pin("m"))["id"]}
    for caps, command, works in RIGHTS:
        sets = ",".join(["-all", *(f"+{cap}" for cap in caps.split(",") if cap)])
        done = box.run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                       f"--inh-caps={sets}", f"--ambient-caps={sets}", f"--bounding-set={sets}",
                       os.path.abspath(objects[1]), "--no-rc",
                       *(word.format(**words) for word in command.split()))
        assert (done.status == 0) == works, f"{caps}: {done}"
        assert works or "needs CAP_" in done.err or "not show" in done.err, done
        if "new" in box.pins():
            os.unlink(box.pin("new"))


run(__name__)
