"""Fixtures for every test, and no quiet skips in continuous integration."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import BINARY, Namespace
from harness.agent import give_children_default_signals, kill_all

TOOLS = ("dnsmasq", "gcc", "ip", "nsenter", "setcap", "setpriv", "strace", "tcpdump", "tshark", "unshare")
SECONDS_PER_TEST = 90


def pytest_configure() -> None:
    give_children_default_signals()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = _missing()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


def _missing() -> str | None:
    if os.geteuid() != 0:
        return "needs root, for network namespaces and file capabilities"
    if not BINARY.exists():
        return f"no agent at {BINARY}"
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
def _time_limit() -> Iterator[None]:
    """No test waits for ever."""
    def stop(*_) -> None:
        raise TimeoutError(f"the test took more than {SECONDS_PER_TEST} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS_PER_TEST)
    yield
    signal.alarm(0)


@pytest.fixture(autouse=True)
def _no_agent_left() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """A namespace with nothing but lo."""
    with Namespace() as namespace:
        yield namespace


@pytest.fixture
def peer() -> Iterator[Namespace]:
    """The host at the other end of the `container`'s eth0: 10.77.0.1."""
    with Namespace() as namespace:
        yield namespace


@pytest.fixture
def container(peer: Namespace) -> Iterator[Namespace]:
    """A namespace with lo and eth0 (10.77.0.2), as a container has."""
    with Namespace() as namespace:
        namespace.connect(peer)
        yield namespace


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which everyone may read and write (pytest's own are for root alone)."""
    with tempfile.TemporaryDirectory(prefix="cf-pcap-test-") as name:
        os.chmod(name, 0o777)
        yield Path(name)
