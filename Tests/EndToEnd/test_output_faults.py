"""Standard output that takes less than it is given, nothing more, or nothing ever again.

Whatever happens, what was written is a capture of whole records, and the process is gone within 2 s or goes on.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import os
import signal
import socket
import termios
import time

import pytest

from harness import (
    Agent, Collector, Namespace, Pcap, Pktgen, Result, Sink, find, in_time, read_pcap, repeated, send_numbered, start_agent,
)
from harness.faults import contents, failing_disk, failing_writes, small_disk, socket_pair

FRAME = 500
RECORD = 16 + FRAME
DISK = 64
LIMIT = DISK * 1024
ETH0 = ("-interface", "eth0", "-filter", "udp")
LO = ("-interface", "lo", "-filter", "udp")


def feed(peer: Namespace, count: int, size: int = FRAME, rate: int = 5_000) -> int:
    with Pktgen(peer, "eth0", count, size, rate=rate) as generator:
        return generator.wait()


def assert_ended_for(result: Result, reason: str) -> int:
    """It failed and said why; returns the number of packets that it read from the kernel but could not write."""
    assert result.status == 1
    assert reason in find(result.log, "ERROR", "capture failed")["error"]
    return int(find(result.log, "INFO", "stopped capture")["lost"])


def assert_accounted(result: Result, pcap: Pcap, data: bytes, lost: int) -> None:
    """The first packets without a gap, and a summary that fits them exactly."""
    assert pcap.numbers == list(range(len(pcap.packets)))
    stopped = find(result.log, "INFO", "stopped capture")
    assert int(stopped["packets"]) - lost == len(pcap.packets)
    assert int(stopped["bytes"]) == len(data)


def test_full_disk_leaves_a_whole_and_full_file(container, peer):
    with small_disk(DISK) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        with start_agent(container, *ETH0, stdout=file) as agent:
            feed(peer, 1000)
            result = agent.wait()
        data = contents(file)
        os.close(file)
    lost = assert_ended_for(result, "No space left on device")
    assert LIMIT - RECORD < len(data) <= LIMIT
    assert_accounted(result, read_pcap(data), data, lost)


def test_full_disk_is_reported_at_the_next_packet(container, peer):
    """One packet a time, each of which fits or does not."""
    with small_disk(4) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        with start_agent(container, *ETH0, stdout=file) as agent:
            for number in range(20):
                if agent.running:
                    send_numbered(peer, "10.77.0.2", 1, size=FRAME - 42, first=number)
                    with contextlib.suppress(AssertionError):  # so that each is in a block of its own
                        agent.wait_until(lambda: len(contents(file)) >= 24 + (number + 1) * RECORD or not agent.running)
            result = agent.wait(5)
        data = contents(file)
        os.close(file)
    lost = assert_ended_for(result, "No space left on device")
    assert lost == 1 and len(data) == 24 + 7 * RECORD
    assert_accounted(result, read_pcap(data), data, lost)


def test_disk_too_full_for_the_header(container):
    with small_disk(4) as disk:
        filler = os.open("filler", os.O_WRONLY | os.O_CREAT, dir_fd=disk)
        os.write(filler, b"x" * 4096)
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        with start_agent(container, *ETH0, stdout=file) as agent:
            result = agent.wait()
        data = contents(file)
        os.close(file)
        os.close(filler)
    assert result.status == 1 and data == b""
    assert [line for line in result.log if line.level == "ERROR" and "No space left on device" in line.text]


def test_text_before_and_after_the_capture_stays_in_the_file(container, peer):
    """`(echo start; cf-pcap ...; echo end) > file`, on a disk that fills up."""
    with small_disk(DISK) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        os.write(file, b"start\n")
        with start_agent(container, *ETH0, stdout=file) as agent:
            feed(peer, 1000)
            result = agent.wait()
        os.write(file, b"end\n")
        data = contents(file)
        os.close(file)
    assert_ended_for(result, "No space left on device")
    assert data.startswith(b"start\n") and data.endswith(b"end\n")
    numbers = read_pcap(data[len(b"start\n"):-len(b"end\n")]).numbers
    assert numbers == list(range(len(numbers))) and len(data) > LIMIT - 2 * RECORD


def test_file_opened_for_appending_is_never_truncated(container, peer):
    """If another process appends to the file, too, the bytes at its end may be the other's."""
    other = b"another process's line, which is none of the agent's business\n"
    with small_disk(DISK) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT | os.O_APPEND, dir_fd=disk)
        with start_agent(container, *ETH0, stdout=file) as agent:
            os.write(file, other)
            feed(peer, 1000)
            result = agent.wait()
        data = contents(file)
        os.close(file)
    assert_ended_for(result, "No space left on device")
    assert data[24:].startswith(other)
    assert len(data) == LIMIT, "it was cut"
    whole = (LIMIT - len(other) - 24) // RECORD
    numbers = read_pcap(data[:24] + data[24 + len(other):24 + len(other) + whole * RECORD]).numbers
    assert numbers == list(range(whole))


