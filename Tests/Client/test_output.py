"""The file: its name, what is there already, a disk that is full, a reader that goes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from checks import check_with_tools
from client import BINARY, Client, Result
from foundation import HTTPLoad, agents, all_are_captured, live_agents
from harness import Collector, read_pcap
from harness.faults import small_disk
from pcapng import PcapngError, read_pcapng
from sessions.container import wait_until


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_messages_do_not_go_into_the_capture_where_there_is_no_standard_error(foundation, solo, folder, closed):
    instances = solo.processes[0].instances
    words = ("sh", "-c", f'exec "$0" "$@" {closed}', BINARY)
    with Client(foundation, folder, "solo", "-o", "x.pcap", words=words) as running:
        wait_until(lambda: all_are_captured(instances), 60, "it captures")
        with HTTPLoad(instances[0], 50):
            wait_until(lambda: (folder / "x.pcap").stat().st_size > 1000, 10, "packets come")
        assert running.stop().status == 0
    assert len(read_pcap((folder / "x.pcap").read_bytes()).packets) > 10


@contextmanager
def load_on_all(demo, rate: float = 50):
    loads = [HTTPLoad(instance, rate) for instance in demo.processes[0].instances]
    try:
        yield
    finally:
        for load in loads:
            load.kill()


def test_default_name_counts_on(foundation, solo, folder):
    (folder / "capture.pcap").write_text("mine")
    (folder / "capture-1.pcap").write_text("mine too")
    with Client(foundation, folder, "solo") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        result = running.stop()
    assert result.status == 0
    assert "Saved capture to 'capture-2.pcap'." in result.lines
    assert (folder / "capture.pcap").read_text() == "mine"
    assert (folder / "capture-1.pcap").read_text() == "mine too"
    read_pcap((folder / "capture-2.pcap").read_bytes())


def test_two_at_once_do_not_take_the_same_name(foundation, solo, folder):
    instances = solo.processes[0].instances
    with Client(foundation, folder, "solo") as one, Client(foundation, folder, "solo") as other:
        wait_until(lambda: len(live_agents(instances)) == 2, 60, "both capture")
        results = [running.stop() for running in (one, other)]
    assert [result.status for result in results] == [0, 0]
    assert {path.name for path in folder.iterdir()} == {"capture.pcap", "capture-1.pcap"}
    assert not agents(instances)


def test_named_file_that_exists_is_not_overwritten(foundation, solo, folder):
    (folder / "mine.pcap").write_text("mine")
    with Client(foundation, folder, "solo", "-o", "mine.pcap") as running:
        result = running.wait()
    assert result.status == 1
    assert "mine.pcap" in result.stderr and "--force" in result.stderr
    assert (folder / "mine.pcap").read_text() == "mine"
    assert not foundation.requests or not any(request.startswith("ssh") for request in foundation.requests)


def test_force_overwrites(foundation, solo, folder):
    (folder / "mine.pcap").write_bytes(b"mine" * 1_000_000)
    with Client(foundation, folder, "solo", "-o", "mine.pcap", "--force") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        assert running.stop().status == 0
    read_pcap((folder / "mine.pcap").read_bytes())


def test_forced_file_is_kept_where_nothing_can_be_captured(foundation, solo, folder):
    (folder / "mine.pcap").write_bytes(b"mine")
    solo.ssh_disabled_by = "space"
    with Client(foundation, folder, "solo", "-o", "mine.pcap", "--force") as running:
        assert running.wait().status == 1
    assert (folder / "mine.pcap").read_bytes() == b"mine"


@pytest.mark.parametrize("name, remedy", [("x.txt", ".pcapng"), ("x", ".pcapng"), ("x.pcap.xz", ".zst"), ("", "-o"),
                                          ("nix/x.pcap", "nix")])
def test_names_that_cannot_be(foundation, solo, folder, name, remedy):
    with Client(foundation, folder, "solo", "-o", name) as running:
        result = running.wait()
    assert result.status != 0
    assert remedy in result.stderr
    assert list(folder.iterdir()) == []


def test_packets_never_go_to_a_terminal(foundation, solo, folder):
    leader, terminal = os.openpty()
    with Client(foundation, folder, "solo", "-o", "-", stdout=terminal) as running:
        os.close(terminal)
        result = running.wait()
    os.close(leader)
    assert result.status != 0
    assert "terminal" in result.stderr


def test_packets_and_messages_never_go_to_the_same_place(foundation, solo, folder):
    with Client(foundation, folder, "solo", "-o", "-", stderr=subprocess.STDOUT) as running:
        result = running.wait()
    assert result.status == 1
    assert result.stdout.decode().splitlines()[-1].endswith("leave 2>&1 out, or use -o FILE"), result.stdout


@pytest.mark.parametrize("shell", ["-o /dev/stdout 2>&1", "-o /dev/stderr", "-o /dev/fd/3 3>&2", "-o x.pcapng --force 2> x.pcapng"])
def test_packets_and_messages_never_go_to_the_same_place_by_any_name(foundation, solo, folder, shell):
    words = ("sh", "-c", f'exec "$0" "$@" --format pcapng {shell}', BINARY)
    with Client(foundation, folder, "solo", words=words) as running:
        result = running.wait()
    said = (folder / "x.pcapng").read_text() if "x.pcapng" in shell else result.stdout.decode() + result.stderr
    assert result.status == 1
    assert "leave 2>&1 out, or use -o FILE" in said
    assert not any(request.startswith("ssh") for request in foundation.requests)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_packets_never_go_to_a_terminal_by_any_name(foundation, solo, folder, name):
    leader, terminal = os.openpty()
    with Client(foundation, folder, "solo", "-o", name, "--format", "pcapng", stdout=terminal) as running:
        os.close(terminal)
        result = running.wait()
    os.close(leader)
    assert result.status == 1
    assert "terminal" in result.stderr


def test_fifo_of_the_default_name_is_left_alone(foundation, solo, folder):
    os.mkfifo(folder / "capture.pcap")
    with Client(foundation, folder, "solo") as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        assert "Saved capture to 'capture-1.pcap'." in running.stop().lines


def test_waiting_for_the_reader_of_a_fifo_is_told(foundation, solo, folder):
    os.mkfifo(folder / "x.pcap")
    with Client(foundation, folder, "solo", "-o", "x.pcap") as running:
        running.wait_for_message("Waiting for a reader of 'x.pcap'")
        reader = Collector(os.open(folder / "x.pcap", os.O_RDONLY))
        running.wait_until_capturing(*solo.processes[0].instances)
        assert running.stop().status == 0
    read_pcap(reader.finish())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_ends_the_wait_for_the_reader_of_a_fifo(foundation, solo, folder, number):
    os.mkfifo(folder / "x.pcap")
    with Client(foundation, folder, "solo", "-o", "x.pcap") as running:
        running.wait_for_message("Waiting for a reader of 'x.pcap'")
        result = running.stop(number)
    assert result.status == 1
    assert result.seconds < 2
    assert result.lines[-1] == "error: nothing was captured, because 'x.pcap' had no reader"


def test_second_capture_forced_on_the_same_name_leaves_two_that_know(foundation, solo, folder):
    instances = solo.processes[0].instances
    with Client(foundation, folder, "solo", "-o", "x.pcapng") as one:
        one.wait_until_capturing(*instances)
        with Client(foundation, folder, "solo", "-o", "x.pcapng", "--force") as other:
            wait_until(lambda: len(live_agents(instances)) == 2, 60, "both capture")
            other.wait_for_message("Capturing")
            assert other.stop().status == 0
        result = one.stop()
    assert result.status == 1
    assert "was removed, replaced or changed" in result.stderr and "Saved" not in result.stderr
    check_with_tools(folder / "x.pcapng")


def test_pcap_file_is_not_appended_to(foundation, solo, folder):
    file = folder / "x.pcap"
    file.write_bytes(b"mine")
    with file.open("ab") as end, Client(foundation, folder, "solo", "-o", "-", "--format", "pcap", stdout=end) as running:
        result = running.wait()
    assert result.status == 1
    assert "use > in place of >>, or --format pcapng" in result.stderr
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("name, read", [("x.pcap", read_pcap), ("x.pcapng", read_pcapng)])
def test_full_disk_ends_everything_with_a_whole_file(foundation, demo, folder, name, read):
    with small_disk(512) as disk:
        os.set_inheritable(disk, True)
        path = f"/proc/self/fd/{disk}/{name}"
        with load_on_all(demo, 200), Client(foundation, folder, "demo", "-o", path, pass_fds=[disk]) as running:
            result = running.wait(60)
        assert result.status == 1
        assert "space" in result.stderr, result.stderr
        contents = Path(f"/proc/self/fd/{disk}/{name}").read_bytes()
    assert len(contents) > 300_000
    assert len(read(contents).packets) > 50
    assert told_to_be_in_it(result)[0] == len(read(contents).packets)
    wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")
    (folder / name).write_bytes(contents)
    check_with_tools(folder / name)


def test_limit_on_file_sizes_ends_everything_with_a_whole_file(foundation, demo, folder):
    words = ("sh", "-c", 'ulimit -f 100; exec "$0" "$@"', BINARY)  # 51,200 bytes
    with load_on_all(demo, 200), Client(foundation, folder, "demo", "-o", "x.pcap", words=words) as running:
        result = running.wait(60)
    assert result.status == 1, result.stderr
    assert "too large" in result.stderr
    capture = (folder / "x.pcap").read_bytes()
    assert len(capture) > 10_000 and read_pcap(capture).packets
    wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")


def test_compressed_file_on_a_full_disk_reads_to_its_end(foundation, demo, folder):
    with small_disk(256) as disk:
        path = f"/proc/self/fd/{disk}/x.pcap.zst"
        with load_on_all(demo, 300), Client(foundation, folder, "demo", "-o", path, pass_fds=[disk]) as running:
            noise(demo, running)
            result = running.wait()
        assert result.status == 1
        assert "space" in result.stderr, result.stderr
        contents = Path(f"/proc/self/fd/{disk}/x.pcap.zst").read_bytes()
    plain = subprocess.run(["zstd", "-dc"], input=contents, capture_output=True)
    assert plain.returncode == 0, plain.stderr
    assert len(read_pcap(plain.stdout).packets) > 50
    assert told_to_be_in_it(result)[0] == len(read_pcap(plain.stdout).packets)


def told_to_be_in_it(result: Result) -> tuple[int, int]:
    """How many packets the client says are in the file, and how many came. The summary has the latter number."""
    found = re.search(r"([0-9,]+) of the ([0-9,]+) packets that came are in it", result.stderr)
    assert found, result.stderr
    written, came = (int(number.replace(",", "")) for number in found.groups())
    assert written <= came
    assert f"all: {came:,} packets" in result.stderr
    return written, came


def noise(demo, running: Client) -> None:
    """Packets that no compression makes smaller, until the client has ended or a minute is over."""
    end = time.monotonic() + 60
    with demo.processes[0].instances[0].container.outside.socket() as sender:
        while running.running and time.monotonic() < end:
            sender.sendto(os.urandom(1400), ("10.77.0.2", 9))
            time.sleep(0.005)


def test_reader_that_goes_ends_everything_in_order(foundation, demo, folder):
    reader, writer = os.pipe()
    with load_on_all(demo), Client(foundation, folder, "demo", "-o", "-", stdout=writer) as running:
        os.close(writer)
        running.wait_until_capturing(*demo.processes[0].instances)
        assert os.read(reader, 24)
        os.close(reader)
        result = running.wait(10)
    assert result.status in (0, 1), result.stderr
    wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")


def test_reader_that_goes_while_nothing_is_captured(foundation, demo, folder):
    reader, writer = os.pipe()
    with Client(foundation, folder, "demo", "-o", "-", "-f", "udp port 9", stdout=writer) as running:
        os.close(writer)
        running.wait_until_capturing(*demo.processes[0].instances)
        os.close(reader)
        running.wait(10)
    wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")


def test_reader_that_stands_still_for_a_while_loses_nothing(foundation, demo, folder):
    """Two seconds, at 1 MB/s from each of three instances."""
    instances = demo.processes[0].instances
    reader, writer = os.pipe()
    with Client(foundation, folder, "demo", "-o", "-", "--format", "pcap", stdout=writer) as running:
        os.close(writer)
        running.wait_until_capturing(*instances)
        loads = [HTTPLoad(instance) for instance in instances]
        time.sleep(2)
        answered = [load.stop() for load in loads]
        output = Collector(reader)
        result = running.stop()
    data = output.finish()
    assert result.status == 0, result.stderr
    requests = sum(b"GET /" in packet.data for packet in read_pcap(data).packets)
    assert requests == sum(answered) > 100


def link_types(file: Path) -> set[int]:
    """None of them while a block is being written."""
    with suppress(PcapngError):
        return {interface.link_type for interface in read_pcapng(file.read_bytes()).interfaces}
    return set()


def test_mixed_link_types_need_pcapng(foundation, demo, folder, liars):
    """Linux SLL2 beside Ethernet. The first packet decides for a .pcap file, not the first stream."""
    other = folder / "other-is-there"
    sll = liars(
        f"import os\nsend(header(link_type=276))\nwhile not os.path.exists({str(other)!r}): time.sleep(0.05)\n"
        "send(record(bytes(60))); wait()")
    ethernet = liars("send(header() + record(b'x' * 60)); wait()")
    for instance, answer in zip(demo.processes[0].instances, (ethernet, sll, sll)):
        instance.ssh_answer = answer
    with Client(foundation, folder, "demo", "-i", "0,1") as running:
        running.wait_for_message("Capturing")
        running.wait_until(lambda: (folder / "capture.pcap").stat().st_size > 24, 20, "a packet")
        other.touch()
        running.wait_for_message("web/1")
        result = running.stop()
    assert result.status == 1
    assert ".pcapng" in result.told("web/1")
    assert len(result.pcap().packets) == 1
    with Client(foundation, folder, "demo", "-i", "0,1", "-o", "x.pcapng") as running:
        running.wait_for_message("several link types", "Wireshark and tshark", "tcpdump does not")
        running.wait_until(lambda: {1, 276} == link_types(folder / "x.pcapng"), 30, "both link types")
        result = running.stop()
    assert link_types(folder / "x.pcapng") == {1, 276}
    assert len(result.pcapng("x.pcapng").packets) == 2
    check_with_tools(folder / "x.pcapng")
