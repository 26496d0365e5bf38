"""Decodes Go's gob streams (pkg.go.dev/encoding/gob), and encodes the one answer that a plugin waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BOOL, INT, UINT, BYTES, STRING = 1, 2, 3, 5, 6
WIRE_TYPE, ARRAY_TYPE, COMMON_TYPE, SLICE_TYPE, STRUCT_TYPE, FIELD_TYPE, FIELD_TYPES, MAP_TYPE = range(16, 24)
FIRST_DEFINED = 64


class GobError(ValueError):
    pass


@dataclass
class Struct:
    fields: list[tuple[str, int]]


@dataclass
class Slice:
    element: int


@dataclass
class Map:
    key: int
    element: int


# Of the definitions themselves, which are sent as values of these types.
BOOTSTRAP: dict[int, Struct | Slice | Map] = {
    WIRE_TYPE: Struct([("ArrayT", ARRAY_TYPE), ("SliceT", SLICE_TYPE), ("StructT", STRUCT_TYPE), ("MapT", MAP_TYPE)]),
    ARRAY_TYPE: Struct([("CommonType", COMMON_TYPE), ("Elem", INT), ("Len", INT)]),
    COMMON_TYPE: Struct([("Name", STRING), ("Id", INT)]),
    SLICE_TYPE: Struct([("CommonType", COMMON_TYPE), ("Elem", INT)]),
    STRUCT_TYPE: Struct([("CommonType", COMMON_TYPE), ("Field", FIELD_TYPES)]),
    FIELD_TYPE: Struct([("Name", STRING), ("Id", INT)]),
    FIELD_TYPES: Slice(FIELD_TYPE),
    MAP_TYPE: Struct([("CommonType", COMMON_TYPE), ("Key", INT), ("Elem", INT)]),
}


class Message:
    """The bytes of one message, from its type's number on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._position:self._position + count]
        if len(taken) < count:
            raise GobError(f"{count} bytes wanted at {self._position} of {self._data.hex()}")
        self._position += count
        return taken

    def unsigned(self) -> int:
        return read_unsigned(self.take)

    def signed(self) -> int:
        bits = self.unsigned()
        return ~(bits >> 1) if bits & 1 else bits >> 1

    def end(self) -> None:
        if self._position != len(self._data):
            raise GobError(f"{len(self._data) - self._position} bytes too many in {self._data.hex()}")


def read_unsigned(take: Callable[[int], bytes]) -> int:
    first = take(1)[0]
    if first < 128:
        return first
    count = 256 - first
    if count > 8:
        raise GobError(f"a number of {count} bytes")
    return int.from_bytes(take(count))


class Decoder:
    """Of a stream that `take` reads that many bytes of. Everything raises GobError at what Go would not accept."""

    def __init__(self, take: Callable[[int], bytes]) -> None:
        self._take = take
        self._types: dict[int, Struct | Slice | Map] = dict(BOOTSTRAP)

    def next(self):
        """The next value; the definitions before it are learnt."""
        while True:
            message = Message(self._take(read_unsigned(self._take)))
            number = message.signed()
            if number >= 0:
                return self._top(message, number)
            self._define(-number, self._value(message, WIRE_TYPE))
            message.end()

    def _define(self, number: int, wire: dict) -> None:
        if number < FIRST_DEFINED or number in self._types:
            raise GobError(f"type {number} is defined already")
        match wire:
            case {"StructT": struct}:
                self._types[number] = Struct([(field["Name"], field["Id"]) for field in struct.get("Field", [])])
            case {"SliceT": slice}:
                self._types[number] = Slice(slice["Elem"])
            case {"MapT": map}:
                self._types[number] = Map(map["Key"], map["Elem"])
            case _:
                raise GobError(f"type {number} is of no known kind: {wire}")

    def _top(self, message: Message, number: int):
        if not isinstance(self._types.get(number), Struct) and message.take(1) != b"\0":
            raise GobError("no zero before a value that is no struct")
        value = self._value(message, number)
        message.end()
        return value

    def _value(self, message: Message, number: int):
        match self._types.get(number, number):
            case Struct(fields):
                return self._struct(message, fields)
            case Slice(element):
                return [self._value(message, element) for _ in range(message.unsigned())]
            case Map(key, element):
                count = message.unsigned()
                return {self._value(message, key): self._value(message, element) for _ in range(count)}
            case 1:
                return bool(message.unsigned())
            case 2:
                return message.signed()
            case 3:
                return message.unsigned()
            case 5:
                return message.take(message.unsigned())
            case 6:
                return message.take(message.unsigned()).decode()
        raise GobError(f"a value of type {number}, which is not defined")

    def _struct(self, message: Message, fields: list[tuple[str, int]]) -> dict:
        """Without the fields that were left out, which are zero."""
        values = {}
        position = -1
        while step := message.unsigned():
            position += step
            if position >= len(fields):
                raise GobError(f"field {position} of {len(fields)}")
            name, type = fields[position]
            values[name] = self._value(message, type)
        return values


def unsigned(value: int) -> bytes:
    if value < 128:
        return bytes([value])
    data = value.to_bytes((value.bit_length() + 7) // 8)
    return bytes([256 - len(data)]) + data


def text(value: str) -> bytes:
    data = value.encode()
    return unsigned(len(data)) + data


def message(data: bytes) -> bytes:
    return unsigned(len(data)) + data


def _fields(*values: bytes | None) -> bytes:
    """A struct's fields, those that are None left out."""
    result, last = b"", -1
    for position, value in enumerate(values):
        if value is not None:
            result += unsigned(position - last) + value
            last = position
    return result + b"\0"


RESPONSE = 64 << 1
_DEFINITION = unsigned((FIRST_DEFINED << 1) - 1) + _fields(None, None, _fields(
    _fields(text("Response"), unsigned(RESPONSE)),
    unsigned(3) + b"".join(_fields(text(name), unsigned(type << 1))
                           for name, type in (("ServiceMethod", STRING), ("Seq", UINT), ("Error", STRING)))))


def answer(method: str, sequence: int, error: str = "") -> bytes:
    """net/rpc's answer to the first call of a connection: a Response, and true."""
    header = unsigned(RESPONSE) + _fields(
        text(method), unsigned(sequence) if sequence else None, text(error) if error else None)
    return message(_DEFINITION) + message(header) + message(unsigned(BOOL << 1) + b"\0\1")
