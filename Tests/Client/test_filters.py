"""Filters without pcap-filter's words: one expression, which the agents apply."""

from __future__ import annotations

import pytest

from checks import is_refused
from client import Client
from foundation import request

FIN = 1


def flags(packet: bytes) -> int:
    """Those of TCP, behind Ethernet and IPv4."""
    header = 14 + (packet[14] & 15) * 4
    return packet[header + 13]


def test_options_become_the_filter_of_each_agent_and_are_told(foundation, demo, folder):
    instances = demo.processes[0].instances
    expression = "tcp and port 8080 and (tcp[13] & 1 != 0 or (ip6[6] = 6 and ip6[53] & 1 != 0)) and (len < 1000 or arp)"
    arguments = ["--proto", "tcp", "--port", "8080", "--tcp-flags", "fin", "-f", "len < 1000 or arp", "-o", "x.pcapng"]
    with Client(foundation, folder, "demo", *arguments) as running:
        running.wait_until_capturing(*instances)
        request(instances, 60)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert f"Filter: {expression}" in result.lines
    capture = result.pcapng("x.pcapng")
    assert {interface.filter for interface in capture.interfaces} == {expression}
    assert len({packet.interface for packet in capture.packets}) == 3
    assert all(flags(packet.data) & FIN and packet.length < 1000 for packet in capture.packets)


def test_name_is_looked_up_in_each_instance(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--host", "localhost", "--interface", "lo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert "Filter: host localhost; each instance looks up localhost by itself" in result.lines


@pytest.mark.parametrize("arguments, words", [
    (["--host", "a or port 22"], ["--host", "a or port 22"]),
    (["--port", "22;reboot"], ["--port", "22;reboot"]),
    (["--proto", "icmp", "--port", "5"], ["icmp", "--port"]),
    (["--host", "fd00::1", "--proto", "arp"], ["fd00::1", "arp"]),
    (["--port", "80", "-f", "a) or (b"], ["parentheses", "--filter"]),
])
def test_wrong_values_and_contradictions_are_refused_before_a_session(foundation, demo, folder, arguments, words):
    is_refused(foundation, folder, "demo", *arguments, words=words)


def test_name_that_an_instance_does_not_know_is_told_by_the_option_that_was_typed(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--host", "no-such-name.invalid", "--no-follow") as running:
        result = running.wait(60)
    assert result.status == 1
    line = result.told("web/0")
    assert "behind --host, write an address in place of no-such-name.invalid" in line and "--filter" not in line, line


def test_hint_of_an_agent_is_shown_as_words(foundation, demo, folder):
    with Client(foundation, folder, "demo", "-i", "0", "--interface", "lo", "-f", "outbound") as running:
        running.wait_for_message("web/0: warning: ", "outbound")
        result = running.stop()
    assert "hint=" not in result.stderr and result.told("web/0").count("leave 'outbound' out") == 1, result.stderr