def test_file_that_another_process_writes_to_is_not_truncated(container, peer):
    other, offset = b"written by another process", 100_000
    with small_disk(DISK) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        with start_agent(container, *ETH0, stdout=file) as agent:
            os.pwrite(file, other, offset)
            feed(peer, 1000)
            result = agent.wait()
        data = contents(file)
        os.close(file)
    assert_ended_for(result, "No space left on device")
    assert data[offset:] == other


@pytest.mark.parametrize("limit", [LIMIT, 24 + 10 * RECORD + 7, 24 + 10 * RECORD, 24 + 10 * RECORD + 20])
def test_file_size_limit_leaves_a_whole_file(container, peer, tmp_path, limit):
    """RLIMIT_FSIZE: EFBIG, and SIGXFSZ, which would kill."""
    with open(tmp_path / "capture.pcap", "wb") as file:
        with start_agent(container, *ETH0, stdout=file, wrapper=["prlimit", f"--fsize={limit}"]) as agent:
            feed(peer, 300)
            result = agent.wait()
    data = (tmp_path / "capture.pcap").read_bytes()
    lost = assert_ended_for(result, "File too large")
    assert limit - RECORD < len(data) <= limit
    assert_accounted(result, read_pcap(data), data, lost)


def test_dev_full(container):
    with open("/dev/full", "wb") as file, start_agent(container, *ETH0, stdout=file, live=False) as agent:
        result = agent.wait(10)
    assert result.status == 1
    assert [line for line in result.log if line.level == "ERROR" and "No space left on device" in line.text]


@pytest.mark.parametrize("error", [errno.EIO, errno.EDQUOT, errno.ENOSPC, errno.EFBIG, errno.ESTALE, errno.ENETDOWN])
@pytest.mark.parametrize("space", [0, 7, 16, 20, RECORD - 1])
def test_write_error_leaves_a_whole_file(container, peer, error, space):
    """`space` bytes of a record are taken before the file system fails."""
    with failing_disk(24 + 3 * RECORD + space, error) as disk:
        file = os.open("capture.pcap", os.O_RDWR | os.O_CREAT, dir_fd=disk)
        with start_agent(container, *ETH0, stdout=file) as agent:
            for number in range(8):
                if agent.running:
                    send_numbered(peer, "10.77.0.2", 1, size=FRAME - 42, first=number)
                    time.sleep(0.04)
            result = agent.wait()
        data = contents(file)
        os.close(file)
    lost = assert_ended_for(result, os.strerror(error))
    assert lost >= 1 and len(data) == 24 + 3 * RECORD
    assert_accounted(result, read_pcap(data), data, lost)


@pytest.mark.parametrize("error", [errno.EINTR, errno.EAGAIN])
def test_write_that_fails_for_a_moment_is_repeated(container, peer, tmp_path, error):
    path = tmp_path / "capture.pcap"
    with Sink(container), open(path, "wb") as file, start_agent(container, *ETH0, stdout=file) as agent:
        with failing_writes(agent, error, first=1, every=2):
            for number in range(10):
                send_numbered(peer, "10.77.0.2", 1, first=number)
                time.sleep(0.02)
            result = agent.stop()
    assert result.status == 0
    assert read_pcap(path.read_bytes()).numbers == list(range(10))


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "unix", "tcp"])
def test_mode_of_a_shared_standard_output_is_left_alone(namespace, kind, blocking):
    """Others write to the same pipe or socket, and rely on its mode."""
    reader, writer = ends(namespace, kind)
    os.set_blocking(writer, blocking)
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    with Sink(namespace), start_agent(namespace, *LO, stdout=writer, live=False) as agent:
        assert len(os.read(reader, 24)) == 24
        during = fcntl.fcntl(writer, fcntl.F_GETFL)
        assert agent.stop().status == 0
    after = fcntl.fcntl(writer, fcntl.F_GETFL)
    os.close(reader)
    os.close(writer)
    assert flags == during == after


def ends(namespace: Namespace, kind: str) -> tuple[int, int]:
    """The reading and the writing descriptor of a new "pipe", "unix" or "tcp" socket pair."""
    if kind == "pipe":
        return os.pipe()
    reader, writer = socket_pair(namespace, kind)
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    return reader.detach(), writer.detach()


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "unix", "tcp"])
def test_slow_reader_gets_everything(container, peer, kind, blocking):
    """Short writes, EAGAIN and blocking, over and over; the ring takes up what the reader leaves."""
    count = 600
    reader, writer = ends(container, kind)
    os.set_blocking(writer, blocking)
    with start_agent(container, *ETH0, stdout=writer, live=False) as agent:
        os.close(writer)
        data = os.read(reader, 24)
        generator = Pktgen(peer, "eth0", count, 1400, rate=3_000)
        with generator:
            while len(data) < 24 + count * (16 + 1400):
                chunk = os.read(reader, 5000)
                assert chunk, "it ended early"
                data += chunk
                time.sleep(0.001)
            generator.wait()
        result = agent.stop()
    os.close(reader)
    assert result.status == 0
    assert read_pcap(data).numbers == list(range(count))
    assert find(result.log, "INFO", "stopped capture")["dropped"] == "0"


