"""A reader as slow as an SSH channel: a stop hands over what was captured, for as long as the reader takes some of it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from harness import (
    UID, Agent, MissedMoment, Namespace, Pktgen, Result, Sink, find, read_pcap, repeated, send_numbered,
    start_agent,
)
from harness.pcap import read_uniform

SIZE = 1500
COUNT = 8_000  # 12 MB: fits into the ring
RECORD = 16 + SIZE

pytestmark = [pytest.mark.alone, pytest.mark.home("container")]


class PacedReader(threading.Thread):
    """Reads a descriptor to its end, `pace` bytes a second from `begin` on."""

    def __init__(self, descriptor: int, pace: int) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._pace = pace
        self._may_read = threading.Event()
        self.data = bytearray(os.read(descriptor, 24))
        self.overslept = 0.0
        self.start()

    def begin(self) -> None:
        self._may_read.set()

    def run(self) -> None:
        self._may_read.wait()
        due = time.monotonic()
        while chunk := os.read(self._descriptor, 32768):
            self.data += chunk
            due += len(chunk) / self._pace
            wake = max(due, time.monotonic())
            time.sleep(max(0, due - time.monotonic()))
            self.overslept = max(self.overslept, time.monotonic() - wake)
        os.close(self._descriptor)

    def finish(self) -> bytes:
        self._pace = 10**9
        self.begin()
        self.join(10)
        assert not self.is_alive(), "the stream is still open"
        return bytes(self.data)


@contextlib.contextmanager
def full_ring(container: Namespace, peer: Namespace, pace: int, filter: str = "udp") -> Iterator[tuple[Agent, PacedReader]]:
    """COUNT packets are captured, of which the reader has taken none."""
    reader, writer = os.pipe()
    with start_agent(container, "-interface", "eth0", "-filter", filter, stdout=writer) as agent:
        os.close(writer)
        paced = PacedReader(reader, pace)
        with Pktgen(peer, "eth0", COUNT, SIZE, rate=40_000) as generator:
            assert generator.wait() == COUNT
        time.sleep(0.1)
        try:
            yield agent, paced
        finally:
            if paced.overslept > 0.7:
                raise MissedMoment("the reader stood still")


def stop(agent: Agent, reader: PacedReader) -> Result:
    agent.send_signal(signal.SIGINT)
    reader.begin()
    return agent.wait(10)


@repeated
def test_stop_writes_all_packets_captured_before(container, peer):
    with full_ring(container, peer, 5_000_000) as (agent, reader):
        result = stop(agent, reader)
    assert result.status == 0 and result.seconds < 4.5
    stopped = find(result.log, "INFO", "stopped capture")
    assert (stopped["packets"], stopped["dropped"]) == (str(COUNT), "0") and "lost" not in stopped.attributes
    assert read_uniform(reader.finish(), SIZE) == list(range(COUNT))


@repeated
def test_stop_abandons_a_reader_that_is_too_slow(container, peer):
    with full_ring(container, peer, 1_000_000) as (agent, reader):
        result = stop(agent, reader)
    failed = find(result.log, "ERROR", "capture failed")
    assert result.status == 1 and "did not take all" in failed["error"]
    after = failed.time - find(result.log, "INFO", "received signal, stopping capture").time
    assert 4.4 < after.total_seconds() < 6.5
    assert_exactly_counted(result, reader.finish(), least=2_500)


def test_reader_of_small_parts_loses_nothing(container, peer):
    """One batch takes such a reader longer than the ring has room for time: 80 blocks of 48 ms."""
    reader, writer = os.pipe()
    with start_agent(container, "-interface", "eth0", "-filter", "udp", stdout=writer) as agent:
        os.close(writer)
        paced = PacedReader(reader, 40_000)
        paced.begin()
        for count, size, rate in [(900, SIZE, 10_000), (1400, 100, 200)]:
            with Pktgen(peer, "eth0", count, size, rate=rate) as generator:
                assert generator.wait() == count
        agent.send_signal(signal.SIGINT)
        data = paced.finish()
        result = agent.wait(10)
    stopped = find(result.log, "INFO", "stopped capture")
    assert (result.status, stopped["packets"], stopped["dropped"]) == (0, "2300", "0")
    assert len(read_pcap(data).packets) == 2300


def test_stop_abandons_a_reader_that_reads_nothing(container, peer):
    with full_ring(container, peer, 1) as (agent, reader):
        agent.send_signal(signal.SIGINT)
        result = agent.wait(10)
    assert result.status == 1 and result.seconds < 4
    assert "took nothing" in find(result.log, "ERROR", "capture failed")["error"]
    assert_exactly_counted(result, reader.finish(), least=1)


@repeated
def test_second_signal_abandons_a_reader_that_is_slow(container, peer):
    with full_ring(container, peer, 1_000_000) as (agent, reader):
        agent.send_signal(signal.SIGINT)
        reader.begin()
        agent.wait_for_log("received signal, stopping capture")
        time.sleep(0.5)
        assert agent.running
        result = agent.stop()
    assert result.status == 1 and result.seconds < 3
    assert "second signal" in find(result.log, "ERROR", "capture failed")["error"]
    assert_exactly_counted(result, reader.finish(), least=200)


@pytest.mark.parametrize("delay", [0, 0.05])
@repeated
def test_signal_that_is_repeated_at_once_counts_once(container, peer, delay):
    """timeout(1) sends it to its child and to its group; a terminal to everyone in the foreground."""
    with full_ring(container, peer, 20_000_000) as (agent, reader):
        agent.send_signal(signal.SIGINT)
        time.sleep(delay)
        agent.send_signal(signal.SIGINT)
        reader.begin()
        result = agent.wait(10)
    read = [line.time for line in result.log if "signal" in line.message]
    if read[-1] - read[0] > timedelta(milliseconds=150):
        raise MissedMoment("the agent read the second one late")
    assert result.status == 0
    assert read_uniform(reader.finish(), SIZE) == list(range(COUNT))


def assert_exactly_counted(result: Result, data: bytes, least: int) -> None:
    """The file is whole, and what the log says was captured and not lost is what it holds."""
    numbers = read_uniform(data, SIZE)
    assert numbers == list(range(len(numbers))) and len(numbers) >= least
    stopped = find(result.log, "INFO", "stopped capture")
    packets, lost = int(stopped["packets"]), int(stopped["lost"])
    assert (packets, stopped["dropped"]) == (COUNT, "0")
    assert packets - lost == len(numbers)
    assert int(stopped["bytes"]) == len(data)


def pipe_of_user() -> tuple[int, int]:
    """A pipe as the daemon of a session makes it, which runs as the agent's user: one that the user may open again."""
    ends = os.pipe()
    os.fchown(ends[0], UID, UID)
    return ends


