"""A capture whose standard output is a TCP connection leaves that connection out."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from harness import (
    REPOSITORY, Namespace, Sink, find, http_exchange, installed, read_pcap, send_numbered, start_agent,
)
from harness.agent import Collector
from harness.log import LogLine
from harness.pcap import Pcap

PORT = 9000
V4, V6 = ("10.77.0.2", "10.77.0.1"), ("2001:db8::2", "2001:db8::1")


@pytest.fixture
def dual_stack(container: Namespace, peer: Namespace) -> Iterator[Namespace]:
    """The container, with IPv6 addresses at both ends of the wire."""
    for namespace, address in ((container, V6[0]), (peer, V6[1])):
        namespace.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0")
        namespace.run("ip", "address", "add", f"{address}/64", "dev", "eth0", "nodad")
    yield container


def listen(namespace: Namespace, address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = namespace.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, PORT))
    listener.listen()
    listener.settimeout(5)
    return listener


def connect(namespace: Namespace, address: str, family: int | None = None) -> socket.socket:
    family = family or (socket.AF_INET6 if ":" in address else socket.AF_INET)
    client = namespace.socket(family, socket.SOCK_STREAM)
    client.settimeout(5)
    client.connect((address, PORT))
    client.settimeout(None)
    return client


def accept(listener: socket.socket) -> socket.socket:
    accepted, _ = listener.accept()
    accepted.settimeout(None)
    return accepted


def capture_into(
    container: Namespace, peer: Namespace, *pairs: tuple[socket.socket, socket.socket], interface: str = "eth0",
) -> list[tuple[Pcap, list[LogLine]]]:
    """Captures TCP and UDP into the first socket of each pair, at once, while numbered packets are sent; what came at the
    second of each, and the log."""
    collectors = [Collector(os.dup(reader.fileno())) for _, reader in pairs]
    arguments = ("-interface", interface, "-filter", "tcp or udp")
    agents = [start_agent(container, *arguments, stdout=writer, live=False) for writer, _ in pairs]
    for (writer, reader), agent in zip(pairs, agents, strict=True):
        agent.wait_for_log("capturing, stop with Ctrl-C or pkill -INT cf-pcap")
        writer.close()
    with Sink(container):
        send_numbered(peer, "10.77.0.2", 20)
        time.sleep(1)
    results = [agent.stop() for agent in agents]
    return [(read_pcap(collector.finish()), result.log) for collector, result in zip(collectors, results, strict=True)]


def assert_only_numbered(captured: tuple[Pcap, list[LogLine]]) -> None:
    """Twenty numbered datagrams, and no segment of TCP: a capture that holds its own grows at each block timeout."""
    pcap, log = captured
    assert len(pcap.packets) == 20
    assert pcap.numbers == list(range(20))
    assert find(log, "INFO", "standard output is a TCP connection, which is left out")


@pytest.mark.parametrize("addresses", [V4, V6], ids=["IPv4", "IPv6"])
def test_opened_connection_on_standard_output_is_not_captured(dual_stack, peer, addresses):
    _, there = addresses
    with listen(peer, there) as listener, connect(dual_stack, there) as writer, accept(listener) as reader:
        captured, = capture_into(dual_stack, peer, (writer, reader))
    assert_only_numbered(captured)


@pytest.mark.parametrize("addresses", [V4, V6], ids=["IPv4", "IPv6"])
def test_accepted_connection_on_standard_output_is_not_captured(dual_stack, peer, addresses):
    here, _ = addresses
    with listen(dual_stack, here) as listener, connect(peer, here) as reader, accept(listener) as writer:
        captured, = capture_into(dual_stack, peer, (writer, reader))
    assert_only_numbered(captured)


def test_connection_of_an_ipv6_socket_with_a_mapped_address_is_not_captured(container, peer):
    with listen(peer, "10.77.0.1") as listener, connect(container, "::ffff:10.77.0.1", socket.AF_INET6) as writer:
        with accept(listener) as reader:
            captured, = capture_into(container, peer, (writer, reader))
    assert_only_numbered(captured)


def test_accepted_connection_whose_listener_is_gone_is_not_captured(container, peer):
    """As netcat does, which closes the listener with the first connection."""
    with listen(container, "10.77.0.2") as listener, connect(peer, "10.77.0.2") as reader, accept(listener) as writer:
        listener.close()
        captured, = capture_into(container, peer, (writer, reader))
    assert_only_numbered(captured)


@pytest.mark.parametrize("interface", ["eth0", "any"])
@pytest.mark.parametrize("accepted", [False, True], ids=["made", "accepted"])
def test_two_captures_to_the_same_end_do_not_feed_each_other(container, peer, accepted, interface):
    server, client, address = (container, peer, "10.77.0.2") if accepted else (peer, container, "10.77.0.1")
    with listen(server, address) as listener:
        pairs = []
        for _ in range(2):
            ends = connect(client, address), accept(listener)
            pairs.append(ends[::-1] if accepted else ends)
        for captured in capture_into(container, peer, *pairs, interface=interface):
            assert_only_numbered(captured)
        for _, reader in pairs:
            reader.close()


def test_a_connection_from_the_same_host_to_the_same_port_here_is_captured(container, peer):
    """Apps that stream to each other all listen on the same port."""
    with listen(peer, "10.77.0.1") as listener, connect(container, "10.77.0.1") as writer, accept(listener) as reader:
        output = Collector(os.dup(reader.fileno()))
        with start_agent(container, "-interface", "eth0", stdout=writer, live=False) as agent:
            agent.wait_for_log("capturing, stop with Ctrl-C or pkill -INT cf-pcap")
            writer.close()
            http_exchange(container, peer, "10.77.0.2", PORT)
            time.sleep(0.3)
            agent.stop()
            pcap = read_pcap(output.finish())
    assert any(b"GET /greeting HTTP/1.1" in packet.data for packet in pcap.packets)
    assert any(b"HTTP/1.1 200 OK" in packet.data for packet in pcap.packets)


@pytest.mark.home("namespace")
def test_line_of_readme_for_netcat_does_not_capture_the_connection(container, peer):
    readme = (REPOSITORY / "README.md").read_text()
    line, = re.findall(r"`(cf-pcap [^`]*\| nc HOST PORT)`", readme)
    line = line.replace("HOST", "10.77.0.1").replace("PORT", str(PORT)).replace("cf-pcap", 'exec "$0"', 1)
    words = container.command_line(["bash", "-c", line, installed()])
    with listen(peer, "10.77.0.1") as listener, Sink(container):
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as process:
            with accept(listener) as reader:
                output = Collector(os.dup(reader.fileno()))
                while b'msg="capturing' not in process.stderr.readline():
                    assert process.poll() is None
                send_numbered(peer, "10.77.0.2", 20)
                time.sleep(1)
                os.killpg(process.pid, signal.SIGINT)
                process.communicate(timeout=10)
    assert read_pcap(output.finish()).numbers == list(range(20))
