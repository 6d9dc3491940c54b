# SPDX-License-Identifier: BSD-2-Clause
"""Programs run by hand: what they return and leave, as bpftool says it; what cannot be run."""
from bpfsh import *

PACKET = bytes(range(64))


def assemble(box, kind, text, name):
    box.bpfsh("prog", "asm", text, "type", kind, "pin", box.pin(name)).expect(0)
    return ["prog", "run", "pinned", box.pin(name)]


def test_as_bpftool(box):
    run = assemble(box, "xdp", "r0 = 2; exit", "p") + ["data_in", box.file("packet", PACKET)]
    ours, theirs = box.bpfsh(*run).expect(0), box.run(BPFTOOL, *run).expect(0)
    assert re.sub(r"\d+ns", "", ours.out) == re.sub(r"\d+ns", "", theirs.out), (ours, theirs)
    often = run + ["repeat", "100"]
    assert "(average)" in box.bpfsh(*often).expect(0).out
    ours, theirs = box.bpfsh("-j", *often).expect(0).json, box.bpftool(*often[:-2])
    assert ours["retval"] == theirs["retval"] == 2 and set(ours) == set(theirs), (ours, theirs)


def test_what_it_leaves(box):
    """The program shortens the packet from its front, and its answer is what is left of it."""
    text = "r2 = 4; call bpf_xdp_adjust_head; r0 = 3; exit"
    run = assemble(box, "xdp", text, "p") + ["data_in", box.file("packet", PACKET)]
    assert box.bpfsh("-j", *run, "data_out", "out").expect(0).json["retval"] == 3
    with open(os.path.join(box.dir, "out"), "rb") as f:
        assert f.read() == PACKET[4:]
    for lost in "/nonexistent/out", "/dev/full":
        box.bpfsh(*run, "data_out", lost).expect(1, out="", err=f"cannot write '{lost}'")


def test_refused(box):
    run = assemble(box, "xdp", "r0 = 2; exit", "p")
    done = box.bpfsh(*run)
    if done.status:		# Linux 5.10 runs it, on an empty packet
        done.expect(1, err=["does not take this", "14 bytes"])
    box.bpfsh(*run, "data_in", "missing").expect(1, err="missing")
    event = assemble(box, "perf_event", "r0 = 0; exit", "e")
    box.bpfsh(*event).expect(1, err="cannot be run by hand")
    packet = box.file("packet", PACKET)
    box.script(" ".join(run) + f" data_in {packet}\n").expect(1, err="--allow-irreversible")
    box.script(" ".join(run) + f" data_in {packet}\n", options=["--allow-irreversible"]).expect(0)


run(__name__)
