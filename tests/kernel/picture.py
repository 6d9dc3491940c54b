# SPDX-License-Identifier: BSD-2-Clause
"""prog cfg: a picture of a loaded program in each format, or a clear error and no file."""
import os
import struct
import subprocess
import xml.etree.ElementTree
import zlib

from bpfsh import *


def load(box):
    box.bpftool("prog", "load", os.path.join(BUILD, "scripts/xdp_flow.bpf.o"), box.pin("p"))
    return box.pin("p")


def picture(box, name, *words):
    pin = load(box)
    path = os.path.join(box.dir, name)
    box.bpfsh("prog", "cfg", "pinned", pin, "file", path, *words).expect(0)
    with open(path, "rb") as f:
        return f.read()


def test_png(box):
    data = picture(box, "flow.png")
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", data[:16]
    width, height = struct.unpack(">II", data[16:24])
    assert width > 300 and height > 300, (width, height)


def test_svg(box):
    tree = xml.etree.ElementTree.fromstring(picture(box, "flow.svg"))
    assert tree.tag.endswith("svg")
    text = " ".join(tree.itertext())
    for word in ("xdp_flow", "account", "exit"):
        assert word in text, word


def test_pdf(box):
    assert picture(box, "flow.pdf").startswith(b"%PDF")


def test_dot(box):
    text = picture(box, "flow.dot").decode()
    assert "digraph" in text and "cluster" in text and "account" in text
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_nothing_half_written(box):
    pin = load(box)
    before = sorted(os.listdir(box.dir))
    for path in ("/not/there/x.png", "x.unknown", box.bpffs + "/x.png"):
        done = box.bpfsh("prog", "cfg", "pinned", pin, "file", path)
        assert done.status in (1, 2) and os.path.basename(path) in done.err, done
    assert sorted(os.listdir(box.dir)) == before


def test_words_that_do_not_fit(box):
    pin, obj = load(box), f"{BUILD}/tests/progs/cfg_machine.bpf.o"
    for words, want in ((("pinned", pin, "file", "x.png", "summary"), "'summary' shows the graph"),
                        (("pinned", pin, "obj", obj), "a loaded program and one of an object"),
                        (("pinned", pin, "prog", "x"), "'prog' is for object files"),
                        ((), "a program is missing")):
        done = box.bpfsh("prog", "cfg", *words)
        assert done.status in (1, 2) and want in done.err, done
    assert not os.path.exists("x.png")


def test_leaves_an_old_file_alone_on_failure(box):
    box.file("x.unknown", "mine")
    assert box.bpfsh("prog", "cfg", "pinned", load(box), "file", "x.unknown").status in (1, 2)
    with open("x.unknown") as f:
        assert f.read() == "mine"


def test_full_disk(box):
    """The old file stays, nothing else does, and the message is the file system's."""
    pin, full = load(box), os.path.join(box.dir, "full")
    os.mkdir(full)
    mount("tmpfs", full, "tmpfs", MS_NODEV, "size=16k")
    old = box.file("full/x.png", "old")
    for name in ("x.png", "x.svg", "x.dot"):
        done = box.bpfsh("prog", "cfg", "pinned", pin, "file", f"{full}/{name}")
        done.expect(1, err=f"cannot write '{full}/{name}': no space left on device")
    with open(old) as f:
        assert f.read() == "old" and os.listdir(full) == ["x.png"]
    umount(full)


def test_no_plugins(box):
    """Graphviz looks where its own are, and not where the environment says that code is."""
    words = "prog", "cfg", "pinned", load(box), "file", "x.png"
    box.bpfsh(*words, env={**os.environ, "GVBINDIR": box.dir}).expect(0)
    os.unlink("x.png")
    folders = glob.glob("/usr/lib*/graphviz") + glob.glob("/usr/lib/*/graphviz")
    for folder in folders:
        mount("none", folder, "tmpfs")
    box.bpfsh(*words).expect(1, err=("graphviz lacks its layout plugins",
                                     "install graphviz's plugins"))
    assert not os.path.exists("x.png")
    box.bpfsh(*words[:-1], "x.svg").expect(0)
    for folder in folders:
        umount(folder)


def test_little_memory(box):
    if os.environ.get("SANITIZE"):
        raise Skip("the sanitizers need all addresses")
    done = box.run("prlimit", f"--as={60 << 20}", BPFSH, "--no-rc", "prog", "cfg", "pinned",
                   load(box), "file", "x.png")
    assert done.status == 1 and re.search("memory|ulimit", done.err), done


TITLE_SIZE, TEXT_SIZE = 11, 10		# points
XLINK = "{http://www.w3.org/1999/xlink}"
PICTURES = os.path.join(BUILD, "pictures")


