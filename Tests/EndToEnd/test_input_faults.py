"""An interface that comes and goes, packets of every shape, and a clock that steps."""

from __future__ import annotations

import random
import socket
import struct
import time

import pytest

from harness import (
    Namespace, Pktgen, Result, Sink, check_with_tcpdump, check_with_tshark, find, send_numbered, start_agent,
)
from harness.pcap import LINUX_SLL2

ETH0 = ("-interface", "eth0")
LO_UDP = ("-interface", "lo", "-filter", "udp")
ETHERTYPE_EXPERIMENT, ETHERTYPE_VLAN, ETHERTYPE_IP = 0x88B5, 0x8100, 0x0800
UDP_SEGMENT = 103
SO_TXTIME = SCM_TXTIME = 61


def send_frames(namespace: Namespace, *frames: bytes) -> None:
    """Puts Ethernet frames on the wire as they are."""
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        for frame in frames:
            sender.send(frame)


def frame(kind: int, payload: bytes) -> bytes:
    return b"\x02\x00\x00\x00\x00\x01" + b"\x02\x00\x00\x00\x00\x02" + struct.pack(">H", kind) + payload


def captured(agent, count: int = 1) -> Result:
    """The result after at least `count` records came, and nothing more that was on its way."""
    agent.wait_until(lambda: agent.output.size >= 24 + 16 * count, message="the packets' arrival")
    time.sleep(0.05)
    return agent.stop()


# The interface


def test_interface_that_goes_down_and_up_again_is_captured_again(container, peer):
    with Sink(container), start_agent(container, *ETH0, "-filter", "udp") as agent:
        before = send_numbered(peer, "10.77.0.2", 5)
        time.sleep(0.1)
        container.run("ip", "link", "set", "eth0", "down")
        time.sleep(0.5)
        assert agent.running
        container.run("ip", "link", "set", "eth0", "up")
        time.sleep(0.5)
        restore_neighbours(container, peer)
        after = send_numbered(peer, "10.77.0.2", 5, first=5)
        time.sleep(0.3)
        result = agent.stop()
    assert result.status == 0
    assert result.pcap.numbers == before + after
    assert not [line for line in result.log if line.level == "ERROR"]


def restore_neighbours(container: Namespace, peer: Namespace) -> None:
    """The settings that an interface forgets when it goes down."""
    wait_for_link(peer)
    container.run("ip", "neighbour", "replace", "10.77.0.1", "lladdr", peer.mac("eth0"), "dev", "eth0")


def wait_for_link(peer: Namespace) -> None:
    """Until it has seen that the other end is up again; it sends nothing before."""
    deadline = time.monotonic() + 20
    while "state UP" not in peer.run("ip", "-o", "link", "show", "eth0", text=True).stdout:
        assert time.monotonic() < deadline, "the link stays down"
        time.sleep(0.01)


def test_interface_that_flaps_under_load(container, peer):
    with start_agent(container, *ETH0, "-filter", "udp") as agent:
        with Pktgen(peer, "eth0", 40_000, 100, rate=20_000):
            for _ in range(5):
                time.sleep(0.1)
                container.run("ip", "link", "set", "eth0", "down")
                time.sleep(0.1)
                container.run("ip", "link", "set", "eth0", "up")
        time.sleep(0.3)
        assert agent.running
        restore_neighbours(container, peer)
        last = send_numbered(peer, "10.77.0.2", 1, first=10**9)
        time.sleep(0.3)
        result = agent.stop()
    assert result.status == 0
    numbers = result.pcap.numbers
    assert numbers == sorted(set(numbers)) and numbers[-1:] == last


def test_interface_that_is_down_at_the_start_is_refused(container):
    container.run("ip", "link", "set", "eth0", "down")
    with start_agent(container, *ETH0, "-filter", "udp") as agent:
        result = agent.wait()
    assert result.status == 1 and result.stdout == b""
    assert "down" in find(result.log, "ERROR", "failed to set up capture")["error"]


def delete(container: Namespace, _: Namespace) -> None:
    container.run("ip", "link", "delete", "eth0")


def delete_at_the_other_end(_: Namespace, peer: Namespace) -> None:
    peer.run("ip", "link", "delete", "eth0")


def delete_while_down(container: Namespace, _: Namespace) -> None:
    container.run("ip", "link", "set", "eth0", "down")
    time.sleep(0.3)
    container.run("ip", "link", "delete", "eth0")


def move(container: Namespace, peer: Namespace) -> None:
    container.run("ip", "link", "set", "eth0", "netns", peer.path, "name", "eth1")


