"""Streams with something in them that is no packet, or a packet that looks like something else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checks import check_with_tools
from client import Client
from harness import read_pcap

DATA = Path(__file__).parent / "data"


def test_text_among_packets_is_told_at_once_and_the_instance_joined_again(foundation, solo, folder, liars):
    instance, = solo.processes[0].instances
    instance.ssh_answer = liars("send(header() + record(b'x' * 60)); time.sleep(1); "
                                "send(b'Out of disk space on this cell\\n' + record(b'y' * 60)); wait()")
    with Client(foundation, folder, "solo") as running:
        running.wait_for_message("web/0: warning: ", "text stands among its packets", "Out of disk space on this cell",
                                 "joined again", timeout=20)
        instance.ssh_answer = None
        running.wait_for_message("web/0: capturing again", timeout=30)
        result = running.stop()
    assert result.status == 1
    assert b"x" * 60 in [packet.data for packet in result.pcap().packets]


def contents(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


@pytest.mark.parametrize("end", ["FAILED\\n", "Process terminated by signal: KILL. Exited with 137\\n"])
def test_last_packet_that_ends_like_a_message_of_cf(foundation, solo, folder, liars, end):
    """It is in the file soon, and where the session ends by itself."""
    instance, = solo.processes[0].instances
    packet = f"record(b'x' * 40 + b'{end}')"
    instance.ssh_answer = liars(f"send(header() + {packet}); wait()")
    with Client(foundation, folder, "solo") as running:
        running.wait_until(lambda: len(contents(folder / "capture.pcap")) > 24 + 16 + 40, 5, "the packet")
        assert running.stop().status == 0
    instance.ssh_answer = liars(f"send(header() + {packet})")
    with Client(foundation, folder, "solo", "-o", "x.pcap", "--no-follow") as running:
        result = running.wait()
    expected = [b"x" * 40 + end.encode().decode("unicode_escape").encode()]
    for name in ("capture.pcap", "x.pcap"):
        assert [packet.data for packet in result.pcap(name).packets] == expected


@pytest.mark.parametrize("link_type", [147, 144, 197, 139, 123])
@pytest.mark.parametrize("name", ["x.pcap", "x.pcapng"])
def test_link_type_that_no_agent_sends_keeps_nobody_out(foundation, demo, folder, liars, link_type, name):
    first, *others = demo.processes[0].instances
    there = folder / "first-has-sent"
    first.ssh_answer = liars(f"open({str(there)!r}, 'w'); send(header(link_type={link_type}) + record(b'x')); wait()")
    for instance in others:
        instance.ssh_answer = liars(
            f"import os\nwhile not os.path.exists({str(there)!r}): time.sleep(0.05)\ntime.sleep(0.5)\nsend(header() + record(b'y' * 60)); wait()")
    with Client(foundation, folder, "demo", "-o", name) as running:
        running.wait_for_message("web/0: error: ", f"link type {link_type}")
        running.wait_until(lambda: contents(folder / name).count(b"y" * 60) == 2, 20, "the others")
        result = running.stop()
    assert result.status == 1
    assert (folder / name).read_bytes().count(b"y" * 60) == 2
    check_with_tools(folder / name)


def test_interfaces_that_differ_in_snaplen_are_read_by_libpcap(foundation, demo, folder, liars):
    for instance, snaplen in zip(demo.processes[0].instances, (0, 65535, 262144)):
        instance.ssh_answer = liars(f"send(header(snaplen={snaplen}) + record(b'y' * 60)); wait()")
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until(lambda: contents(folder / "x.pcapng").count(b"y" * 60) == 3, 20, "all packets")
        assert running.stop().status == 0
    read = subprocess.run(["tcpdump", "-n", "-w", "-", "-r", folder / "x.pcapng"], capture_output=True)
    assert read.returncode == 0, read.stderr
    assert len(read_pcap(read.stdout).packets) == 3
    check_with_tools(folder / "x.pcapng")


@pytest.mark.parametrize("name", ["x.pcap", "x.pcapng"])
def test_more_kept_of_a_packet_than_it_had_is_tolerated(foundation, solo, folder, liars, name):
    instance, = solo.processes[0].instances
    instance.ssh_answer = liars("send(header() + record(b'y' * 60, 40) + record(b'z' * 60)); wait()")
    with Client(foundation, folder, "solo", "-o", name) as running:
        running.wait_until(lambda: b"z" * 60 in contents(folder / name), 20, "both packets")
        assert running.stop().status == 0
    check_with_tools(folder / name)


def test_version_of_an_agent_that_is_none_stands_in_no_file(foundation, solo, folder, liars):
    instance, = solo.processes[0].instances
    instance.ssh_answer = liars("log(b'cf-pcap 1.0 \\x1b[2J' + b'A' * 16000 + b'\\n'); time.sleep(0.5); send(header() + record(b'y' * 60)); wait()")
    with Client(foundation, folder, "solo", "-o", "x.pcapng") as running:
        running.wait_until(lambda: b"y" * 60 in contents(folder / "x.pcapng"), 20, "the packet")
        running.stop()
    data = (folder / "x.pcapng").read_bytes()
    assert b"\x1b[2J" not in data and b"AAAA" not in data


def test_clocks_that_differ_are_told_and_one_wrong_time_stamp_changes_no_order(foundation, demo, folder, liars):
    """web/1 is five seconds ahead; web/2 stamps one packet far ahead."""
    stamp = "struct.pack('=IIII', int(t), int(t % 1 * 10**6), 60, 60) + bytes([{index}]) * 60"
    for index, (shift, wrong) in enumerate(((0, -1), (5, -1), (0, 50))):
        demo.processes[0].instances[index].ssh_answer = liars(f"""
