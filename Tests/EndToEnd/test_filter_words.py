"""Words of pcap-filter(7) that need something of the machine: protocols' names, a network mask, directions."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from harness import Sink, find, send_numbered, start_agent


@pytest.fixture
def without_protocols(tmp_path):
    """A root in which no protocol has a name. Debian's smallest has no list of them either."""
    empty = tmp_path / "protocols"
    empty.write_text("")
    return {"/etc/protocols": empty} if Path("/etc/protocols").exists() else {}


def test_protocol_is_known_by_name_where_the_root_has_no_list_of_them(container, peer, without_protocols):
    with start_agent(container, "-interface", "eth0", "-filter", "ip proto gre", binds=without_protocols) as agent:
        assert agent.running, agent.stderr.decode()
        # Protocol 0 is what libpcap takes a look-up that fails for.
        for protocol in (0, 47, 50):
            with peer.socket(socket.AF_INET, socket.SOCK_RAW, protocol or socket.IPPROTO_RAW) as sender:
                packet = bytes(20)
                if not protocol:
                    packet = bytes([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 0, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2]) + packet
                sender.sendto(packet, ("10.77.0.2", 0))
        time.sleep(0.2)
        result = agent.stop()
    assert [packet.data[23] for packet in result.pcap.packets] == [47]


@pytest.mark.parametrize("filter", ["ip proto nosuch", "ip6 proto nosuch", "proto nosuch"])
def test_protocol_without_a_number_is_refused(container, without_protocols, filter):
    with start_agent(container, "-interface", "eth0", "-filter", filter, binds=without_protocols) as agent:
        result = agent.wait()
    assert result.status == 1 and result.stdout == b""
    error = find(result.log, "ERROR", "failed to set up capture")["error"]
    assert "unknown ip proto 'nosuch'; write its number" in error


def test_broadcasts_of_the_interfaces_own_network_are_selected(container, peer):
    with Sink(container), start_agent(container, "-interface", "eth0", "-filter", "ip broadcast") as agent:
        assert agent.running, agent.stderr.decode()
        send_numbered(peer, "10.77.0.2", 3)
        with peer.socket() as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(b"to all of 10.77.0.0/24".ljust(32), ("10.77.0.255", 9999))
        time.sleep(0.2)
        result = agent.stop()
    assert [packet.data[30:34] for packet in result.pcap.packets] == [bytes([10, 77, 0, 255])]


def test_broadcasts_of_all_interfaces_are_refused_with_a_remedy(namespace):
    with start_agent(namespace, "-interface", "any", "-filter", "ip broadcast") as agent:
        result = agent.wait()
    assert result.status == 1
    assert "write the address, as in 'dst host" in find(result.log, "ERROR", "failed to set up capture")["error"]


@pytest.mark.parametrize("filter, is_told", [("outbound", True), ("not (outbound)", True), ("inbound", False), ("host outbound.example", False)])
def test_filter_for_packets_that_lo_sends_causes_a_warning(namespace, filter, is_told, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 outbound.example\n")
    with start_agent(namespace, "-interface", "lo", "-filter", filter, binds={"/etc/hosts": hosts}) as agent:
        assert agent.running, agent.stderr.decode()
        result = agent.stop()
    assert any(line.level == "WARN" and "'outbound' selects nothing" in line.message for line in result.log) == is_told


@pytest.mark.parametrize("interface, is_told", [("any", True), ("lo", False)])
def test_any_logs_that_vlan_tags_are_not_kept(namespace, interface, is_told):
    with start_agent(namespace, "-interface", interface) as agent:
        assert agent.running, agent.stderr.decode()
        result = agent.stop()
    assert any("VLAN tags are not kept" in line.message for line in result.log) == is_told