def first_line_of_text(path, columns):
    """Left and right end, in pixels, of the first line of dark text within so many columns.

    Only the beginnings of the first rows are unpacked: a row's pixels depend on no others
    than those to their left and above.
    """
    with open(path, "rb") as f:
        data = f.read()
    width, _, depth, color = struct.unpack(">IIBB", data[16:26])
    step = {2: 3, 6: 4}[color]
    assert depth == 8
    at, unpack, raw = 8, zlib.decompressobj(), b""
    stride, want = width * step + 1, min(columns, width) * step
    while len(raw) < 80 * stride and at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            raw += unpack.decompress(data[at + 8:at + 8 + length], 80 * stride - len(raw))
        at += 12 + length
    above, left, right = bytearray(want), None, None
    for row in range(len(raw) // stride):
        line = unfilter(raw[row * stride:row * stride + 1 + want], above, step)
        dark = [x // step for x in range(0, want, step) if max(line[x:x + 3]) < 100]
        if dark:
            left, right = min(left or dark[0], dark[0]), max(right or 0, dark[-1])
        elif left is not None:
            break
        above = line
    return left, right


def unfilter(line, above, step):
    """A row of a PNG as it was before it was filtered."""
    kind, line = line[0], bytearray(line[1:])
    for i in range(len(line)):
        a, b, c = (line[i - step], above[i], above[i - step]) if i >= step else (0, above[i], 0)
        near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        line[i] = (line[i] + (0, a, b, (a + b) // 2, near)[kind]) & 255
    return line


def check_legible(path, title):
    """Text is no smaller than 9 pixels, and cairo did not scale the picture down."""
    with open(path, "rb") as f:
        head = f.read(24)
    width, height = struct.unpack(">II", head[16:24])
    assert width < 32767 and height < 32767, (width, height)
    left, right = first_line_of_text(path, 20 * len(title))
    # The title's letters are as far apart as those of all fixed-width fonts: 0.6 of their size.
    size = (right - left) / (len(title) - 0.2) / 0.6 * TEXT_SIZE / TITLE_SIZE
    assert size >= 8.9, f"{path}: text is scaled to {size:.1f} pixels"


def check_svg(path, blocks):
    """Each block is there once, with a tooltip, and each link leads somewhere."""
    ids, links, tips = [], set(), 0
    for element in xml.etree.ElementTree.parse(path).iter():
        ids += [element.get("id")] if element.get("id") else []
        links |= {element.get(XLINK + "href")} - {None}
        tips += element.tag.endswith("}title") and "\n" in element.text
    assert len(ids) == len(set(ids)), "an id is there twice"
    assert set(ids) >= {f"b{b}" for b in range(blocks)} | {link[1:] for link in links}
    assert tips >= blocks, (tips, blocks)
    return links


def draw_on_terminal(box, obj, path, blocks):
    """What takes long, as it is stopped meanwhile, says so, and leaves no trace of it."""
    with Pty(box, "prog", "cfg", "obj", obj, "file", path) as terminal:
        drawing = wait_until(lambda: children(terminal.pid))
        os.kill(drawing[0], signal.SIGSTOP)
        terminal.expect(re.compile(f"drawing {blocks} blocks, \\d+ s"))
        os.kill(drawing[0], signal.SIGCONT)
        assert terminal.wait() == 0, terminal.seen
        assert terminal.seen.endswith("\r\x1b[K"), terminal.seen


def test_kept(box):
    """Pictures of small, medium and large programs stay for somebody to look at."""
    os.makedirs(PICTURES, exist_ok=True)
    progs = os.path.join(BUILD, "tests/progs")
    for name, obj, blocks in (("small", f"{progs}/cfg_machine.bpf.o", 12),
                              ("medium", f"{progs}/cfg_options.bpf.o", 150),
                              ("large", box.big_object(1000), 2000)):
        found = box.bpfsh("prog", "cfg", "obj", obj, "json").expect(0).json
        assert len(found["blocks"]) >= blocks, len(found["blocks"])
        title = box.bpfsh("prog", "cfg", "obj", obj, "text").expect(0).out.splitlines()[0]
        svg = f"{PICTURES}/{name}.svg"
        done = box.bpfsh("prog", "cfg", "obj", obj, "file", svg).expect(0)
        assert not done.out + done.err, done
        png = f"{PICTURES}/{name}.png"
        if name == "large":
            draw_on_terminal(box, obj, png, len(found["blocks"]))
        else:
            box.bpfsh("prog", "cfg", "obj", obj, "file", png).expect(0)
        check_legible(png, title)
        links = check_svg(svg, len(found["blocks"]))
        calls = {f"#f{n}" for n in range(1, len(found["functions"]))}
        assert links >= calls, "a call leads to no function"


def wait_raw(terminal, want):
    """Waits for bytes that Pty.expect() takes for escape sequences."""
    deadline = time.monotonic() + PATIENCE
    while want not in terminal.seen:
        assert time.monotonic() < deadline and terminal.read(0.2), terminal.seen


def show_on(box, **env):
    words = ("prog", "cfg", "obj", f"{BUILD}/tests/progs/cfg_jumptable.bpf.o", "show")
    return Pty(box, *words, env={"PATH": "/nowhere", **env})


def test_show(box):
    """What the terminal answers decides; without an answer, and without chafa, it is the text."""
    with show_on(box) as terminal:
        wait_raw(terminal, "\x1b[c")
        terminal.send("\x1b_Gi=31;OK\x1b\\\x1b[?62;22c")
        wait_raw(terminal, "\x1b_Ga=T,f=100")
        assert terminal.wait() == 0
    with show_on(box, LC_TERMINAL="iTerm2") as terminal:
        wait_raw(terminal, "\x1b]1337;File=inline=1;")
        assert terminal.wait() == 0 and "\x1b[c" not in terminal.seen
    with show_on(box) as terminal:
        wait_raw(terminal, "\x1b[c")
        text = terminal.expect("chafa, which draws in terminals, is not installed")
        assert "7: gotox r3" in text, text
        assert terminal.wait() == 0


def test_interrupted_show(box):
    with show_on(box) as terminal:
        wait_raw(terminal, "\x1b[c")
        terminal.send("\x03")
        terminal.expect("cannot show the graph: interrupted")
        assert terminal.wait() == 130 and "gotox" not in terminal.seen


run(__name__)
