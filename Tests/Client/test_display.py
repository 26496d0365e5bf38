"""What a person sees."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time

import pytest

from client import Client
from foundation import HTTPLoad, all_are_captured
from sessions.container import wait_until

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """What is written to it, as text."""

    def __init__(self, columns: int = 100, rows: int = 40) -> None:
        self._leader, self.device = pty.openpty()
        fcntl.ioctl(self.device, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._data = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self._data += os.read(self._leader, 65536)
            except OSError:
                return

    def finish(self) -> None:
        """Returns once nothing more can come, for nobody has the device open any more."""
        self._reader.join(10)
        assert not self._reader.is_alive(), "somebody still has the terminal"

    @property
    def raw(self) -> str:
        return self._data.decode(errors="replace")

    @property
    def text(self) -> str:
        return ESCAPE.sub("", self.raw)

    def drawn(self, name: str) -> int:
        """How often an instance's row has been written."""
        return len(re.findall(rf"{name}\b", self.text))


def test_table_on_a_terminal_is_redrawn_once_a_second(foundation, demo, folder):
    instances = demo.processes[0].instances
    terminal = Terminal()
    began = time.monotonic()
    with Client(foundation, folder, "demo", stderr=terminal.device, environment={"TERM": "xterm"}) as running:
        os.close(terminal.device)
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[1], 50):
            running.wait_until(lambda: terminal.drawn("web/1") >= 3, 20, "the table has been drawn three times")
        # Messages come above the table, which is drawn anew below them.
        table, seconds = terminal.text, time.monotonic() - began
        assert terminal.drawn("web/1") <= seconds + 4, table
        assert "\x1b[" in terminal.raw
        for word in ("web/0", "web/2", "capturing", "packets", "dropped"):
            assert word in table.lower()
        running.process.send_signal(2)
        assert running.wait().status == 0
        terminal.finish()
    assert "Saved capture to 'capture.pcap'." in terminal.text
    assert terminal.raw.count("\x1b[?25l") == terminal.raw.count("\x1b[?25h"), "the cursor is shown again"


def test_narrow_terminal_is_not_overrun(foundation, demo, folder):
    terminal = Terminal(columns=30, rows=5)
    with Client(foundation, folder, "demo", stderr=terminal.device, environment={"TERM": "xterm"}) as running:
        os.close(terminal.device)
        running.wait_until_capturing(*demo.processes[0].instances)
        running.wait_until(lambda: terminal.drawn("web/0") >= 3, 20, "the table has been drawn three times")
        running.process.send_signal(2)
        assert running.wait().status == 0
        terminal.finish()
    rows = re.findall(r"^(?:INSTANCE|web/\d|all) .*$", terminal.text.replace("\r", ""), re.MULTILINE)
    assert len(rows) >= 6
    assert all(len(row) < 30 for row in rows), rows


def test_dumb_terminal_gets_no_escapes(foundation, solo, folder):
    terminal = Terminal()
    with Client(foundation, folder, "solo", stderr=terminal.device, environment={"TERM": "dumb"}) as running:
        os.close(terminal.device)
        running.wait_until_capturing(*solo.processes[0].instances)
        time.sleep(1.5)
        running.process.send_signal(2)
        assert running.wait().status == 0
        terminal.finish()
    assert "\x1b" not in terminal.raw


def test_narrow_terminal_without_utf8_shows_the_run_and_at_the_end_where_it_all_is(foundation, demo, folder):
    """40 columns, without a locale: nothing needs more than ASCII, and nothing stays of what is drawn over."""
    instances = demo.processes[0].instances
    terminal = Terminal(columns=40, rows=24)
    environment = {"TERM": "vt100", "LC_ALL": "C", "NO_COLOR": "1"}
    arguments = ["--rotate", "1s", "--keep", "2", "--until", "udp port 9", "-o", "web.pcapng", "--on-file", "sleep 2; : {}"]
    with Client(foundation, folder, "demo", *arguments, stderr=terminal.device, environment=environment) as running:
        os.close(terminal.device)
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[1], 50):
            running.wait_until(lambda: "2 complete files kept" in terminal.text, 30, "files are kept")
        running.process.send_signal(2)
        assert running.wait(30).status == 3
        terminal.finish()
    text = terminal.text.replace("\r", "")
    rows = text.splitlines()
    assert any(re.fullmatch(r"0:0\d elapsed", row) for row in rows), text
    end, size = re.findall(r"^'\.\.\.(.*)' has ([\d.]+) kB$", text, re.MULTILINE)[-1]
    assert any(path.name.endswith(end) for path in folder.iterdir()) and float(size) > 1, text
    assert any(row == "waiting for --until 'udp port 9'" for row in rows), text
    drawn = re.compile(r"INSTANCE|web/\d +[a-z]|all |'\.\.\.|\d+ complete|waiting for|0:")
    assert all(len(row) < 40 for row in rows if drawn.match(row)), rows
    assert terminal.raw.isascii() and set(re.findall(r"\x1b\[[0-9;]*(.)", terminal.raw)) <= {"A", "J"}
    names = sorted(path.name for path in folder.iterdir())
    assert rows[-1].startswith(f"Saved capture to 3 files, '{names[0]}' to '{names[-1]}'"), text


