# SPDX-License-Identifier: BSD-2-Clause
"""Journals that are damaged, foreign or in the wrong place are refused, and said; never followed."""
import zlib

from bpfsh import *
from feature import has, needs, that_can_be
from state import *

FAULTY = os.path.join(BUILD, "faults/bpfsh")
FOLDER = "/run/bpfsh"
VERSION = 5


def killed(box):
    """Leaves a journal of a killed transaction; returns its path, and the state of before."""
    if not os.path.exists(box.pin("m")):
        fd = create("hash", 4, 4, 8, f"{box.prefix}m")
        pin(fd, box.pin("m"))
        os.close(fd)
    before = state(box.bpffs)
    path = box.file("script.bsh", f"""\
map update pinned {box.pin("m")} key 1 0 0 0 value 7 0 0 0
map pin pinned {box.pin("m")} {box.pin("n")}
map update pinned {box.pin("m")} key 2 0 0 0 value 8 0 0 0
""")
    done = box.run(FAULTY, "--no-rc", "-f", path, env=dict(os.environ, BPFSH_FAULT="20"))
    assert done.status == -signal.SIGKILL, done
    [name] = os.listdir(FOLDER)
    return os.path.join(FOLDER, name), before


def refused(box, *words):
    """Recovery refuses what there is: says so, and changes nothing."""
    before = state(box.bpffs)
    done = box.bpfsh("recover").expect(3, err=["ignoring", *words])
    assert not difference(before, state(box.bpffs)), done
    return done


def recovers(box, before):
    box.bpfsh("recover").expect(0)
    assert not difference(before, state(box.bpffs)) and not journals()


def test_sound(box):
    path, before = killed(box)
    assert difference(before, state(box.bpffs))
    assert "unfinished" in box.bpfsh("vars").err
    box.bpfsh("--plan", "recover").expect(0, out="map update")
    recovers(box, before)
    assert "unfinished" not in box.bpfsh("vars").err


def test_flipped_bytes(box):
    """Whichever byte is damaged: recovery is right all the same, or refuses."""
    path, before = killed(box)
    after = state(box.bpffs)
    with open(path, "rb") as f:
        sound = f.read()
    used = len(sound.rstrip(b"\0")) + 48
    right = wrong = 0
    for at in range(used):
        with open(path, "r+b") as f:
            f.write(sound[:at] + bytes([sound[at] ^ 0x5a]) + sound[at + 1:used])
        done = box.bpfsh("recover")
        assert done.status in (0, 3), done
        now = state(box.bpffs)
        if done.status == 0:
            assert not difference(before, now), f"byte {at}:\n{done}\n{difference(before, now)}"
            right += 1
            assert not journals(), done
            path, _ = killed(box)
            with open(path, "rb") as f:
                sound = f.read()
        else:
            assert "ignoring" in done.err and not difference(after, now), f"byte {at}:\n{done}"
            wrong += 1
    # What does not count: padding, and what is behind the last record.
    assert wrong > 2 * right, (right, wrong)
    with open(path, "wb") as f:
        f.write(sound)
    recovers(box, before)


def test_truncated(box):
    path, before = killed(box)
    with open(path, "rb") as f:
        sound = f.read()
    for size in (0, 1, 40, 79, 80, 100, 200, len(sound.rstrip(b"\0"))):
        with open(path, "wb") as f:
            f.write(sound[:size])
        refused(box, "damaged")
    with open(path, "wb") as f:
        f.write(sound)
    recovers(box, before)


def test_not_ours(box):
    """Others may write to it, or it is not where it seems to be."""
    path, before = killed(box)
    os.chmod(path, 0o622)
    refused(box, "others may have written it")
    os.chmod(path, 0o600)
    os.chown(path, NOBODY, NOBODY)
    refused(box, "others may have written it")
    os.chown(path, 0, 0)
    os.link(path, "/run/second")
    refused(box, "not a plain file")
    os.unlink("/run/second")
    os.rename(path, "/run/elsewhere")
    os.symlink("/run/elsewhere", path)
    refused(box, "symbolic link")
    os.unlink(path)
    os.mkfifo(path)
    refused(box, "tx-")
    os.unlink(path)
    os.rename("/run/elsewhere", path)
    recovers(box, before)


