"""The fixtures of all tests, and the rule that a test which does not run has failed."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .agent import give_children_default_signals, kill_all
from .paths import WORK

SECONDS_PER_TEST = 180


def pytest_configure(config: pytest.Config) -> None:
    os.umask(0o022)
    give_children_default_signals()
    config.addinivalue_line("markers", "seconds(limit): how long a test may take, where that is not the usual")
    config.option.basetemp = WORK / "pytest"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which counts as failed: {report.longrepr}"


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


@pytest.fixture(autouse=True)
def _no_agent_left() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which everyone may read and write (pytest's own are for root alone)."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        os.chmod(name, 0o777)
        yield Path(name)