def fill(reader: int) -> int:
    """Fills a pipe as another process would; how many bytes that were."""
    other = os.open(f"/proc/self/fd/{reader}", os.O_WRONLY | os.O_NONBLOCK)
    count = 0
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                count += os.write(other, b"x" * size)
    os.close(other)
    return count


def test_pipe_that_another_process_fills_does_not_delay_the_stop(namespace):
    """Between two looks at a pipe its room may go: a write that waits for it would be out of reach of any signal."""
    reader, writer = pipe_of_user()
    with Sink(namespace), start_agent(namespace, "-interface", "lo", "-filter", "udp", stdout=writer) as agent:
        os.close(writer)
        assert len(os.read(reader, 24)) == 24
        fill(reader)
        send_numbered(namespace, "127.0.0.1", 10)
        time.sleep(0.3)
        result = agent.stop(timeout=10)
    os.close(reader)
    assert result.status == 1 and result.seconds < 4
    stopped = find(result.log, "INFO", "stopped capture")
    assert (stopped["packets"], stopped["lost"]) == ("10", "10")


def test_pipe_that_another_process_fills_is_used_again_once_it_is_read(namespace):
    reader, writer = pipe_of_user()
    with Sink(namespace), start_agent(namespace, "-interface", "lo", "-filter", "udp", stdout=writer) as agent:
        os.close(writer)
        data = os.read(reader, 24)
        rest = fill(reader)
        numbers = send_numbered(namespace, "127.0.0.1", 10)
        time.sleep(0.3)
        while rest:
            rest -= len(os.read(reader, rest))
        while len(data) < 24 + 10 * (16 + 42 + 32):
            data += os.read(reader, 65536)
        result = agent.stop()
    os.close(reader)
    assert result.status == 0 and read_pcap(data).numbers == numbers


def test_capture_is_announced_once_its_header_is_out(namespace):
    def announced(agent: Agent) -> list:
        return [line for line in agent.log if line.message.startswith("capturing, stop with")]

    reader, writer = pipe_of_user()
    rest = fill(reader)
    with start_agent(namespace, "-interface", "lo", stdout=writer, live=False) as agent:
        os.close(writer)
        agent.wait_for_log("set filter to avoid capturing SSH session")
        time.sleep(0.5)
        assert announced(agent) == []
        while rest:
            rest -= len(os.read(reader, rest))
        assert len(os.read(reader, 24)) == 24
        agent.wait_until(lambda: announced(agent), 10, "the announcement")
        assert agent.stop().status == 0
        line, = announced(agent)
    os.close(reader)
    assert line.level == "INFO" and line["interface"] == "lo"
    assert "Ctrl-C" in line.message and "pkill -INT cf-pcap" in line.message
