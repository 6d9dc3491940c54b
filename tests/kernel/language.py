# SPDX-License-Identifier: BSD-2-Clause
"""Variables, pipes, redirections, and typed values in scripts on real objects."""
import os

from bpfsh import *


def test_variables(box):
    create = f"map create type hash key 4 value 4 entries 4 name {box.prefix}v"
    done = box.script(f"""\
$m = {create}
echo $m.name ${{m.name}}x "in ${{m.type}} quotes" '$m.name'
echo $m.bytes_key
$two = map show $m
echo $two.max_entries
unset $two
vars
""").expect(0)
    lines = done.out.splitlines()
    assert lines[0] == f"{box.prefix}v {box.prefix}vx in hash quotes $m.name", done
    assert lines[1:3] == ["4", "4"] and any("m" in line for line in lines[3:]), done


def test_a_variable_keeps_its_object(box):
    pin = box.map_create("m")
    ident = box.bpftool("map", "show", "pinned", pin)["id"]
    done = box.script(f"""\
$m = map show pinned {pin}
map unpin {pin}
commit
echo $m.id
""").expect(0)
    assert done.out == f"{ident}\n", done


def test_values_are_never_lexed_again(box):
    evil = "x; map show # $HOME | rm"
    done = box.script('echo $1 "$1"\n', evil).expect(0)
    assert done.out == f"{evil} {evil}\n", done


def test_arguments(box):
    assert box.script("echo $1-$2\n", "a", "b c").expect(0).out == "a-b c\n"
    assert box.bpfsh("-c", "echo $1", "one").expect(0).out == "one\n"
    done = box.script("echo $3\n", "a")
    assert done.status in (1, 2) and "$3" in done.err, done


def test_last_result_and_status(box):
    pin = box.map_create("m", "array", entries=2)
    done = box.script(f"""\
map dump pinned {pin} > /dev/null
assert $_ | length == 2
assert $_[1].key[0] == "0x01"
echo $?
""").expect(0)
    assert done.out == "0\n", done


def test_jq(box):
    pin = box.map_create("m", "array", entries=3)
    done = box.script(f"map dump pinned {pin} | jq -c 'map(.key[0])'\n"
                      f"map dump pinned {pin} | jq -r '.[1].key[0]'\n"
                      f"map show pinned {pin} | jq .max_entries\n").expect(0)
    assert done.out == '["0x00","0x01","0x02"]\n0x01\n3\n', done
    done = box.bpfsh("-c", f"map show pinned {pin} | jq '.a.b.c['").expect(2)
    done = box.bpfsh("-c", f"map show pinned {pin} | jq '.name.x'").expect(1, err="jq")


def test_pipes(box):
    pin = box.map_create("m", "array", entries=3)
    done = box.script(f"map dump pinned {pin} | grep -c key\n"
                      f"map dump pinned {pin} | grep ^key | sort -r | head -1\n").expect(0)
    assert done.out == "3\nkey: 02 00 00 00  value: 00 00 00 00\n", done
    box.bpfsh("-c", f"map dump pinned {pin} | grep nothing-there").expect(1)
    box.bpfsh("-c", f"map dump pinned {pin} | no-such-program").expect(1, err="no-such-program")


def test_redirections(box):
    pin = box.map_create("m", "array", entries=2)
    box.script(f"map dump pinned {pin} > out.txt\nmap dump pinned {pin} >> out.txt\n"
               f"map dump pinned {pin} | jq -c '.[0].key' > jq.txt\n").expect(0, out="")
    with open("out.txt") as f:
        assert f.read().count("Found 2 elements") == 2
    with open("jq.txt") as f:
        assert json.load(f) == ["0x00"] * 4
    box.bpfsh("-c", f"map dump pinned {pin} > /not/there").expect(1, err="/not/there")
    box.bpfsh("-c", f"map dump pinned {pin} > /dev/full").expect(1, err="no space left")


def test_shell(box):
    done = box.script("!echo from the shell\n").expect(0)
    assert done.out == "from the shell\n", done