def test_folder(box):
    path, before = killed(box)
    os.chmod(FOLDER, 0o777)
    refused(box, "others may write to it")
    box.script(f"map update pinned {box.pin('m')} key 3 0 0 0 value 1 0 0 0\n") \
        .expect(1, err="cannot make a journal")
    os.chmod(FOLDER, 0o700)
    os.chown(FOLDER, NOBODY, NOBODY)
    refused(box, "others may write to it")
    os.chown(FOLDER, 0, 0)
    os.rename(FOLDER, "/run/real")
    os.symlink("/run/real", FOLDER)
    refused(box, FOLDER)
    os.unlink(FOLDER)
    os.rename("/run/real", FOLDER)
    recovers(box, before)


def rewrite_header(path, at, put):
    """Changes a field of the header, whose checksum is right afterwards."""
    with open(path, "r+b") as f:
        head = bytearray(f.read(80))
        head[at:at + len(put)] = put
        f.seek(0)
        f.write(head + struct.pack("=I", zlib.crc32(head)))


def test_other_version(box):
    path, before = killed(box)
    rewrite_header(path, 8, struct.pack("=I", 99))
    refused(box, "another version")
    rewrite_header(path, 8, struct.pack("=I", VERSION))
    recovers(box, before)


def test_other_boot(box):
    """Its IDs are others' by now: it is left alone and said, until somebody forgets it."""
    path, _ = killed(box)
    rewrite_header(path, 16, b"00000000")
    before = state(box.bpffs)
    box.bpfsh("recover").expect(3, err=["of another boot", "--discard"])
    note = box.bpfsh("vars").err
    assert "before a reboot" in note and "'bpfsh recover' rolls back" not in note
    box.bpfsh("recover", "--discard").expect(0)
    assert not journals() and not difference(before, state(box.bpffs))


def elsewhere(box, *commands):
    """Runs shell commands in another mount namespace, with a bpffs of its own in the same place."""
    return box.run("unshare", "-m", "--propagation", "unchanged", "sh", "-c",
                   f"umount {box.bpffs} && " + "; ".join(commands))


def test_other_mount_namespace(box):
    """Each operation that has to do with a bpffs is left to where that is, and kept."""
    maps = box.prefix + "m", box.prefix + "o"
    fd = create("hash", 4, 4, 8, maps[0])
    outer = create("array_of_maps", 4, 4, 2, maps[1], 0, fd)
    pin(fd, box.pin("m"))
    pin(outer, box.pin("o"))
    update(outer, b"\0" * 4, struct.pack("=I", fd))
    before = state(box.bpffs)
    fresh = f"mount -t bpf bpf {box.bpffs}"
    changes = [f"map pin pinned {box.pin('m')} {box.pin('n')}", f"map unpin {box.pin('m')}",
               f"map pin pinned {box.pin('o')} {box.pin('m')} replace",
               f"prog loadall {box.obj('count')} {box.pin('folder')}",
               f"map update pinned {box.pin('o')} key 0 0 0 0 value pinned {box.pin('m')}"]
    for change in that_can_be(changes):
        path = box.file("script.bsh", f"map update pinned {box.pin('m')} key 1 0 0 0 value 7 0 0 0\n"
                                      f"{change}\n!kill -9 $PPID\n")
        assert box.bpfsh("-f", path).status == -signal.SIGKILL
        after = state(box.bpffs)
        assert difference(before, after)
        for place in fresh, "true":
            done = elsewhere(box, place, f"{BPFSH} vars", f"{BPFSH} recover", "echo =$?",
                             f"{BPFSH} recover --discard", "echo =$?",
                             f"{BPFSH} --plan recover", f"ls {box.bpffs}")
            done.expect(out=["=3\n", "left as it is"],
                        err=["in another mount namespace", "belongs to another mount namespace"])
            assert done.out.count("=3\n") == 2 and "rolls back," not in done.err, done
            assert "bpfsh_tx" not in done.out.split("\n\t")[-1].split("\n", 1)[1], done
            assert len(journals()) == 1 and not difference(after, state(box.bpffs)), done
        done = box.bpfsh("recover").expect(0, out="rolled back ")
        wrong = difference(before, state(box.bpffs))
        assert not wrong and not journals(), f"{change}\n{done}\n{wrong}"
    os.close(fd)
    os.close(outer)


def test_same_bpffs_elsewhere(box):
    """What another mount namespace sees of the same bpffs, or needs none for, is undone there."""
    path, before = killed(box)
    box.run("unshare", "-m", "--propagation", "unchanged", BPFSH, "recover").expect(0)
    assert not difference(before, state(box.bpffs)) and not journals()
    path = box.file("script.bsh", f"map update pinned {box.pin('m')} key 1 0 0 0 value 7 0 0 0\n"
                                  "!kill -9 $PPID\n")
    box.bpfsh("-f", path)
    elsewhere(box, f"{BPFSH} recover").expect(0, out="rolled back 1 of 1")
    assert not difference(before, state(box.bpffs)) and not journals()


