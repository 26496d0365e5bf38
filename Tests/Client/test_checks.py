"""The checks find what they are there to find."""

from __future__ import annotations

import pytest

from checks import SKEW_MICROSECONDS, beginning_of, same_packets
from harness import Pcap
from harness.pcap import Packet

SECOND = 1_000_000


def capture(*names: str, times: dict[str, int] | None = None) -> Pcap:
    """A packet a second, the last three of them at once, but for those of other times."""
    last = len(names) - 3
    return Pcap(65535, 1, [Packet((times or {}).get(name, min(number, last) * SECOND + number), name.encode(), len(name))
                           for number, name in enumerate(names)])


BESIDE = capture(*"abcdefgh")


@pytest.mark.parametrize("ours", ["abcdef", "abcdeg", "abcdefg", "abcdeh"])
def test_capture_that_ended_earlier_is_a_beginning(ours):
    packets = [packet for packet in BESIDE.packets if packet.data.decode() in ours]
    same_packets(packets, beginning_of(BESIDE, packets))


@pytest.mark.parametrize("ours", ["abdefg", "bcdefg", "abcdeg" + "x", "abcdeff"])
def test_capture_that_lacks_a_packet_or_has_another_is_none(ours):
    packets = capture(*ours).packets
    with pytest.raises(AssertionError):
        same_packets(packets, beginning_of(BESIDE, packets))


def test_packet_long_before_the_end_must_be_there_however_late_it_came():
    late = Pcap(65535, 1, sorted(BESIDE.packets, key=lambda packet: packet.data == b"b"))
    packets = [packet for packet in BESIDE.packets if packet.data != b"b"]
    assert packets[-1].microseconds - BESIDE.packets[1].microseconds > SKEW_MICROSECONDS
    with pytest.raises(AssertionError):
        same_packets(packets, beginning_of(late, packets))
