# SPDX-License-Identifier: BSD-2-Clause
"""What make install puts where; the manual page and the completions are well formed."""
import os
import shutil
import stat

from bpfsh import *


def install(box):
    dest = os.path.join(box.dir, "dest")
    done = box.run("make", "-s", "-C", ROOT, "install", f"O={BUILD}", f"DESTDIR={dest}",
                   "PREFIX=/opt/x")
    done.expect(0)
    return {os.path.relpath(os.path.join(folder, name), dest)
            for folder, _, names in os.walk(dest) for name in names}, dest


def test_install(box):
    files, dest = install(box)
    assert files == {"opt/x/bin/bpfsh", "opt/x/share/man/man8/bpfsh.8",
                     "opt/x/share/bash-completion/completions/bpfsh",
                     "opt/x/share/zsh/site-functions/_bpfsh",
                     "opt/x/share/fish/vendor_completions.d/bpfsh.fish"}, files
    assert stat.S_IMODE(os.stat(f"{dest}/opt/x/bin/bpfsh").st_mode) == 0o755
    assert all(os.path.getsize(os.path.join(dest, name)) > 100 for name in files)
    box.run(f"{dest}/opt/x/bin/bpfsh", "--version").expect(0)


def test_manual(box):
    page = box.file("bpfsh.8", box.bpfsh("--man").expect(0).out)
    if not shutil.which("groff"):
        raise Skip("no groff")
    done = box.run("groff", "-man", "-ww", "-Tutf8", page).expect(0)
    assert done.err == "", done
    # Bold and underlined text comes as escapes or struck over, depending on groff's release.
    text = re.sub(".\b", "", ESCAPES.sub("", done.out))
    for word in ("BPFSH(8)", "map update", "EXIT STATUS"):
        assert word in text, word


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
