# SPDX-License-Identifier: BSD-2-Clause
"""What make install puts where; the manual page and the completions are well formed."""
import glob
import json
import os
import re
import shutil
import stat

from bpfsh import *


def make(box, *words, **env):
    return box.run("make", "-s", "-C", ROOT, *words, env=dict(os.environ, **env) if env else None)


def files_in(folder):
    """Path below the folder, and when it was last written, of each file."""
    return {(os.path.relpath(path, folder), os.stat(path).st_mtime_ns)
            for parent, _, names in os.walk(folder) for path in (os.path.join(parent, n) for n in names)}


def test_install(box):
    dest, before = os.path.join(box.dir, "dest"), files_in(f"{BUILD}/share")
    words = f"O={BUILD}", f"DESTDIR={dest}", "PREFIX=/opt/x", "ZSHCOMPDIR=/opt/z"
    make(box, "install", *words).expect(0, out="", err="")
    files = {path for path, _ in files_in(dest)}
    pages = {path for path in files if "/man/" in path}
    assert "opt/x/share/doc/bpfsh/docs/tutorial.md" in files, files
    assert {path for path in files - pages if "/docs/" not in path} == {
        "opt/x/bin/bpfsh", "opt/z/_bpfsh", "opt/x/share/bash-completion/completions/bpfsh",
        "opt/x/share/fish/vendor_completions.d/bpfsh.fish",
        *(f"opt/x/share/doc/bpfsh/{name}" for name in (
            "LICENSE", "README.md", "CHANGELOG.md", "examples/demo.bsh", "examples/demo_fail.bsh",
            "examples/xdp_flow.bpf.c", "examples/xdp_refused.bpf.c"))}, files
    assert "opt/x/share/man/man8/bpfsh.8" in pages, pages
    assert stat.S_IMODE(os.stat(f"{dest}/opt/x/bin/bpfsh").st_mode) == 0o755
    assert all(os.path.getsize(os.path.join(dest, name)) > 100 for name in files)
    box.run(f"{dest}/opt/x/bin/bpfsh", "--version").expect(0)
    assert files_in(f"{BUILD}/share") == before, "install wrote into the build folder"
    make(box, "uninstall", *words).expect(0, out="", err="")
    assert not files_in(dest)
    assert not os.path.exists(f"{dest}/opt/x/share/doc/bpfsh")


def test_install_runs_nothing(box):
    """As where the program is for another processor, and nobody may write where it was built."""
    build = os.path.join(box.dir, "build")
    shutil.copytree(f"{BUILD}/share", f"{build}/share")
    box.file("build/bpfsh", "of another processor")
    make(box, "install", f"O={build}", f"DESTDIR={box.dir}/dest").expect(0, err="")
    done = box.run(f"{ROOT}/scripts/share", f"{build}/bpfsh", f"{build}/share")
    done.expect(1, err=["cannot run", "BPFSH_HOST"])


def test_flags(box):
    """What a builder gives stands beside what bpfsh needs, from either place."""
    given = {"CPPFLAGS": "-DGIVEN_CPP", "CFLAGS": "-O1", "LDFLAGS": "-Wl,-z,given",
             "LDLIBS": "-lgiven"}
    build = os.path.join(box.dir, "build")
    ways = (make(box, "-n", f"O={build}", "SANITIZE=1", "all",
                 *(f"{name}={value}" for name, value in given.items())),
            make(box, "-n", f"O={build}", "SANITIZE=1", "all", **given))
    for lines in (done.expect(0).out.splitlines() for done in ways):
        compiled = [line for line in lines if " -c -o " in line]
        linked = [line for line in lines if f" -o {build}/bpfsh " in line]
        assert compiled and len(linked) == 1, lines
        for word in "-DGIVEN_CPP", "-O1", "-fsanitize=address", "-D_GNU_SOURCE", "-I.":
            assert all(word in line for line in compiled), word
        for word in "-O1", "-fsanitize=address", "-z,given", "-lgiven", "-lbpf", "-ljq":
            assert word in linked[0], word


def test_missing_libraries(box):
    """A build that does not find a library ends there, and says what to do."""
    build = os.path.join(box.dir, "build")
    done = make(box, f"O={build}", f"{build}/shell/main.o", "PKG_CONFIG=false")
    done.expect(2, err=["'false --cflags", "scripts/deps build"])
    shutil.rmtree(build)
    done = make(box, f"O={build}", f"{build}/made/sonames.h", "SONAMES=mnl no_such")
    done.expect(2, err=["cannot link with one of the libraries", "no_such", "scripts/deps build"])
    assert not os.path.exists(f"{build}/made/sonames.h")
    box.file("libmnl.a", "!<arch>\n")
    done = make(box, f"O={build}", f"{build}/made/sonames.h", f"LDFLAGS=-L{box.dir} -Wl,-Bstatic",
                "SONAMES=mnl")
    done.expect(2, err="the library mnl has no name")


def test_tarball(box):
    """The same bytes from two checkouts at two times; its version is the commit's."""
    if not os.path.exists(f"{ROOT}/.git"):
        raise Skip("no checkout")
    made = []
    for name in "one", "two/deep":
        copy = os.path.join(box.dir, name)
        box.run("git", "clone", "-q", "--no-hardlinks", ROOT, copy).expect(0)
        out = make(box, "-C", copy, "dist", "O=out").expect(0).out.strip()
        made.append((os.path.basename(out), open(out, "rb").read()))
    assert made[0] == made[1]
    box.run("tar", "-xzf", out, "-C", box.dir).expect(0)
    version = box.run(f"{copy}/scripts/version").expect(0).out
    unpacked = os.path.join(box.dir, made[0][0][:-len(".tar.gz")])
    assert box.run(f"{unpacked}/scripts/version").expect(0).out == version
    assert made[0][0] == f"bpfsh-{version.splitlines()[0]}.tar.gz"


