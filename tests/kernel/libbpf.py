# SPDX-License-Identifier: BSD-2-Clause
"""What objects may have that the oldest libbpf does not know: all releases load it alike."""
import os
import subprocess

from bpfsh import *
from feature import needs

TYPES = {"newer_netfilter": "netfilter", "newer_tcx": "sched_cls", "newer_netkit": "sched_cls",
         "newer_verdict": "sk_skb", "newer_unix": "cgroup_sock_addr", "newer_multi": "kprobe",
         "newer_session": "kprobe", "newer_usdt": "kprobe"}


def made(name):
    return os.path.join(BUILD, f"tests/progs/{name}.bpf.o")


def test_sections(box):
    needs("netfilter", "tcx", "connect_unix")
    box.bpfsh("prog", "loadall", made("load_newer"), box.pin("all")).expect(0)
    shown = {name: box.bpfsh("-j", "prog", "show", "pinned", box.pin(f"all/{name}")).json["type"]
             for name in os.listdir(box.pin("all"))}
    assert shown == TYPES, shown
    box.veth()
    box.script(f"link create pinned {box.pin('all/newer_tcx')} tcx_ingress dev v0\n").expect(0)


def test_types(box):
    """The words that name a section name a type as well."""
    needs("netfilter")
    for name in ("netfilter", "tcx/egress", "netkit/primary", "uprobe.session.s", "usdt.s",
                 "BPF_PROG_TYPE_NETFILTER"):
        box.script(f"$p = prog asm type {name} 'r0 = 1; exit'\n").expect(0)


def test_functions(box):
    """What is linked was there in 1.1 already, whatever the headers were: the oldest one will do."""
    out = subprocess.run(["readelf", "-W", "--dyn-syms", os.path.join(BUILD, "bpfsh")],
                         capture_output=True, text=True, check=True).stdout
    used = {tuple(map(int, m.split("."))) for m in re.findall(r"@LIBBPF_([\d.]+)", out)}
    assert used and max(used) <= (1, 1, 0), sorted(used)


def test_structure(box):
    """Programs of structures, for links or optional, are loaded as their members."""
    box.bpfsh("prog", "loadall", made("load_struct_ops"), box.pin("ops")).expect(0)
    assert set(os.listdir(box.pin("ops"))) == {"load_ssthresh", "load_avoid", "load_undo"}
    shown = box.bpfsh("-j", "prog", "show", "pinned", box.pin("ops/load_avoid")).json
    assert shown["type"] == "struct_ops", shown
    needs("sleepable_ops")
    box.bpfsh("prog", "load", made("load_optional_ops"), box.pin("p")).expect(0)


def test_arena(box):
    """An arena has an address before the program is loaded that uses it."""
    needs("arena")
    box.bpfsh("prog", "load", made("load_arena"), box.pin("p")).expect(0)
    maps = box.bpfsh("-j", "prog", "show", "pinned", box.pin("p")).json["map_ids"]
    assert [box.bpfsh("-j", "map", "show", "id", m).json["type"] for m in maps] == ["arena"], maps


run(__name__)