def test_mounted_anew(box):
    """Another bpffs at the same path, though perhaps with the device number of the one before."""
    held = create("hash", 4, 4, 8, box.prefix + "m")
    for change in ("unpin", "replace") if has("exchange") else ("unpin",):
        pin(held, box.pin("m"))
        other = create("hash", 4, 4, 8, box.prefix + "n")
        pin(other, box.pin("n"))
        line = f"map unpin {box.pin('m')}" if change == "unpin" else \
            f"map pin pinned {box.pin('n')} {box.pin('m')} replace"
        assert box.bpfsh("-f", box.file("s.bsh", f"{line}\n!kill -9 $PPID\n")).status < 0
        os.close(other)
        umount(box.bpffs)
        box.bpfsh("recover").expect(3, err=["on no bpffs", "left as it is"])
        mount("bpf", box.bpffs, "bpf")
        before = state(box.bpffs)
        done = box.bpfsh("recover")
        # Not known before Linux 6.8, where mounts have no IDs of their own.
        if done.status == 3:
            assert not difference(before, state(box.bpffs)) and len(journals()) == 1, done
        box.bpfsh("recover", "--discard")
        assert not journals()
        for name in box.pins():
            os.unlink(box.pin(name))
    os.close(held)


def test_foreign_trash(box):
    """Only what lay there comes back from the trash."""
    fds = [create("hash", 4, 4, 8, box.prefix + name) for name in "mn"]
    pin(fds[0], box.pin("m"))
    path = box.file("s.bsh", f"map unpin {box.pin('m')}\n!kill -9 $PPID\n")
    assert box.bpfsh("-f", path).status < 0
    [trash] = [box.pin(f"{name}/pin") for name in box.folders()]
    os.rename(trash, box.pin("aside"))
    pin(fds[1], trash)
    before = state(box.bpffs)
    box.bpfsh("recover").expect(3, err="is not what was pinned at")
    assert not difference(before, state(box.bpffs)) and journals()
    os.unlink(trash)
    box.bpfsh("recover").expect(0)
    assert box.pins() == ["aside", "m"] and not journals(), box.pins()


def test_full(box):
    """No room for a journal: a clear error, and nothing is changed."""
    pin = box.map_create("m", entries=60000)
    os.mkdir(FOLDER, 0o700)
    mount("tmpfs", FOLDER, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0700,size=256k")
    before = box.snapshot()
    lines = "".join(f"map update pinned {pin} key {n} value {n}\n" for n in range(1, 40000))
    box.script(lines).expect(1, err=["cannot write the journal", "no space left", "rolled back"])
    box.unchanged(before)
    assert not journals()
    with open(f"{FOLDER}/ballast", "wb") as f:
        try:
            f.write(b"x" * (1 << 20))
        except OSError:
            pass
    box.script(lines).expect(1, err="cannot make a journal")
    box.unchanged(before)
    # A command alone does without one.
    box.script(lines[:lines.index("\n") + 1], options=["--no-transaction"]).expect(0)
    assert len(box.elements(pin)) == 1
    os.unlink(f"{FOLDER}/ballast")
    umount(FOLDER)


def test_no_place(box):
    """Without a journal one change is done, and said; what is many is refused, unless asked for."""
    pin, note = box.map_create("m", entries=6000), "done without a journal"
    program = box.obj("count")
    lines = box.file("lines", "".join(f'{{"key":{n},"value":{n}}}\n' for n in range(5000)))
    one = ["map", "update", "pinned", pin, "key", "1", "value", "1"]
    script = box.file("s.bsh", (" ".join(one) + "\n") * 2)
    mount("tmpfs", "/run", "tmpfs", 1, "mode=0755")		# MS_RDONLY
    done = box.bpfsh("--json", *one).expect(0, err=[note, "Read-only"])
    assert done.json is None
    before = box.snapshot()
    for many in (["map", "import", "pinned", pin, lines],
                 ["prog", "loadall", program, box.pin("f")], ["-f", script]):
        done = box.bpfsh(*many).expect(1, err=["cannot make a journal", "--no-transaction"])
        assert note not in done.err, done
        box.unchanged(before)
    done = box.bpfsh("--no-transaction", "-f", script).expect(0)
    assert done.err.count(note) == 1, done
    box.bpfsh("--no-transaction", "map", "import", "pinned", pin, lines).expect(0, err=note)
    assert len(box.elements(pin)) == 5000
    box.bpfsh("map", "clear", "pinned", pin).expect(1, err="cannot make a journal")
    umount("/run")
    os.mkdir(FOLDER)
    os.chmod(FOLDER, 0o777)
    box.bpfsh("-f", script).expect(1, err=["others may write to it", "mode 0700"])
    os.rmdir(FOLDER)
    box.bpfsh("undo").expect(1, err=["nothing to undo", "its own session"])


def test_key_twice(box):
    """A key that stands twice in an import which did not come as far as to its second value."""
    fd = create("hash", 4, 4, 4, f"{box.prefix}m")
    pin(fd, box.pin("m"))
    update(fd, struct.pack("=I", 2), struct.pack("=I", 7))
    os.close(fd)
    before = state(box.bpffs)
    lines = box.file("lines", "".join(f'{{"key":{key},"value":{value}}}\n' for key, value in
                                      ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (1, 6), (2, 8))))
    done = box.run(FAULTY, "--no-rc", "map", "import", "pinned", box.pin("m"), lines,
                   env=dict(os.environ, BPFSH_FAULT="1:0:map batch done"))
    assert done.status == -signal.SIGKILL and difference(before, state(box.bpffs)), done
    recovers(box, before)