send(header())
for number in range(100):
    t = time.time() + {shift} + (10**8 if number == {wrong} else 0)
    send({stamp.format(index=index)})
    time.sleep(0.05)
wait()
""")
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until(lambda: contents(folder / "x.pcapng").count(bytes([1]) * 60) > 98, 40, "all packets")
        result = running.stop()
    packets = result.pcapng("x.pcapng").packets
    assert len(packets) == 300
    times = [packet.microseconds for packet in packets if packet.data[0] != 1]
    wrong = max(times)
    times.remove(wrong)
    late = sum(other < one for one, other in zip(times, times[1:]))
    assert late <= 3, late
    assert "clocks of web/" in result.stderr and "differ by" in result.stderr, result.stderr
    assert "too late" not in result.stderr


@pytest.mark.parametrize("pause", [0, 0.002])
def test_replay_of_a_packet_stamped_in_2100_leaves_all_others_in_order(foundation, demo, folder, liars, pause):
    """Two captures of 200 packets, one every 2 ms in each; the first packet of web/0 is stamped in 2100."""
    for index, instance in enumerate(demo.processes[0].instances[:2]):
        instance.ssh_answer = liars(f"""
data = open({str(DATA / f"future-web{index}.pcap")!r}, 'rb').read()
send(data[:24])
offset = 24
while offset < len(data):
    end = offset + 16 + struct.unpack_from('=I', data, offset + 8)[0]
    send(data[offset:end])
    offset = end
    time.sleep({pause})
wait()
""")
    with Client(foundation, folder, "demo", "-i", "0-1", "-o", "x.pcap") as running:
        running.wait_until(lambda: len(read_whole(folder / "x.pcap")) == 400, 20, "all packets")
        result = running.stop()
    assert result.status == 0, result.stderr
    times = [packet.microseconds for packet in result.pcap("x.pcap").packets]
    ahead = [time for time in times if time > 4_000_000_000_000_000]
    assert len(times) == 400 and len(ahead) == 1
    times.remove(ahead[0])
    assert times == sorted(times)
    assert "1 packet stamped ahead of the time: written where they came, like all others." in result.lines
    assert "too late" not in result.stderr


def read_whole(file) -> list:
    """The packets of a file that is being written."""
    data = contents(file)
    return read_pcap(data).packets if len(data) == 24 + 400 * 76 else []
