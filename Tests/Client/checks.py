"""What is to hold of a capture."""

from __future__ import annotations

import dataclasses
import subprocess
from collections import Counter
from pathlib import Path

from client import Client, Result
from foundation import Foundation, Tcpdump
from harness import Pcap

# Each capture takes its own time stamp of a packet, and a hypervisor may take the processor away between two of them.
SKEW_MICROSECONDS = 100_000
HARMLESS = ("Running as user",)


def is_refused(foundation: Foundation, folder: Path, *arguments: object, words: list[str]) -> None:
    """In one line with these words, before the platform is asked anything, and without a file."""
    foundation.requests.clear()
    with Client(foundation, folder, *arguments) as running:
        result = running.wait(30)
    assert result.status == 2, result.stderr
    assert all(word in result.stderr for word in words) and len(result.lines) == 1, result.stderr
    assert not foundation.requests and not list(folder.iterdir())


def in_order(packets) -> None:
    """By time. The kernel may stamp two packets on two processors the other way round than it hands them to an agent: where
    the file has interfaces, such a pair is of one of them; where not, it is told by how little it is."""
    late = [(one, other) for one, other in zip(packets, packets[1:]) if other.microseconds < one.microseconds
            and not (_lane(one) == _lane(other) and one.microseconds - other.microseconds < SKEW_MICROSECONDS)]
    assert not late, f"{len(late)} of {len(packets)} packets are late, the first is {late[0][1]}"


def _lane(packet) -> int | None:
    return getattr(packet, "interface", None)


def same_packets(packets, beside: Pcap) -> None:
    """The same bytes at the same times; two captures may see two packets of two processors in either order."""
    ours, theirs = (sorted(packets, key=lambda packet: (packet.data, packet.microseconds))
                    for packets in (packets, beside.packets))
    missing = Counter(packet.data for packet in theirs) - Counter(packet.data for packet in ours)
    added = Counter(packet.data for packet in ours) - Counter(packet.data for packet in theirs)
    assert not missing and not added, f"of {len(theirs)} packets {missing.total()} are missing, and {added.total()} more are there"
    skew = max((abs(one.microseconds - other.microseconds) for one, other in zip(ours, theirs)), default=0)
    assert skew < SKEW_MICROSECONDS, f"{skew} us"


def beginning_of(beside: Pcap, packets) -> Pcap:
    """The packets of `beside` that a capture has seen which ended earlier, with `packets`. Two captures may see two packets
    of two processors in either order: of those beside the last one only the ones that `packets` has are wanted."""
    end = max(packet.microseconds for packet in packets)
    wanted = Counter(packet.data for packet in packets)
    kept = []
    for packet in beside.packets:
        is_certain = packet.microseconds < end - SKEW_MICROSECONDS
        if is_certain or packet.microseconds <= end + SKEW_MICROSECONDS and wanted[packet.data] > 0:
            kept.append(packet)
            wanted[packet.data] -= 1
    return dataclasses.replace(beside, packets=kept)


def nothing_lost(result: Result, beside: dict[int, Tcpdump]) -> None:
    """x.pcapng holds what tcpdump saw beside these instances, in order and as a whole file."""
    capture = result.pcapng("x.pcapng")
    in_order(capture.packets)
    for index, tcpdump in beside.items():
        expected = tcpdump.stop()
        assert len(expected.packets) > 50
        same_packets(capture.of(f"web/{index} eth0"), expected)
    check_with_tools(result.folder / "x.pcapng")


def check_with_tools(file: Path) -> None:
    """capinfos and tshark read it to its end without a complaint."""
    for command in (["capinfos", file], ["tshark", "-n", "-r", file]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        notes = [line for line in done.stderr.splitlines() if not any(words in line for words in HARMLESS)]
        assert done.returncode == 0 and not notes, f"{command[0]}: {done.returncode} {notes}"


def first_fields(file: Path, field: str) -> list[str]:
    """That field of each packet, as tshark says it."""
    done = subprocess.run(["tshark", "-n", "-r", file, "-T", "fields", "-e", field], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