@pytest.mark.parametrize("end", [delete, delete_at_the_other_end, delete_while_down, move])
@pytest.mark.parametrize("packets", [0, 50])
def test_interface_that_goes_away_ends_the_capture(container, peer, end, packets):
    with Sink(container), start_agent(container, *ETH0, "-filter", "udp") as agent:
        numbers = send_numbered(peer, "10.77.0.2", packets)
        end(container, peer)
        result = agent.wait()
    assert result.status == 1
    assert "eth0" in find(result.log, "ERROR", "capture failed")["error"]
    assert [line.message for line in result.log][-1] == "stopped capture"
    assert result.pcap.numbers == numbers


def test_interface_that_goes_away_under_load(container, peer):
    with start_agent(container, *ETH0, "-filter", "udp") as agent:
        generator = Pktgen(peer, "eth0", 100_000, 100, rate=50_000)
        assert agent.output.wait_for_size(100_000, 5)
        container.run("ip", "link", "delete", "eth0")
        result = agent.wait()
        with generator:
            pass
    assert result.status == 1
    find(result.log, "ERROR", "capture failed")
    numbers = result.pcap.numbers
    assert numbers == list(range(len(numbers)))


def test_interface_that_is_renamed_is_captured_on(container, peer):
    with Sink(container), start_agent(container, *ETH0, "-filter", "udp") as agent:
        before = send_numbered(peer, "10.77.0.2", 5)
        container.run("ip", "link", "set", "eth0", "name", "wan0")
        after = send_numbered(peer, "10.77.0.2", 5, first=5)
        time.sleep(0.3)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == before + after


def test_interface_that_is_renamed_while_it_is_down_is_captured_on_or_ends_the_capture(container, peer):
    """libpcap asks what became of an interface that went down by the name that it had (pcap-linux.c,
    pcap_handle_packet_mmap), so that a capture may take a new name for the interface's end."""
    with Sink(container), start_agent(container, *ETH0, "-filter", "udp") as agent:
        numbers = send_numbered(peer, "10.77.0.2", 5)
        time.sleep(0.1)
        rename_while_down(container)
        container.run("ip", "link", "set", "wan0", "up")
        time.sleep(0.5)
        wait_for_link(peer)
        later = send_numbered(peer, "10.77.0.2", 5, first=5) if agent.running else []
        time.sleep(0.3)
        result = agent.stop() if agent.running else agent.wait()
    assert_ended_or_went_on(result, numbers, later)


def test_deletion_is_noticed_even_if_another_interface_has_the_name(container, peer):
    """By that name libpcap may find the other interface instead."""
    with Namespace() as other, start_agent(container, *ETH0) as agent:
        rename_while_down(container)
        container.connect(other, subnet="10.78.0")
        time.sleep(0.5)
        container.run("ip", "link", "delete", "wan0")
        result = agent.wait() if not agent.running else agent.stop()
    assert_ended_or_went_on(result, [], [])


def assert_ended_or_went_on(result: Result, numbers: list[int], later: list[int]) -> None:
    """Either the capture failed, says of which interface, and has what came before; or it went on and has it all."""
    assert result.pcap.numbers[:5] == numbers
    if result.status == 0:
        assert result.pcap.numbers == numbers + later
    else:
        assert result.status == 1 and "eth0" in find(result.log, "ERROR", "capture failed")["error"]


def rename_while_down(container: Namespace) -> None:
    container.run("ip", "link", "set", "eth0", "down")
    time.sleep(0.3)
    container.run("ip", "link", "set", "eth0", "name", "wan0")


def test_another_interface_of_the_same_name_is_not_captured(container, peer):
    """An interface that goes away and comes again is another one, and the first capture has ended."""
    with start_agent(container, *ETH0) as agent:
        container.run("ip", "link", "delete", "eth0")
        container.connect(peer)
        assert agent.wait().status == 1


def test_any_captures_on_after_an_interface_is_deleted(container, peer):
    with Sink(container), start_agent(container, "-interface", "any", "-filter", "udp") as agent:
        before = send_numbered(peer, "10.77.0.2", 5)
        time.sleep(0.1)
        container.run("ip", "link", "delete", "eth0")
        container.connect(peer, name="eth1", peer_name="eth1", subnet="10.79.0")
        after = send_numbered(peer, "10.79.0.2", 5, first=5)
        time.sleep(0.3)
        result = agent.stop()
    assert result.status == 0
    assert result.pcap.link_type == LINUX_SLL2 and result.pcap.numbers == before + after


# Packets