def test_integers_and_bytes(box):
    pin = box.map_create("m")
    for key, value in (("1", "256"), ("2 0 0 0", "0x2 0 0 0"),
                       ("hex 03 00 00 00", "hex 0a 0b 0c 0d"), ("4", "-1"), ("5", "0xffffffff")):
        box.script(f"map update pinned {pin} key {key} value {value}\n").expect(0)
    found = {e["key"][0]: "".join(b[2:] for b in e["value"])
             for e in box.bpftool("map", "dump", "pinned", pin)}
    assert found == {"0x01": "00010000", "0x02": "02000000", "0x03": "0a0b0c0d",
                     "0x04": "ffffffff", "0x05": "ffffffff"}, found


def typed_maps(box):
    box.bpftool("prog", "load", box.obj("maps"), box.pin("p"), "pinmaps", box.pin("m"))
    return lambda name: box.pin(f"m/{box.prefix}{name}")


def test_typed_fields(box):
    pin = typed_maps(box)("hash")
    box.script(f"""\
map update pinned {pin} key addr=10.0.0.1 port=80 proto=6 value packets=5 delta=-3 \\
	verdict=V_DROP tag=new pair.a=9 pair.b=[1,2] high=31 on=true
""").expect(0)
    value = box.bpftool("map", "dump", "pinned", pin)[0]["formatted"]
    assert value["key"]["port"] == 80 and value["key"]["addr"] == 0x0100000a, value
    value = value["value"]
    assert (value["packets"], value["delta"], value["verdict"], value["tag"]) \
        == (5, -3, "V_DROP", "new"), value
    assert value["pair"] == {"a": 9, "b": [1, 2]} and value["high"] in ("0x1f", 31), value
    box.script(f"map lookup pinned {pin} key addr=10.0.0.1 port=80 proto=6\n"
               f"assert $_.formatted.value.verdict == \"V_DROP\"\n").expect(0)


def test_typed_json(box):
    pin = typed_maps(box)("array")
    box.script(f"map update pinned {pin} key 1 value '{{\"a\":4,\"b\":[5,6]}}'\n").expect(0)
    value = box.bpftool("map", "lookup", "pinned", pin, "key", 1, 0, 0, 0)
    assert value["formatted"]["value"] == {"a": 4, "b": [5, 6]}, value


def test_typed_errors(box):
    pin = typed_maps(box)("array")
    for value, texts in (("b=[1,70000]", ["70000", "b"]), ("c=1", ["no field", "c"]),
                         ("a=-1", ["-1", "a"]), ("a=x", ["x"])):
        done = box.script(f"map update pinned {pin} key 1 value {value}\n").expect(1, err=texts)
        assert "^" in done.err and "script.bsh:1:" in done.err, done


def test_lpm(box):
    pin = typed_maps(box)("lpm")
    box.script(f"map update pinned {pin} key 10.1.0.0/16 value 7\n").expect(0)
    element = box.bpftool("map", "dump", "pinned", pin)[0]
    assert element["formatted"] == {"key": {"prefixlen": 16, "addr": [10, 1, 0, 0]}, "value": 7}


def test_percpu(box):
    pin = box.map_create("m", "percpu_array", 4, 8, 2)
    box.script(f"map update pinned {pin} key 0 value 5\n"
               f"map update pinned {pin} key 0 value cpu 1 9\n").expect(0)
    values = [v["value"][0] for v in
              box.bpftool("map", "lookup", "pinned", pin, "key", 0, 0, 0, 0)["values"]]
    assert values[0] == "0x05" and values[1] == "0x09", values


def test_prefixes(box):
    """Unique prefixes will do for one command, not in a script."""
    box.map_create("m")
    assert box.bpfsh("-j", "m", "sh").expect(0).json
    box.bpfsh("-c", "map sho").expect(2, err="show")


def test_lines(box):
    done = box.script("echo a \\\n  b; echo c # not this\n# nor this\necho 'two\nlines'\n")
    assert done.expect(0).out == "a b\nc\ntwo\nlines\n", done


def test_set(box):
    done = box.script("set output json\nmap show\nset output plain\necho done\n").expect(0)
    assert "done" in done.out, done
    done = box.bpfsh("-c", "set output nonsense")
    assert done.status in (1, 2) and "plain" in done.err, done


def test_rc_is_not_read_by_scripts(box):
    os.makedirs(os.environ["XDG_CONFIG_HOME"] + "/bpfsh")
    with open(os.environ["XDG_CONFIG_HOME"] + "/bpfsh/rc", "w") as f:
        f.write("echo from rc\n")
    assert box.run(BPFSH, "-c", "echo x").expect(0).out == "x\n"


run(__name__)
