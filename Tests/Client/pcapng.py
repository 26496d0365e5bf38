"""A strict reader of pcapng, as the client writes it: one section, one interface for each stream."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

SECTION, INTERFACE, NAMES, STATISTICS, PACKET = 0x0A0D0D0A, 1, 4, 5, 6


class PcapngError(ValueError):
    pass


@dataclass
class Interface:
    link_type: int
    snaplen: int
    options: dict[int, bytes]
    statistics: list[dict[int, bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.options[2].decode()

    @property
    def description(self) -> str:
        return self.options.get(3, b"").decode()

    @property
    def filter(self) -> str | None:
        """Of the kind that is an expression as it was written."""
        return self.options[11][1:].decode() if self.options.get(11, b"")[:1] == b"\0" else None

    @property
    def ticks_per_second(self) -> int:
        resolution = self.options.get(9, b"\6")[0]
        return 1 << (resolution & 0x7F) if resolution & 0x80 else 10 ** resolution

    def statistic(self, option: int) -> int | None:
        """A counter of the only statistics block."""
        if len(self.statistics) != 1:
            raise PcapngError(f"{len(self.statistics)} statistics of interface {self.name}")
        value = self.statistics[0].get(option)
        return None if value is None else struct.unpack("=Q", value)[0]


class Packet(NamedTuple):
    interface: int
    microseconds: int
    data: bytes
    length: int


@dataclass
class Pcapng:
    options: dict[int, bytes]
    interfaces: list[Interface]
    packets: list[Packet]
    names: dict[bytes, str] = field(default_factory=dict)

    def of(self, name: str) -> list[Packet]:
        """The packets of the interfaces of this name."""
        wanted = {number for number, interface in enumerate(self.interfaces) if interface.name == name}
        return [packet for packet in self.packets if packet.interface in wanted]


def read_pcapng(data: bytes) -> Pcapng:
    """Raises PcapngError unless the data is one section of whole blocks, each as it should be."""
    section: Pcapng | None = None
    for kind, body in _blocks(data):
        if kind == SECTION:
            if section is not None:
                raise PcapngError("a second section")
            magic, major, minor, length = struct.unpack_from("=IHHq", body)
            if (magic, major, minor, length) != (0x1A2B3C4D, 1, 0, -1):
                raise PcapngError(f"not a section header: {body[:16].hex()}")
            section = Pcapng(_options(body[16:]), [], [])
        elif section is None:
            raise PcapngError(f"a block of type {kind} before the section header")
        elif kind == INTERFACE:
            link_type, reserved, snaplen = struct.unpack_from("=HHI", body)
            if reserved:
                raise PcapngError("reserved bits are set")
            section.interfaces.append(Interface(link_type, snaplen, _options(body[8:])))
        elif kind == NAMES:
            section.names |= _names(body)
        elif kind == PACKET:
            section.packets.append(_packet(section, body))
        elif kind == STATISTICS:
            interface, _, _ = struct.unpack_from("=III", body)
            section.interfaces[interface].statistics.append(_options(body[12:]))
        else:
            raise PcapngError(f"a block of type {kind}")
    if section is None:
        raise PcapngError("empty")
    return section


def _blocks(data: bytes):
    position = 0
    while position < len(data):
        if position + 12 > len(data):
            raise PcapngError(f"cut at {position} of {len(data)}")
        kind, length = struct.unpack_from("=II", data, position)
        if length % 4 or length < 12 or position + length > len(data):
            raise PcapngError(f"block of {length} bytes at {position} of {len(data)}")
        if struct.unpack_from("=I", data, position + length - 4)[0] != length:
            raise PcapngError(f"lengths differ in the block at {position}")
        yield kind, data[position + 8:position + length - 4]
        position += length


def _packet(section: Pcapng, body: bytes) -> Packet:
    number, high, low, kept, length = struct.unpack_from("=IIIII", body)
    if number >= len(section.interfaces):
        raise PcapngError(f"a packet of interface {number} before its description")
    interface = section.interfaces[number]
    if kept > length or interface.snaplen and kept > interface.snaplen or 20 + kept > len(body):
        raise PcapngError(f"a packet with {kept} of {length} bytes")
    ticks = high << 32 | low
    return Packet(number, ticks * 1_000_000 // interface.ticks_per_second, body[20:20 + kept], length)


def _names(body: bytes) -> dict[bytes, str]:
    names, position = {}, 0
    while (record := struct.unpack_from("=HH", body, position)) != (0, 0):
        kind, length = record
        size = {1: 4, 2: 16}[kind]
        value = body[position + 4:position + 4 + length]
        if len(value) < length or value[-1:] != b"\0":
            raise PcapngError("a name that is cut")
        names[value[:size]] = value[size:-1].decode()
        position += 4 + (length + 3) // 4 * 4
    return names


def _options(data: bytes) -> dict[int, bytes]:
    options, position = {}, 0
    while position < len(data):
        code, length = struct.unpack_from("=HH", data, position)
        if code == 0:
            if length or position + 4 != len(data):
                raise PcapngError("bytes behind the last option")
            break
        if code in options:
            raise PcapngError(f"option {code} twice")
        options[code] = data[position + 4:position + 4 + length]
        if len(options[code]) < length:
            raise PcapngError(f"option {code} is cut")
        position += 4 + (length + 3) // 4 * 4
    return options
