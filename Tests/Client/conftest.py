"""Fixtures for every test of the client, and no quiet skips in continuous integration."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import client
from foundation import Application, Foundation, Process
from harness import BINARY
from harness.agent import give_children_default_signals

TOOLS = ("capinfos", "ip", "nsenter", "setcap", "setpriv", "ssh-keygen", "ss", "tcpdump", "tshark", "unshare", "zstd")
SECONDS_PER_TEST = 90


def pytest_configure(config: pytest.Config) -> None:
    give_children_default_signals()
    config.addinivalue_line("markers", "breaks: does to containers what cannot be undone")
    config.addinivalue_line("markers", "long: takes minutes, and is run only when asked for with `-m long`")
    config.addinivalue_line("markers", "seconds(limit): how long a test may take, where that is not the usual")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = _missing()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


def _missing() -> str | None:
    if os.geteuid() != 0:
        return "needs root, for network namespaces and file capabilities"
    for binary in (BINARY, client.BINARY):
        if not binary.exists():
            return f"no {binary}"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {report.longrepr}"


@pytest.fixture(autouse=True)
def _time_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test waits for ever."""
    mark = request.node.get_closest_marker("seconds")
    limit = mark.args[0] if mark else SECONDS_PER_TEST

    def stop(*_) -> None:
        raise TimeoutError(f"the test took more than {limit} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    yield
    signal.alarm(0)


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
