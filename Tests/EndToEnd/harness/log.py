"""A strict reader of the lines that Go's slog text handler prints, with every byte escaped that is not printable ASCII."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass
class LogLine:
    time: datetime
    level: str
    message: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def __getitem__(self, key: str) -> str:
        return self.attributes[key]


def parse_log(output: bytes) -> list[LogLine]:
    """Every line of the output; raises ValueError at the first that slog would not have printed."""
    if output and not output.endswith(b"\n"):
        raise ValueError(f"the last line has no end: {output[-200:]!r}")
    return [parse_line(line.decode()) for line in output.split(b"\n")[:-1]]


def find(lines: list[LogLine], level: str, message: str) -> LogLine:
    """The only line of this level and message."""
    found = [line for line in lines if (line.level, line.message) == (level, message)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} lines {level} {message!r} in:\n" + "\n".join(line.text for line in lines))
    return found[0]


def parse_line(text: str) -> LogLine:
    pairs: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        if pairs:
            if text[position] != " ":
                raise ValueError(f"no space at {position} in {text!r}")
            position += 1
        end = text.find("=", position)
        key = text[position:end]
        if end < 0 or needs_quoting(key):
            raise ValueError(f"no key at {position} in {text!r}")
        value, position = _value(text, end + 1)
        pairs.append((key, value))
    if [key for key, _ in pairs[:3]] != ["time", "level", "msg"]:
        raise ValueError(f"not time=, level=, msg=: {text!r}")
    (_, time), (_, level), (_, message) = pairs[:3]
    if not _TIME.fullmatch(time) or level not in LEVELS:
        raise ValueError(f"bad time or level: {text!r}")
    attributes = dict(pairs[3:])
    if len(attributes) != len(pairs) - 3:
        raise ValueError(f"an attribute twice: {text!r}")
    return LogLine(datetime.fromisoformat(time), level, message, attributes, text)


def _value(text: str, start: int) -> tuple[str, int]:
    if text[start:start + 1] == '"':
        value, end = _unquote(text, start + 1)
        if not needs_quoting(value):
            raise ValueError(f"needlessly quoted {value!r} in {text!r}")
        return value, end
    end = text.find(" ", start)
    end = len(text) if end < 0 else end
    value = text[start:end]
    if needs_quoting(value):
        raise ValueError(f"unquoted {value!r} in {text!r}")
    return value, end


def _unquote(text: str, position: int) -> tuple[str, int]:
    """Unquotes a value as Go's strconv.Unquote does. Bytes that are no UTF-8 become Python's surrogate escapes."""
    value = bytearray()
    while True:
        character = text[position:position + 1]
        if character == "":
            raise ValueError(f"no closing quote in {text!r}")
        if character == '"':
            return value.decode(errors="surrogateescape"), position + 1
        if character != "\\":
            if not " " <= character <= "~":
                raise ValueError(f"{character!r} not escaped in {text!r}")
            value += character.encode()
            position += 1
            continue
        escape = text[position + 1:position + 2]
        if escape == "x":
            value.append(int(text[position + 2:position + 4], 16))
            position += 4
        elif escape in ("\\", '"'):
            value += escape.encode()
            position += 2
        else:
            raise ValueError(f"unknown escape in {text!r}")


def needs_quoting(value: str) -> bool:
    return value == "" or any(character in '="' or not "!" <= character <= "\x7f" for character in value)