def test_last_line_says_that_a_command_has_taken_the_file_away(foundation, solo, folder):
    with Client(foundation, folder, "solo", "-o", "x.pcap", "--on-file", "sleep 1; mv {} y.pcap") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        result = running.stop()
    assert result.status == 0
    assert result.lines[-1] == "Saved capture to 'x.pcap', which --on-file has moved or removed."


def test_without_a_terminal_a_line_after_ten_seconds(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[1], 50) as load:
            running.wait_until(lambda: len(running.messages.splitlines()) > 2, 20, "a line with the sums")
            answered = load.stop()
        lines = running.messages.splitlines()[2:]
        result = running.stop()
    assert "\x1b" not in result.stderr
    assert 1 <= len(lines) <= 4, lines
    count = len(result.pcap().packets)
    assert answered < count
    assert str(count) in re.sub(r"(?<=\d)[,_](?=\d)", "", result.stderr), "the sum"
    for name in ("web/0", "web/1", "web/2"):
        assert name in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--quiet"]])
def test_report_of_the_counts_can_be_asked_for(foundation, solo, folder, arguments):
    instances = solo.processes[0].instances
    with Client(foundation, folder, "solo", *arguments) as running:
        wait_until(lambda: all_are_captured(instances), 60, "it captures")
        with HTTPLoad(instances[0], 50):
            wait_until(lambda: (folder / "capture.pcap").stat().st_size > 1000, 20, "packets come")
        running.process.send_signal(signal.SIGUSR1)
        line = running.wait_for_message("1 of 1 instances capturing", timeout=5)
        assert re.match(r"[0-9,]+ packets, .*dropped", line)
        assert running.stop().status == 0


def test_quiet_says_nothing(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--quiet") as running:
        running.wait_until(lambda: all_are_captured(demo.processes[0].instances), 60, "agents")
        result = running.stop()
    assert (result.status, result.stdout, result.stderr) == (0, b"", "")


@pytest.mark.breaks
def test_quiet_still_says_what_failed(foundation, demo, folder):
    demo.processes[0].instances[1].agent.unlink()
    with Client(foundation, folder, "demo", "--quiet", "--no-follow") as running:
        running.wait_for_message("web/1")
        others = [instance for instance in demo.processes[0].instances if instance.agent.exists()]
        running.wait_until(lambda: all_are_captured(others), 60, "agents in the others")
        result = running.stop()
    assert result.status == 1
    assert all("web/1" in line for line in result.lines)


def test_warnings_of_the_agent_are_shown_with_the_instance(foundation, demo, folder):
    """Here that a filter selects nothing on the interface."""
    with Client(foundation, folder, "demo", "--interface", "lo", "-f", "outbound", "-i", "1") as running:
        running.wait_for_message("web/1: warning")
        running.wait_until_capturing(demo.processes[0].instances[1])
        result = running.stop()
    assert result.status == 0, result.stderr
    assert "outbound" in result.told("web/1")


def test_dropped_packets_are_told(foundation, demo, folder, liars):
    demo.processes[0].instances[1].ssh_answer = liars(
        "send(header() + record(b'x' * 60)); wait(); "
        "log(b'time=2026-01-01T00:00:00.000Z level=INFO msg=\"stopped capture\" packets=1 bytes=100 dropped=4711 truncated=0\\n')")
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_for_message("Capturing")
        time.sleep(1)
        result = running.stop()
    assert "4711" in re.sub(r"(?<=\d)[,_](?=\d)", "", result.stderr)
    interface = next(each for each in result.pcapng("x.pcapng").interfaces if each.name == "web/1 eth0")
    assert interface.statistic(5) == 4711


@pytest.mark.parametrize("arguments, words", [
    ([], ["the app's name is missing"]), (["demo", "extra"], ["extra"]), (["demo", "--nix"], ["nix"]), (["demo", "-i", "x"], ["x"]),
    (["demo", "-i", "3-1"], ["3-1"]), (["demo", "--snaplen", "many"], ["many"]), (["demo", "--snaplen", "262145"], ["262145"]),
    (["demo", "--hold=-1"], ["-1"]), (["demo", "--format", "xls"], ["xls"]), (["demo", "-i"], ["-i"]),
])
def test_wrong_command_lines(foundation, folder, arguments, words):
    with Client(foundation, folder, *arguments) as running:
        result = running.wait()
    assert result.status not in (0, None)
    assert all(word in result.stderr for word in words), result.stderr
    assert result.stdout == b""
    assert not foundation.requests


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_help_and_version(foundation, folder, option):
    with Client(foundation, folder, option) as running:
        result = running.wait()
    assert result.status == 0
    assert "pcap" in result.stdout.decode() + result.stderr
