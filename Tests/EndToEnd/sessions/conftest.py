"""The tests of this folder wait for seconds and compute little, so they run at the same time, some at once.

What a test here takes as arguments comes from `parametrize` alone: it runs before pytest could set up a fixture for it.
"""

from __future__ import annotations

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import installed
from harness.home import at_home

from . import figures

AT_ONCE = 16
TOOLS = ("dropbear", "dropbearkey", "haproxy", "openssl", "ss", "ssh", "ssh-keygen", "sshd")
FOLDER = Path(__file__).parent
POOL = pytest.StashKey[ThreadPoolExecutor]()
RUNNING = pytest.StashKey[dict[str, Future]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing and _here(items):
        raise pytest.UsageError(f"not installed: {', '.join(missing)}")


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    session = pyfuncitem.session
    if RUNNING not in session.stash:
        installed()
        pool = session.stash[POOL] = ThreadPoolExecutor(AT_ONCE)
        session.stash[RUNNING] = {item.nodeid: pool.submit(_call, item) for item in _here(session.items)}
    session.stash[RUNNING][pyfuncitem.nodeid].result()
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    if POOL in session.stash:
        session.stash[POOL].shutdown(cancel_futures=True)


def pytest_terminal_summary(terminalreporter) -> None:
    if figures.shown:
        terminalreporter.section("figures of the session tests")
        terminalreporter.write_line("\n".join(sorted(figures.shown)))


def _here(items: list[pytest.Item]) -> list[pytest.Function]:
    return [item for item in items if item.path.parent == FOLDER]


def _call(item: pytest.Function) -> None:
    arguments = dict(item.callspec.params)
    with at_home(arguments.pop("home")):
        item.obj(**arguments)
