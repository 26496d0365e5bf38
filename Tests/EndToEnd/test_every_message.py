"""Each message of the agent stands in a test, so that a change of its words is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import REPOSITORY

pytestmark = pytest.mark.home("namespace")

SOURCES = [REPOSITORY / "Sources/Agent", REPOSITORY / "Sources/cf-pcap"]
TESTS = [REPOSITORY / "Tests/AgentTests", REPOSITORY / "Tests/EndToEnd"]
INTERPOLATION = r"\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
LITERAL = re.compile(rf'"""\n(.*?)"""|"((?:{INTERPOLATION}|\\.|[^"\\\n])*)"', re.DOTALL)

# What nothing makes come, and why.
UNREACHED = {
    "failed to forbid sending on the packet socket: it is not descriptor": "libpcap opens the lowest number that is free",
    "gave no valid answer": "a process would have to take the place of the one that compiles",
    "the kernel did not hand over all that it had captured": "the kernel would have to count what it does not hand over",
}


def files(folders: list[Path], suffix: str) -> Iterator[Path]:
    return (file for folder in folders for file in sorted(folder.rglob(f"*{suffix}")) if file != Path(__file__))


def plain(text: str) -> str:
    """The text with literals that stand side by side, or go on in the next line, joined, and all white space one space."""
    text = re.sub(r'"\s*\n\s*(?:\+ )?[fr#]*"', "", re.sub(r"\\\n\s*", "", text))
    return re.sub(r"\s+", " ", text.replace('\\"', '"'))


def messages(source: str) -> Iterator[str]:
    """The words between what is put in, of all literals with two words at least."""
    for literal in LITERAL.finditer(re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)):
        for part in re.split(INTERPOLATION, literal[1] or literal[2] or ""):
            words = plain(part).strip(" .,:;?'()\"")
            if len(words.split()) >= 2 and re.search("[a-z]{3}", words):
                yield words


def test_every_message_of_the_agent_stands_in_a_test():
    tested = "\n".join(plain(file.read_text()) for suffix in (".swift", ".py") for file in files(TESTS, suffix))
    said = {message: file.name for file in files(SOURCES, ".swift") for message in messages(file.read_text())}
    assert len(said) > 100 and not [message for message in UNREACHED if message not in said]
    assert {message: name for message, name in said.items() if message not in tested and message not in UNREACHED} == {}