@pytest.mark.parametrize("snaplen", [1, 14, 64, 100, 1514])
def test_packets_longer_than_snaplen_are_truncated_and_counted(namespace, snaplen):
    sizes = (10, 22, 23, 58, 59, 1000, 1472, 1473, 5000)
    with Sink(namespace), start_agent(namespace, *LO_UDP, "-snaplen", snaplen) as agent:
        for size in sizes:
            send_numbered(namespace, "127.0.0.1", 1, size=size)
        result = captured(agent, len(sizes))
    lengths = [42 + size for size in sizes]
    assert [packet.length for packet in result.pcap.packets] == lengths
    assert [len(packet.data) for packet in result.pcap.packets] == [min(length, snaplen) for length in lengths]
    assert result.pcap.snaplen == snaplen
    stopped = find(result.log, "INFO", "stopped capture")
    assert int(stopped["truncated"]) == sum(length > snaplen for length in lengths)
    check_with_tcpdump(result.stdout)


def test_datagram_without_payload(namespace):
    with Sink(namespace), start_agent(namespace, *LO_UDP) as agent:
        send_numbered(namespace, "127.0.0.1", 1)
        with namespace.socket() as sender:
            sender.sendto(b"", ("127.0.0.1", 9999))
        send_numbered(namespace, "127.0.0.1", 1, first=1)
        result = captured(agent, 3)
    assert [packet.length for packet in result.pcap.packets] == [74, 42, 74]


@pytest.mark.parametrize("payload", [b"", b"\x00", b"x" * 45])
def test_frame_shorter_than_ethernet_allows(container, peer, payload):
    with start_agent(container, *ETH0) as agent:
        send_frames(peer, frame(ETHERTYPE_EXPERIMENT, payload))
        result = captured(agent)
    packet, = result.pcap.packets
    assert packet.data == frame(ETHERTYPE_EXPERIMENT, payload) and packet.length == 14 + len(payload)
    check_with_tshark(result.stdout)


def test_jumbo_frames(container, peer):
    for namespace in (container, peer):
        namespace.run("ip", "link", "set", "eth0", "mtu", "9000")
    with Sink(container), start_agent(container, *ETH0, "-filter", "udp") as agent:
        numbers = send_numbered(peer, "10.77.0.2", 100, size=8972)
        result = captured(agent, 500)
    assert result.pcap.numbers == numbers
    assert {packet.length for packet in result.pcap.packets} == {14 + 9000}


@pytest.mark.parametrize("snaplen, kept", [(65535, 65535), (262144, 65549)])
def test_largest_datagram_on_lo(namespace, snaplen, kept):
    with Sink(namespace), start_agent(namespace, *LO_UDP, "-snaplen", snaplen) as agent:
        for number in range(50):
            send_numbered(namespace, "127.0.0.1", 1, size=65507, first=number)
        result = captured(agent, 50 * 4096)
    assert result.pcap.numbers == list(range(50))
    assert {(len(packet.data), packet.length) for packet in result.pcap.packets} == {(kept, 65549)}
    assert find(result.log, "INFO", "stopped capture")["truncated"] == ("50" if kept < 65549 else "0")
    check_with_tcpdump(result.stdout)
    check_with_tshark(result.stdout)


def test_packets_that_the_kernel_has_yet_to_segment(container, peer):
    """Generic segmentation offload: one packet of 30,000 bytes on an interface with an MTU of 1500."""
    with Sink(container), start_agent(container, *ETH0, "-filter", "udp") as agent:
        with peer.socket() as sender:
            sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 1000)
            sender.sendto(b"s" * 30_000, ("10.77.0.2", 9999))
        result = captured(agent)
    lengths = [packet.length for packet in result.pcap.packets]
    assert lengths == [42 + 30_000] or lengths == [42 + 1000] * 30
    check_with_tcpdump(result.stdout)