def test_counting_takes_no_lock(box):
    """However often others look whether there is something to recover, `recover` gets it."""
    for _ in range(10):
        path, before = killed(box)
        looking = [subprocess.Popen(["sh", "-c", f"for i in 1 2 3 4 5 6 7 8; do {BPFSH} vars; done"],
                                    stderr=subprocess.DEVNULL) for _ in range(2)]
        done = box.bpfsh("recover").expect(0, out="rolled back")
        assert not journals(), done
        for one in looking:
            one.wait()


def test_file_size_limit(box):
    """What the journal may not grow beyond stops the script, not the process."""
    pin = box.map_create("m", entries=60000)
    path = box.file("long.bsh", "".join(f"map update pinned {pin} key {n} value {n}\necho\n"
                                        for n in range(1, 3000)))
    before = box.snapshot()
    done = box.run("prlimit", "--fsize=200000", BPFSH, "--no-rc", "-f", path)
    done.expect(1, err=["cannot write the journal", "rolled back"])
    box.unchanged(before)
    assert not journals()


def test_unmounted(box):
    """Without its bpffs nothing is taken for undone; all of it is, once the bpffs is back."""
    fd = create("array", 4, 4, 2, f"{box.prefix}m")
    outer = create("array_of_maps", 4, 4, 2, f"{box.prefix}o", 0, fd)
    for name, one in ("m", fd), ("n", fd), ("o", outer):
        pin(one, box.pin(name))
    update(outer, b"\0" * 4, struct.pack("=I", fd))
    os.close(fd)
    os.close(outer)
    needs("exchange")
    before, kept = state(box.bpffs), f"{box.dir}/kept"
    os.mkdir(kept)
    mount(box.bpffs, kept, None, MS_BIND)
    done = box.script(f"""\
map update pinned {box.pin("o")} key 0 0 0 0 value pinned {box.pin("m")}
map pin pinned {box.pin("m")} {box.pin("new")}
map pin pinned {box.pin("o")} {box.pin("n")} replace
map unpin {box.pin("m")}
!umount -l {box.bpffs}
assert false
""").expect(3, err=["is not on a bpffs", "4 failed", "recover"])
    mount(kept, box.bpffs, None, MS_BIND)
    umount(kept)
    box.bpfsh("recover").expect(0)
    assert not difference(before, state(box.bpffs)) and not journals(), done


def test_closed_descriptors(box):
    """What is said on a closed descriptor does not go into the journal, which took its place."""
    pin(create("hash", 4, 4, 8, f"{box.prefix}m"), box.pin("m"))
    before = state(box.bpffs)
    path = box.file("script.bsh", f"map update pinned {box.pin('m')} key 1 0 0 0 value 7 0 0 0\n"
                                  "plan { !true\n }\n!kill -9 $PPID\n")
    box.run("sh", "-c", f"{BPFSH} --no-rc -f {path} <&- >&- 2>&-")
    assert journals()
    recovers(box, before)


def test_discard(box):
    """The state stays as it is, and nothing of the journal does."""
    killed(box)
    before = state(box.bpffs)
    box.bpfsh("recover", "--discard").expect(0)
    assert not journals() and not difference(before, state(box.bpffs))


run(__name__)