def stuck(container: Namespace, peer: Namespace, reader: int, writer: int, packets: int = 10_000) -> Agent:
    """An agent whose reader read nothing of far more than fits between them."""
    agent = start_agent(container, *ETH0, stdout=writer, live=False)
    os.close(writer)
    agent.wait_until(lambda: unread(reader) >= 24)
    feed(peer, packets, size=1000, rate=50_000)
    assert agent.running
    return agent


def unread(reader: int) -> int:
    """Returns the number of bytes that wait in a pipe or a socket."""
    waiting = array.array("i", [0])
    fcntl.ioctl(reader, termios.FIONREAD, waiting)
    return waiting[0]


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "unix", "tcp"])
def test_reader_that_reads_no_more_does_not_delay_the_stop(container, peer, kind, blocking):
    reader, writer = ends(container, kind)
    os.set_blocking(writer, blocking)
    with stuck(container, peer, reader, writer) as agent:
        result = agent.stop(timeout=10)
    assert result.seconds < 4
    assert result.status == 1
    assert "took nothing" in find(result.log, "ERROR", "capture failed")["error"]
    stopped = find(result.log, "INFO", "stopped capture")
    lost = int(stopped["lost"])
    assert lost > 0
    data = Collector(reader).finish()
    # Of what a socket took of the last write nothing can be taken back; a pipe takes only what fits whole.
    whole = read_pcap(data if kind == "pipe" else data[:len(data) - (len(data) - 24) % 1016])
    assert whole.numbers == list(range(len(whole.packets)))
    assert len(whole.packets) + lost + int(stopped["dropped"]) == 10_000
    assert int(stopped["packets"]) - lost == len(whole.packets)


@pytest.mark.parametrize("blocking", [True, False])
@repeated
def test_reader_that_reads_again_during_the_stop_gets_everything(container, peer, blocking):
    reader, writer = os.pipe()
    os.set_blocking(writer, blocking)
    with stuck(container, peer, reader, writer, packets=3_000) as agent:
        with in_time(0.8):
            agent.send_signal(signal.SIGINT)
            time.sleep(0.3)
            assert agent.running, "it did not wait for its reader"
            output = Collector(reader)
        data = output.finish()
        result = agent.wait()
    assert result.status == 0
    stopped = find(result.log, "INFO", "stopped capture")
    assert (stopped["packets"], stopped["dropped"]) == ("3000", "0") and "lost" not in stopped.attributes
    assert read_pcap(data).numbers == list(range(3_000))


def test_stuck_reader_that_goes_away_ends_the_capture(container, peer):
    reader, writer = os.pipe()
    with stuck(container, peer, reader, writer) as agent:
        os.close(reader)
        result = agent.wait(10)
    assert result.status == 0 and result.seconds < 4


@pytest.mark.parametrize("leaves_something", [False, True])
def test_tcp_reader_that_goes_away_ends_the_capture(namespace, leaves_something):
    """With something unread its end is a reset (ECONNRESET), else EPIPE comes at the second write: before that, it may
    as well be a reader that has nothing to say."""
    reader, writer = ends(namespace, "tcp")
    with Sink(namespace), start_agent(namespace, *LO, stdout=writer, live=False) as agent:
        os.close(writer)
        assert len(os.read(reader, 24)) == 24
        if leaves_something:
            send_numbered(namespace, "127.0.0.1", 1)
            time.sleep(0.1)
        os.close(reader)
        for _ in range(0 if leaves_something else 3):
            send_numbered(namespace, "127.0.0.1", 1)
            time.sleep(0.05)
        result = agent.wait(10)
    assert result.status == 0 and result.seconds < 4
    assert not [line for line in result.log if line.level == "ERROR"]


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_socket_on_standard_output_gets_the_capture(container, peer, kind):
    reader, writer = socket_pair(container, kind)
    with start_agent(container, *ETH0, stdout=writer, live=False) as agent:
        writer.close()
        output = Collector(reader.detach())
        assert output.wait_for_size(24, 5)
        feed(peer, 2000)
        result = agent.stop()
    assert result.status == 0
    assert read_pcap(output.finish()).numbers == list(range(2000))


def test_log_that_cannot_be_written_does_not_affect_the_capture(namespace):
    with open("/dev/full", "wb") as log, Sink(namespace):
        with start_agent(namespace, *LO, "-v", stderr=log) as agent:
            agent.send_signal(signal.SIGUSR1)
            numbers = send_numbered(namespace, "127.0.0.1", 5)
            result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == numbers
