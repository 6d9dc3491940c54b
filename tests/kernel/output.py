# SPDX-License-Identifier: BSD-2-Clause
"""Output that cannot be written: what nobody could see is not committed, and said once."""
import re

from bpfsh import *

# How the standard output is spoiled, and what is said of it.
SPOILED = (">/dev/full", "no space left on device"), (">&-", "bad file descriptor")
SAID = "cannot write the output"


def spoiled(box, how, *words):
    """One bpfsh with the standard output redirected so by a shell."""
    return box.run("sh", "-c", f'exec "$@" {how}', "sh", BPFSH, "--no-rc", *words)


class Maps:
    def __init__(self, box):
        self.box = box
        self.pins = {kind: box.map_create(kind, kind, 0 if kind in ("stack", "queue") else 4)
                     for kind in ("hash", "stack", "queue")}
        for kind in "stack", "queue":
            for value in 1, 2:
                box.bpfsh("map", "push", self.pins[kind], "value", value).expect(0)

    def state(self):
        box = self.box
        tops = [box.bpftool("map", "peek", "pinned", self.pins[kind]) for kind in ("stack", "queue")]
        return box.elements(self.pins["hash"]), tops


def test_nothing_is_committed_unseen(box):
    """Scripts and single commands, in every form: status 1, one message, and all as before."""
    maps = Maps(box)
    h, s = maps.pins["hash"], maps.pins["stack"]
    update = f"map update pinned {h} key 1 value 1; map count pinned {h}"
    cases = (["-c", update],
             ["-c", f"{update}; commit; map update pinned {h} key 2 value 2"],
             ["-c", f"map update pinned {h} key 1 value 1; echo x; commit confirm 30"],
             ["-c", f"for $i in 1, 2 {{ map update pinned {h} key $i value $i; echo $i }}"],
             ["-c", f"{update}\nsource {box.file('more.bsh', f'map pop pinned {s}')}"],
             ["-c", f"map pop pinned {s}"], ["map", "pop", s], ["map", "pop", "pinned", s],
             ["--no-transaction", "-c", f"map pop pinned {s}"])
    before = maps.state()
    for how, why in SPOILED:
        for options in [], ["-j"], ["-p"], ["-o", "table"]:
            for words in cases:
                done = spoiled(box, how, *options, *words).expect(1, err=f"{SAID}: {why}")
                assert done.err.count(SAID) == 1, done
                assert maps.state() == before, done
        # A document of one command that has nothing else to show.
        spoiled(box, how, "-j", "map", "update", h, "key", "1", "value", "1").expect(1, err=SAID)
        assert maps.state() == before
        # Silence needs no output.
        spoiled(box, how, "map", "delete", h, "key", "1").expect(1, err="not present")
        for words in (["update", h, "key", "7", "value", "7"], ["delete", h, "key", "7"]):
            spoiled(box, how, "map", *words).expect(0)
    # What only fails behind the commit, as it was put off, is said to stay.
    done = spoiled(box, ">/dev/full", "-j", "map", "freeze", h).expect(3, err=SAID)
    assert "stays" in done.err and box.bpftool("map", "show", "pinned", h)["frozen"], done


def test_what_stays_is_said(box):
    maps = Maps(box)
    h, s, q = (maps.pins[kind] for kind in ("hash", "stack", "queue"))
    first = f"map update pinned {h} key 1 value 1"
    done = spoiled(box, ">/dev/full", "--no-transaction", "-c", f"{first}; map pop pinned {s}")
    done.expect(1, err=[SAID, "what was committed before that stays"])
    assert len(box.elements(h)) == 1, done
    # A queue takes nothing back: the value is shown where the user still reads.
    spoiled(box, ">/dev/full", "map", "pop", q).expect(3, err=["cannot be undone", "01 00 00 00"])


def test_files_and_programs(box):
    """Behind '>' and '|' the same holds, at the prompt, where each command is one transaction, too."""
    maps = Maps(box)
    pop = f"map pop pinned {maps.pins['stack']}"
    before = maps.state()
    for end in "> /dev/full", ">> /dev/full", "| false", "| jq -e false", "| jq error":
        box.bpfsh("-c", f"{pop} {end}").expect(1, err="rolled back 1 of 1")
        assert maps.state() == before, end
        box.bpfsh("--no-transaction", "-c", f"{pop} {end}").expect(1)
        assert maps.state() == before, end


def test_words_for_its_own_texts(box):
    for words in (["--man"], ["--version"], ["--help"], ["--completion", "bash"]):
        for how, why in SPOILED:
            spoiled(box, how, *words).expect(1, err=f"{SAID}: {why}")


def test_a_large_dump_says_it_once(box):
    pin = box.map_create("m", "array", entries=20000)
    for options in [], ["-j"], ["-o", "table"]:
        for how, why in SPOILED:
            done = spoiled(box, how, *options, "map", "dump", "pinned", pin).expect(1, err=why)
            assert len(re.findall(SAID, done.err)) == 1, done


run(__name__)
