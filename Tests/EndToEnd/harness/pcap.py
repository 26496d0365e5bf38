"""A strict reader of classic pcap, and second opinions from tcpdump and tshark."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from dataclasses import dataclass
from typing import NamedTuple

MAGIC = 0xA1B2C3D4
ETHERNET, RAW_IP, LINUX_SLL2 = 1, 101, 276
_LINK_HEADER = {ETHERNET: 14, RAW_IP: 0, LINUX_SLL2: 20}


class PcapError(ValueError):
    pass


class Packet(NamedTuple):
    microseconds: int
    data: bytes
    length: int


@dataclass
class Pcap:
    snaplen: int
    link_type: int
    packets: list[Packet]

    @property
    def payloads(self) -> list[bytes]:
        """The bytes after the IPv4 and UDP headers of each packet (no options, no VLAN tag)."""
        skip = _LINK_HEADER[self.link_type] + 28
        return [packet.data[skip:] for packet in self.packets]

    @property
    def numbers(self) -> list[int]:
        """The 64-bit sequence number at the head of each UDP payload."""
        return [struct.unpack_from(">Q", payload)[0] for payload in self.payloads]


def read_pcap(data: bytes) -> Pcap:
    """Raises PcapError unless the data is a header and whole records, each as it should be."""
    if len(data) < 24:
        raise PcapError(f"no header: {len(data)} bytes")
    magic, major, minor, zone, accuracy, snaplen, link_type = struct.unpack_from("=IHHiIII", data)
    if (magic, major, minor, zone, accuracy) != (MAGIC, 2, 4, 0, 0):
        raise PcapError(f"not a pcap 2.4 header: {data[:24].hex()}")
    packets = []
    position, end = 24, len(data)
    unpack = struct.Struct("=IIII").unpack_from
    while position < end:
        if position + 16 > end:
            raise PcapError(f"record header cut at {position} of {end}")
        seconds, fraction, kept, length = unpack(data, position)
        position += 16
        if fraction >= 1_000_000 or kept > length or kept > snaplen:
            raise PcapError(f"bad record header at {position - 16}: {data[position - 16:position].hex()}")
        if position + kept > end:
            raise PcapError(f"record cut at {position} of {end}: {kept} bytes promised")
        packets.append(Packet(seconds * 1_000_000 + fraction, data[position:position + kept], length))
        position += kept
    return Pcap(snaplen, link_type, packets)


def read_uniform(data: bytes, size: int) -> list[int]:
    """The numbers of the packets of a large capture of UDP over Ethernet, whose frames all have this size."""
    record = struct.Struct(f"=IIII42x8s{size - 50}x")
    if (len(data) - 24) % record.size != 0:
        raise PcapError(f"not whole records of {size} bytes: {len(data)} bytes")
    numbers = []
    for _, fraction, kept, length, number in record.iter_unpack(memoryview(data)[24:]):
        if kept != size or length != size or fraction >= 1_000_000:
            raise PcapError(f"bad record header at record {len(numbers)}: {kept} of {length} bytes")
        numbers.append(int.from_bytes(number))
    return numbers


def check_with_tcpdump(data: bytes) -> list[str]:
    """One line a packet, as tcpdump reads it; fails if it says anything but which file it reads."""
    done = _feed(["tcpdump", "-nn", "-r", "{}"], data)
    notes = [line for line in done.stderr.splitlines()
             if not line.startswith(("reading from file", "Warning: interface names might be incorrect"))]
    assert done.returncode == 0 and not notes, f"tcpdump: {done.returncode} {notes}"
    return done.stdout.splitlines()


def check_with_tshark(data: bytes) -> list[str]:
    """One line a packet, as tshark reads it; fails if it complains of the file."""
    done = _feed(["tshark", "-n", "-r", "{}"], data)
    notes = [line for line in done.stderr.splitlines() if not line.startswith("Running as user")]
    assert done.returncode == 0 and not notes, f"tshark: {done.returncode} {notes}"
    return done.stdout.splitlines()


def _feed(command: list[str], data: bytes) -> subprocess.CompletedProcess:
    # A file, for a reader may take the end of a pipe in the middle of a record for the end of the capture.
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(data)
        file.flush()
        return subprocess.run([word.format(file.name) for word in command], capture_output=True, text=True, timeout=60)