def test_tcp_bulk_larger_than_the_mtu_is_whole(namespace):
    """Segments of up to 64 kB on lo; what TCP sent can be put together from the capture."""
    sent = bytes(range(256)) * 4096
    arguments = ("-interface", "lo", "-filter", "tcp dst port 7070", "-snaplen", 262144)
    with start_agent(namespace, *arguments) as agent, namespace.socket(kind=socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 7070))
        listener.listen()
        with namespace.socket(kind=socket.SOCK_STREAM) as sender:
            sender.connect(("127.0.0.1", 7070))
            receiver, _ = listener.accept()
            rest = memoryview(sent)
            while rest:
                rest = rest[sender.send(rest[:100_000]):]
                receiver.recv(1 << 20)
            receiver.close()
        result = captured(agent, len(sent) // 16)
    assert reassembled(result.pcap.packets) == sent
    assert max(packet.length for packet in result.pcap.packets) > 20_000


def reassembled(packets) -> bytes:
    """The bytes of one direction of a TCP connection over Ethernet and IPv4 without options."""
    stream, first = bytearray(), None
    for packet in packets:
        head = 34 + (packet.data[46] >> 4) * 4
        sequence, = struct.unpack_from(">I", packet.data, 38)
        if packet.data[47] & 0x02:
            first = sequence + 1
            continue
        position = (sequence - first) % 2**32
        data = packet.data[head:14 + struct.unpack_from(">H", packet.data, 16)[0]]
        stream[position:position + len(data)] = data
    return bytes(stream)


def tagged(identifier: int, payload: bytes = b"") -> bytes:
    return frame(ETHERTYPE_VLAN, struct.pack(">HH", identifier, ETHERTYPE_EXPERIMENT) + payload.ljust(46, b"v"))


@pytest.mark.parametrize("filter, wanted", [
    ("", [None, 42, 43]), ("vlan", [42, 43]), ("vlan 42", [42]), ("not vlan", [None]), ("vlan 43 or vlan 42", [43]),
])
def test_vlan_tags_are_kept_and_filtered_by(container, peer, filter, wanted):
    """The kernel takes the tag off and keeps it aside; only a live handle knows how to ask for it. (After `vlan` the
    rest of a filter looks behind the tag, so the last one looks for a second tag.)"""
    frames = {None: frame(ETHERTYPE_EXPERIMENT, b"untagged".ljust(50)), 42: tagged(42), 43: tagged(43)}
    with start_agent(container, *ETH0, "-filter", filter) as agent:
        send_frames(peer, *frames.values())
        result = captured(agent, len(wanted))
    assert [packet.data for packet in result.pcap.packets] == [frames[name] for name in wanted]
    assert all(packet.length == len(packet.data) for packet in result.pcap.packets)
    check_with_tshark(result.stdout)


@pytest.mark.parametrize("interface", ["eth0", "any"])
@pytest.mark.parametrize("filter, wanted", [("inbound", [0, 1, 2]), ("outbound", [3, 4])])
def test_direction_can_be_filtered_by(container, peer, interface, filter, wanted):
    with Sink(container), Sink(peer):
        with start_agent(container, "-interface", interface, "-filter", f"udp and {filter}") as agent:
            send_numbered(peer, "10.77.0.2", 3)
            send_numbered(container, "10.77.0.1", 2, first=3)
            result = captured(agent, len(wanted))
    assert result.pcap.numbers == wanted


def test_frames_of_random_bytes(container, peer):
    """They are not looked into, so they cannot hurt."""
    source = random.Random(7)
    frames = [frame(source.choice([0, 46, ETHERTYPE_IP, ETHERTYPE_VLAN, 0x86DD, 0xFFFF]),
                    source.randbytes(source.randrange(4, 1400))) for _ in range(300)]
    with start_agent(container, *ETH0) as agent:
        send_frames(peer, *frames)
        result = captured(agent, 300 * 20)
    assert result.status == 0
    assert [packet.data for packet in result.pcap.packets] == frames


# The clock


def test_clock_that_steps_back_changes_nothing_but_the_time_stamps(namespace):
    """Packets come in the order of the wire, with the kernel's times, which the sender sets here (SO_TXTIME, socket(7)):
    CLOCK_REALTIME has no namespace, and the machine's own is not ours to set."""
    namespace.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    for interface in ("eth0", "eth1"):
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        namespace.run("ip", "link", "set", interface, "up")
    now = time.time_ns() // 1000
    times = [now, now + 1, now - 3_600_000_000, now - 1, now + 5_000_000, 0, now]
    with start_agent(namespace, "-interface", "eth1") as agent:
        send_at(namespace, "eth0", times)
        result = captured(agent, len(times))
    assert result.status == 0
    numbers = [packet.data[14] for packet in result.pcap.packets]
    assert numbers == list(range(len(times)))
    stamps = [packet.microseconds for packet in result.pcap.packets]
    # No time at all (0) stands for the present.
    assert stamps[:5] + stamps[6:] == times[:5] + times[6:] and abs(stamps[5] - now) < 10_000_000
    check_with_tcpdump(result.stdout)


def send_at(namespace: Namespace, interface: str, times: list[int]) -> None:
    """Sends numbered frames whose time stamps are these, in microseconds since 1970."""
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        sender.setsockopt(socket.SOL_SOCKET, SO_TXTIME, struct.pack("=iI", time.CLOCK_REALTIME, 0))
        for number, microseconds in enumerate(times):
            stamp = struct.pack("=Q", microseconds * 1000)
            payload = frame(ETHERTYPE_EXPERIMENT, bytes([number]) * 50)
            sender.sendmsg([payload], [(socket.SOL_SOCKET, SCM_TXTIME, stamp)])
