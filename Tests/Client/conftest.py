"""Fixtures for every test of the client."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import client
from foundation import Application, Foundation, Process
from harness import BINARY

pytest_plugins = ["harness.fixtures"]
TOOLS = ("capinfos", "ip", "nsenter", "setcap", "setpriv", "ssh-keygen", "ss", "tcpdump", "tshark", "unshare", "wireshark", "xvfb-run", "zstd")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks: does to containers what cannot be undone")
    config.addinivalue_line("markers", "long: takes minutes, and is run only when asked for with `-m long`")
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0:
        raise pytest.UsageError("the tests take root, for network namespaces and file capabilities")
    for binary in (BINARY, client.BINARY):
        if not binary.exists():
            raise pytest.UsageError(f"no {binary}: build it with scripts/build")
    if missing:
        raise pytest.UsageError(f"not installed: {', '.join(missing)}")


_shown: list[str] = []


@pytest.fixture
def show():
    """Keeps a line of figures for the end of the test run."""
    return _shown.append


def pytest_terminal_summary(terminalreporter) -> None:
    if _shown:
        terminalreporter.section("figures of the client's tests")
        terminalreporter.write_line("\n".join(_shown))


@pytest.fixture(scope="session")
def _lasting() -> Iterator[Foundation]:
    with Foundation() as foundation:
        foundation.push("demo", web=3)
        yield foundation


@pytest.fixture
def foundation(request: pytest.FixtureRequest) -> Iterator[Foundation]:
    """One with nothing in it for tests marked `breaks`; the same one, reset, for all others."""
    if request.node.get_closest_marker("breaks"):
        with Foundation() as foundation:
            yield foundation
            client.kill_all()
    else:
        foundation = request.getfixturevalue("_lasting")
        foundation.reset()
        yield foundation
        client.kill_all()


@pytest.fixture
def demo(foundation: Foundation) -> Application:
    """An app with three instances of its process `web`."""
    return foundation.applications[0] if foundation.applications else foundation.push("demo", web=3)


@pytest.fixture
def solo(foundation: Foundation, demo: Application) -> Application:
    """An app with one instance, which it shares with `demo`."""
    solo = Application("solo", [Process("web", demo.processes[0].instances[:1])])
    foundation.applications.append(solo)
    return solo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the client is started."""
    return tmp_path


LIAR = """
import os, random, signal, struct, sys, time

def now():
    return int(time.time())

def header(snaplen=65535, link_type=1):
    return struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snaplen, link_type)

def record(data, length=None):
    nanoseconds = time.time_ns()
    return struct.pack("=IIII", nanoseconds // 10**9, nanoseconds % 10**9 // 1000, len(data), length or len(data)) + data

def write(descriptor, data):
    while data:
        data = data[os.write(descriptor, data):]

def send(data):
    write(1, data)

def log(data):
    write(2, data)

def wait():
    "Until the client asks for the end."
    while os.read(0, 100):
        pass

"""


@pytest.fixture(scope="session")
def liars(tmp_path_factory: pytest.TempPathFactory):
    """Turns Python source into what an instance's `ssh_answer` is to be for it to run in place of a session."""
    folder = tmp_path_factory.mktemp("liars")

    def write(source: str) -> dict:
        script = folder / f"{len(list(folder.iterdir()))}.py"
        script.write_text(LIAR + source + "\n")
        return {"run": [sys.executable, "-IS", str(script)]}

    return write