OBJECTS = "prog", "map", "link", "btf", "cgroup", "net", "perf", "batch"


def rendered(box, page):
    done = box.run("groff", "-man", "-ww", "-Tutf8", page).expect(0)
    assert done.err == "", done
    # Bold and underlined text comes as escapes or struck over, depending on groff's release.
    return re.sub(".\b", "", ESCAPES.sub("", done.out))


def test_manual(box):
    """A page for the program, its language and each object, which name each other."""
    if not shutil.which("groff"):
        raise Skip("no groff")
    pages = {os.path.basename(path): rendered(box, path)
             for path in glob.glob(f"{BUILD}/share/man/man?/*")}
    assert set(pages) >= {"bpfsh.8", "bpfsh-script.7", *(f"bpfsh-{name}.8" for name in OBJECTS)}
    for name in pages.keys() - {"bpfsh.8"}:
        reference = "{}({})".format(*name.rsplit(".", 1))
        assert reference in pages["bpfsh.8"] and "bpfsh(8)" in pages[name], reference
    for word in "EXIT STATUS", "ENVIRONMENT", "FILES", "CAPABILITIES", "EXAMPLES", "BUGS":
        assert f"\n{word}\n" in pages["bpfsh.8"], word
    assert "map update MAP" in " ".join(pages["bpfsh-map.8"].split())
    for variable in sorted(variables_read()):
        assert variable in pages["bpfsh.8"], f"ENVIRONMENT lacks {variable}"
    box.bpfsh("--man", "no_such").expect(2, err="no manual page of 'no_such'")


def variables_read():
    """Environment variables that the source names where it asks for them."""
    source = "".join(open(path).read() for folder in ("shell", "render", "commands")
                     for path in glob.glob(f"{ROOT}/{folder}/**/*.c", recursive=True)
                     if not path.endswith("/fault.c"))
    return set(re.findall(r'(?:getenv\(|user_path\([^,]*, )"(\w+)"', source))


def test_manual_lint(box):
    if not shutil.which("mandoc"):
        raise Skip("no mandoc")
    box.run("mandoc", "-T", "lint", "-W", "warning",
            *glob.glob(f"{BUILD}/share/man/man?/*")).expect(0, out="", err="")


def test_manual_examples(box):
    """Those of bpfsh-script(7) are a script, with what they are to have made."""
    page = box.bpfsh("--man", "script").expect(0).out
    text = "".join(re.findall(r"^\.nf\n(.*?)^\.fi$", page, re.M | re.S)).replace("\\-", "-")
    name = f"{box.tag}_ports"
    box.script(text.replace("/sys/fs/bpf", box.bpffs).replace("ports", name)).expect(0)
    assert len(box.elements(box.pin(name))) == 3


def test_opened_libraries(box):
    """Each library that is opened when needed is a note of the program, for packagers."""
    notes = os.path.join(box.dir, "notes")
    box.run("objcopy", "-O", "binary", "--only-section=.note.dlopen", f"{BUILD}/bpfsh", notes).expect(0)
    with open(notes, "rb") as f:
        found = [json.loads(text)[0] for text in re.findall(rb"\[\{.*?\}\]", f.read())]
    with open(f"{BUILD}/made/sonames.h") as f:
        wanted = set(re.findall(r'"(.*)"', f.read()))
    assert {note["soname"][0] for note in found} == wanted and len(found) == len(wanted)
    assert {note["priority"] for note in found} <= {"required", "recommended", "suggested"}


def check_completion(box, shell, *check):
    path = box.file(f"completion.{shell}", box.bpfsh("--completion", shell).expect(0, "bpfsh").out)
    if not shutil.which(shell):
        raise Skip(f"no {shell}")
    box.run(*check, path).expect(0, err="")


def test_completion_bash(box):
    check_completion(box, "bash", "bash", "-n")


def test_completion_zsh(box):
    check_completion(box, "zsh", "zsh", "-n")


def test_completion_fish(box):
    check_completion(box, "fish", "fish", "--no-execute")


def bash_completes(box, *words):
    """What bash would put in place of the last word."""
    script = box.file("completion.bash", box.bpfsh("--completion", "bash").expect(0).out)
    line, last = " ".join(words), len(words) - 1
    done = box.run("bash", "-c", f"""
. {script}
COMP_WORDS=({line}) COMP_CWORD={last} COMP_LINE='{line}' COMP_POINT={len(line)} COMP_TYPE=9
$(complete -p bpfsh | sed 's/.*-F \\([^ ]*\\).*/\\1/') bpfsh {words[last]} {words[last - 1]}
printf '%s\\n' "${{COMPREPLY[@]}}"
""").expect(0)
    return [line.strip() for line in done.out.splitlines()]


def test_bash_completion_works(box):
    os.environ["PATH"] = f"{BUILD}:{os.environ['PATH']}"
    assert "map" in bash_completes(box, "bpfsh", "ma")
    # A file's name is a word, whatever it holds.
    box.file("x;y $(z)", "")
    assert bash_completes(box, "bpfsh", "-f", "x") == [r"x\;y\ \$\(z\)"]


run(__name__)
