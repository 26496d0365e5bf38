"""Log lines: slog's text format (the harness reads nothing else), times in UTC, the fixed messages."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest

from harness import PIPE, UID, Sink, find, parse_log, read_pcap, send_numbered, start_agent

LO = ("-interface", "lo")
COUNTS = ["packets", "bytes", "dropped", "truncated"]


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kathmandu", "CET-1CEST,M3.5.0,M10.5.0/3", "", ":/etc/passwd"])
def test_times_are_in_utc_whatever_the_zone(namespace, zone):
    with start_agent(namespace, *LO, env={} if zone is None else {"TZ": zone}) as agent:
        result = agent.stop()
    assert all(line.text.split()[0].endswith("Z") for line in result.log)
    assert abs(result.log[-1].time - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_no_zone_file_is_opened(namespace, tmp_path):
    """The user chooses the file by TZ. A pipe that nobody writes holds up who opens it."""
    pipe = tmp_path / "zone"
    os.mkfifo(pipe, 0o666)
    with start_agent(namespace, *LO, "-v", env={"TZ": f":{pipe}"}) as agent:
        assert agent.stop().status == 0


def test_v_shows_the_parsed_flags_first(namespace):
    with start_agent(namespace, *LO, "-v", "-filter", "udp port 53", "-snaplen", "100") as agent:
        result = agent.stop()
    first = result.log[0]
    assert (first.level, first.message) == ("DEBUG", "parsed flags")
    assert list(first.attributes.items())[:3] == [("interface", "lo"), ("snaplen", "100"), ("filter", "udp port 53")]


def test_without_v_there_is_no_debug_line(namespace):
    with start_agent(namespace, *LO) as agent:
        result = agent.stop()
    assert "DEBUG" not in [line.level for line in result.log]


@pytest.mark.parametrize("value", [
    "", "a b", 'a"b', "a=b", "a\nb", "a\tb\r", "a\\b", "\x01\x7f\x1b[31m", "grüße", "日本語", "\u00a0", "\u200b",
    "\ufeff", "\U0001f600", "\U000e0001", "\udcff\udcfe", "a\udcc3", "\\x00", "%s%n", "'",
])
def test_values_are_quoted_as_slog_quotes_them(namespace, value):
    with start_agent(namespace, *LO, "-v", "-filter", value) as agent:
        agent.send_signal(signal.SIGINT)
        result = agent.wait()
    assert find(result.log, "DEBUG", "parsed flags")["filter"] == value


def test_log_goes_to_standard_error_alone(namespace):
    with start_agent(namespace, *LO, "-v") as agent:
        result = agent.stop()
    assert len(result.stdout) == 24 and len(result.log) >= 3


def test_usr1_logs_the_counts_while_running(namespace):
    with Sink(namespace), start_agent(namespace, *LO, "-filter", "udp") as agent:
        send_numbered(namespace, "127.0.0.1", 7)
        assert agent.output.wait_for_size(24 + 7 * 90, 10)
        agent.send_signal(signal.SIGUSR1)
        line = agent.wait_for_log("capturing")
        assert line.level == "INFO"
        assert line.attributes == {"packets": "7", "bytes": str(24 + 7 * 90), "dropped": "0", "truncated": "0"}
        send_numbered(namespace, "127.0.0.1", 3)
        result = agent.stop()
    assert result.status == 0 and len(result.pcap.packets) == 10


def test_burst_of_usr1_does_no_harm(namespace):
    with Sink(namespace), start_agent(namespace, *LO, "-filter", "udp") as agent:
        for number in range(500):
            agent.send_signal(signal.SIGUSR1)
            send_numbered(namespace, "127.0.0.1", 1, first=number)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == list(range(500))
    assert [line for line in result.log if line.message == "capturing"]


def test_v_logs_progress_every_5_seconds(namespace):
    with start_agent(namespace, *LO, "-v", "-filter", "udp") as agent:
        line = agent.wait_for_log("capturing", timeout=10)
        agent.stop()
    assert line.level == "DEBUG" and list(line.attributes) == COUNTS
    assert timedelta(seconds=4.9) < line.time - agent.log[0].time < timedelta(seconds=8)


def test_summary_is_the_last_line(namespace):
    with start_agent(namespace, *LO) as agent:
        last = agent.stop().log[-1]
    assert (last.level, last.message) == ("INFO", "stopped capture")
    assert list(last.attributes) == COUNTS


@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_log_does_not_spoil_a_capture_that_goes_to_the_same_place(namespace, tmp_path, kind):
    """As behind `> capture.pcap 2>&1`, or nohup(1) in a terminal."""
    read_end, write_end = os.pipe()
    target = write_end if kind == "pipe" else os.open(tmp_path / "capture.pcap", os.O_RDWR | os.O_CREAT)
    with start_agent(namespace, "-interface", "lo", "-filter", "udp", "-v", stdout=target, stderr=target) as agent:
        with Sink(namespace):
            numbers = send_numbered(namespace, "127.0.0.1", 3)
            time.sleep(0.1)
        agent.send_signal(signal.SIGUSR1)
        assert agent.stop().status == 0
    os.close(write_end)
    data = os.read(read_end, 1 << 20) if kind == "pipe" else (tmp_path / "capture.pcap").read_bytes()
    assert read_pcap(data).numbers == numbers


def test_error_goes_to_the_file_that_both_streams_share(namespace, tmp_path):
    with (tmp_path / "capture.pcap").open("wb") as file:
        start_agent(namespace, "-interface", "eth9", stdout=file, stderr=file).wait()
    line, = parse_log((tmp_path / "capture.pcap").read_bytes())
    assert line.level == "ERROR" and "eth9" in line["error"]


@pytest.mark.alone
def test_log_reaches_a_terminal_that_another_process_fills(namespace):
    """As with `cf-pcap … | tcpdump -r -` in `cf ssh`. While a write waits there a terminal refuses another that must not
    wait, however much room it has; some lines may find no moment between two writes."""
    master, terminal = pty.openpty()
    os.fchown(terminal, UID, -1)
    shown = bytearray()

    def show() -> None:
        with contextlib.suppress(OSError):  # EIO when the last process has closed the terminal
            while True:
                shown.extend(os.read(master, 4096))
                time.sleep(0.001)

    thread = threading.Thread(target=show, daemon=True)
    with start_agent(namespace, *LO, stderr=terminal, stdout=PIPE, live=False) as agent:
        assert agent.output.wait_for_size(24, 5), "the capture did not begin"
        thread.start()
        filler = subprocess.Popen([sys.executable, "-c", "import os\nwhile True: os.write(1, b'.' * 4000)"], stdout=terminal)
        os.close(terminal)
        time.sleep(0.3)
        for _ in range(20):
            agent.send_signal(signal.SIGUSR1)
            time.sleep(0.05)
            agent.wait_until(lambda: not int(agent.status()["ShdPnd"], 16), message="it has seen the signal")
        assert agent.stop().status == 0
    filler.kill()
    filler.wait()
    thread.join()
    os.close(master)
    assert shown.count(b"msg=capturing") >= 16
