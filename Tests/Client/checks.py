"""What is to hold of a capture."""

from __future__ import annotations

import subprocess
from pathlib import Path

from client import Result
from foundation import Tcpdump
from harness import Pcap

# Each capture takes its own time stamp of a packet.
SKEW_MICROSECONDS = 2_000
HARMLESS = ("Running as user",)


def in_order(packets) -> None:
    times = [packet.microseconds for packet in packets]
    late = [number for number, (one, other) in enumerate(zip(times, times[1:]), 1) if other < one]
    assert not late, f"{len(late)} of {len(times)} packets are late, the first is {late[0]}"


def same_packets(packets, beside: Pcap) -> None:
    """The same bytes in the same order at the same time."""
    assert [packet.data for packet in packets] == [packet.data for packet in beside.packets]
    skew = [abs(one.microseconds - other.microseconds) for one, other in zip(packets, beside.packets)]
    assert max(skew, default=0) < SKEW_MICROSECONDS


def nothing_lost(result: Result, beside: dict[int, Tcpdump]) -> None:
    """x.pcapng holds what tcpdump saw beside these instances, in order and as a whole file."""
    capture = result.pcapng("x.pcapng")
    in_order(capture.packets)
    for index, tcpdump in beside.items():
        expected = tcpdump.stop()
        assert len(expected.packets) > 50
        same_packets(capture.of(f"web/{index} eth0"), expected)
    check_with_tools(result.folder / "x.pcapng")


def check_with_tools(file: Path, ordered: bool = True) -> None:
    """capinfos and tshark read it to its end without a complaint."""
    for command in (["capinfos", file], ["tshark", "-n", "-r", file]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        notes = [line for line in done.stderr.splitlines() if not any(words in line for words in HARMLESS)]
        assert done.returncode == 0 and not notes, f"{command[0]}: {done.returncode} {notes}"
        if command[0] == "capinfos" and ordered:
            assert "Strict time order:   True" in done.stdout, done.stdout


def first_fields(file: Path, field: str) -> list[str]:
    """That field of each packet, as tshark says it."""
    done = subprocess.run(["tshark", "-n", "-r", file, "-T", "fields", "-e", field], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
