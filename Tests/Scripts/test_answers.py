"""Each script says what it does, and refuses what it does not take, before it does anything."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from harness import REPOSITORY

FOLDER = REPOSITORY / "scripts"
SCRIPTS = sorted(path.name for path in FOLDER.iterdir() if os.access(path, os.X_OK))


def answer(name: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([FOLDER / name, *arguments], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=10)


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name, option):
    done = answer(name, option)
    assert done.returncode == 0 and done.stderr == ""
    first, *_ = done.stdout.splitlines()
    assert first[:1].isupper() and f"\nUsage: scripts/{name}" in done.stdout
    assert "#" not in done.stdout


WRONG = {
    "attack": ["abc", "0", "-5", "10 20", "--bogus"],
    "bench": ["bogus", "--bogus", "--rounds x", "--rounds", "--tools agent,bogus", "--tools", "--json", "--before", "--before nowhere", "cpu bogus"],
    "build": ["bogus", "--bogus", "--prefix", "--prefix /nowhere"],
    "fuzz": ["bogus", "0", "-1", "2 bogus", "2s", "--bogus"],
    "install": ["bogus", "--bogus", "build bogus", "--packages"],
    "lint": ["bogus", "--bogus", "--fix bogus"],
    "sanitize": ["bogus", "--bogus", "address bogus"],
    "soak": ["abc", "0", "-5", "1.5", "10 20", "--bogus"],
    "test": ["bogus", "--bogus", "lint bogus", "unit --bogus", "unit --filter", "unit --filter a b", "unit --filter a lint", "end-to-end bogus.py", "end-to-end --bogus", "end-to-end -k",
             "client bogus.py", "client --bogus", "client bogus"],
    "test-package": ["bogus", "--bogus", "-k", "test_package.py bogus.py"],
}


@pytest.mark.parametrize("name, arguments", [(name, line) for name, lines in WRONG.items() for line in lines])
def test_wrong_argument(name, arguments):
    done = answer(name, *arguments.split())
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"scripts/{name}: ") and done.stderr.count("\n") == 1


def test_every_script_is_asked():
    """`run` and `demo` hand their arguments to the agent and the client, which answer for themselves."""
    assert set(SCRIPTS) == WRONG.keys() | {"run", "demo"}
    done = answer("run", "--bogus")
    assert done.returncode == 2 and done.stdout == "" and "-bogus" in done.stderr


def test_contributing_lists_what_is_installed():
    """By purpose; what `run` takes is taken for the others too, and listed once."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| (\w+) \| (`.+) \|$", text, re.MULTILINE)
    listed = {purpose: set(re.findall("`(.+?)`", names)) for purpose, names in rows}
    _, _, purposes = answer("install", "-h").stdout.partition("What each takes:\n")
    said = re.findall(r"^  (\w+): (.*?)(?=^  \w+:|\Z)", purposes, re.MULTILINE | re.DOTALL)
    assert len(said) >= 5
    for purpose, names in said:
        debian, _, python = " ".join(names.split()).partition("; from PyPI: ")
        assert set(debian.split()) <= listed[purpose] | listed["run"], purpose
        assert set(python.split()) <= listed["test"], purpose
