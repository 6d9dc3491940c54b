# SPDX-License-Identifier: BSD-2-Clause
"""A terminal that programs print to: what stands on its screen, with colours, line by line.

It knows what a shell and bpfsh's prompt write: text, the carriage's moves, and the escape
sequences that place the cursor, erase and colour. Lines are never wrapped and never scroll away.
"""
import contextlib
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07]*\x07|\x1b[()][0-9A-B]|\x1b[=>78]")
PROMPT = re.compile(r"(\$|bpfsh[*!]?>) $")


class Screen:
    """Rows of cells: a character and the style, such as "1;31", that it was written in."""

    def __init__(self):
        self.rows, self.row, self.column, self.style, self.rest = [[]], 0, 0, "", ""

    def put(self, char):
        row = self.rows[self.row]
        row += [(" ", "")] * (self.column + 1 - len(row))
        row[self.column] = (char, self.style)
        self.column += 1

    def line_feed(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])

    def sequence(self, argument, final):
        number = int(argument) if argument.isdigit() else 0
        if final == "m":
            self.style = "" if argument in ("", "0") else ";".join(
                word for word in (self.style, argument) if word)
        elif final == "G":
            self.column = max(number, 1) - 1
        elif final == "C":
            self.column += number or 1
        elif final == "D":
            self.column = max(self.column - (number or 1), 0)
        elif final == "A":
            self.row = max(self.row - (number or 1), 0)
        elif final in "JK":
            del self.rows[self.row][self.column:]
            if final == "J":
                del self.rows[self.row + 1:]

    def write(self, text):
        text, self.rest = self.rest + text, ""
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                self.sequence(found[1] or "", found[2] or "")
                at = found.end()
                continue
            if text[at] == "\x1b" and len(text) - at < 16:
                self.rest = text[at:]
                return
            self.control(text[at])
            at += 1

    def control(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.line_feed()
        elif char == "\b":
            self.column = max(self.column - 1, 0)
        elif char == "\t":
            self.column = self.column // 8 * 8 + 8
        elif char >= " ":
            self.put(char)

    def text(self, row):
        return "".join(char for char, _ in self.rows[row])


class Terminal:
    """A program at a terminal with such a screen."""

    def __init__(self, *command, rows=50, columns=200, env=None):
        self.screen = Screen()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(env or {})
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def read(self, seconds):
        """True where something came within this time."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            self.screen.write(os.read(self.fd, 65536).decode(errors="replace"))
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        return True

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def settle(self, quiet=0.2):
        while self.read(quiet):
            pass

    def prompted(self):
        return PROMPT.fullmatch(self.screen.text(self.screen.row))

    def wait_for_prompt(self, timeout=60):
        deadline = time.monotonic() + timeout
        while not self.prompted():
            if time.monotonic() > deadline:
                raise AssertionError("no prompt came:\n" + "\n".join(
                    self.screen.text(row) for row in range(len(self.screen.rows))))
            self.read(0.1)

    def command(self, line):
        """Types a line at a prompt; the lines that are printed until the next prompt."""
        first = self.screen.row
        self.send(line)
        while not self.screen.text(first).endswith(line[-1]) and self.read(1):
            pass
        self.send("\r")
        while self.screen.row == first and self.read(60):
            pass
        self.wait_for_prompt()
        return [self.screen.text(row).rstrip() for row in range(first + 1, self.screen.row)]
