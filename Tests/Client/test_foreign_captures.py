"""The captures that tcpdump's own tests read, as streams of instances. Fetches tcpdump's sources: `pytest Tests/Client -m long`."""

from __future__ import annotations

import struct
import subprocess
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from client import Client, lines_on
from harness import REPOSITORY
from pcapng import Pcapng

AT_ONCE = 60
"""Instances of one run. A session is a process of the stand-in for `cf`, which takes 50 ms of processor time to start."""

LINK_TYPES = {0, 1, 12, 14, 101, 108, 113, 276}
"""Those that an agent can send: loopback, Ethernet, raw IP, Linux cooked captures."""

LONGEST_PACKET = 262_144

pytestmark = [pytest.mark.breaks, pytest.mark.long, pytest.mark.seconds(900)]


@dataclass
class Source:
    """A capture file as it stands: whether its link type is one that an agent can send, whether it ends with a whole record,
    and the whole records before anything else."""

    path: Path
    is_known: bool
    is_whole: bool
    records: list[tuple[int, int, bytes]]
    """Nanoseconds since 1970, the packet's length, the bytes kept."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Source]:
    blobs = REPOSITORY / ".build/blobs"
    subprocess.run([REPOSITORY / "Tests/Support/fetch-sources", blobs, "tcpdump"], check=True)
    archive, = (blobs / "tcpdump").glob("tcpdump-*.tar.*")
    folder = tmp_path_factory.mktemp("tcpdump")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    files = sorted(path for path in folder.glob("*/tests/*") if path.read_bytes()[:4] in BYTE_ORDERS)
    assert len(files) > 500
    return [read(path) for path in files]


BYTE_ORDERS = {
    struct.pack(order + "I", magic): (order, unit)
    for order in "<>" for magic, unit in ((0xA1B2C3D4, 1000), (0xA1B23C4D, 1))
}


def read(path: Path) -> Source:
    data = path.read_bytes()
    order, unit = BYTE_ORDERS[data[:4]]
    _, major, minor, _, _, snaplen, link_type = struct.unpack_from(order + "IHHiIII", data)
    longest = min(snaplen or LONGEST_PACKET, LONGEST_PACKET)
    records, position = [], 24
    while position + 16 <= len(data):
        seconds, fraction, kept, length = struct.unpack_from(order + "IIII", data, position)
        if kept > longest or position + 16 + kept > len(data):
            break
        # A pcapng cannot say that more was kept of a packet than it had.
        records.append((seconds * 10**9 + fraction * unit, max(length, kept), data[position + 16:position + 16 + kept]))
        position += 16 + kept
    # Bits above the 16 of the type say whether frames end with a checksum (pcap-savefile(5)).
    return Source(path, link_type & 0xFFFF in LINK_TYPES and (major, minor) == (2, 4), position == len(data), records)


def test_captures_of_known_link_types_come_through_unchanged_and_others_are_refused(foundation, sources, folder, show):
    totals = Counter()
    for start in range(0, len(sources), AT_ONCE):
        chosen = sources[start:start + AT_ONCE]
        totals += capture(foundation, chosen, folder, f"run-{start}")
    show(f"tcpdump's captures: {dict(totals)}")
    assert totals["changed"] == totals["not refused"] == 0
    assert totals["unchanged"] > 300


def capture(foundation, sources: list[Source], folder: Path, name: str) -> Counter:
    process = foundation.push(name, web=0).processes[0]
    foundation.pretend(process, *({"run": ["sh", "-c", f"cat '{source.path}'; touch {folder}/{name}-{number}; cat >/dev/null"]}
                                  for number, source in enumerate(sources)))
    with Client(foundation, folder, name, "--no-follow", "-o", f"{name}.pcapng") as running:
        # What is refused is killed, maybe before it has sent all.
        running.wait_until(lambda: all(is_over(folder / f"{name}-{number}", number, running) for number in range(len(sources))),
                           120, "all has been sent")
        result = running.stop(timeout=60)
    # Where all are refused, nothing is written.
    written = result.pcapng(f"{name}.pcapng") if (folder / f"{name}.pcapng").exists() else Pcapng({}, [], [])
    outcomes = Counter()
    for number, source in enumerate(sources):
        packets = [(packet.microseconds, packet.length, packet.data) for packet in written.of(f"web/{number} eth0")]
        expected = [(time // 1000, length, data) for time, length, data in source.records]
        refused = bool(result.lines_on(f"web/{number}", "error"))
        if source.is_known:
            outcome = "unchanged" if packets == expected and refused != source.is_whole else "changed"
        else:
            outcome = "refused" if refused and not packets else "not refused"
        if outcome in ("changed", "not refused"):
            print(f"{source.path.name}: {outcome}, {len(packets)} of {len(expected)} packets")
        outcomes[outcome] += 1
    return outcomes


def is_over(sent: Path, number: int, running: Client) -> bool:
    return sent.exists() or bool(lines_on(running.messages, f"web/{number}", "error"))
