"""The fixtures of the tests, and the two homes in which they run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from harness import BINARY, Namespace
from harness.home import HOMES, at_home, new_home

pytest_plugins = ["harness.fixtures"]
TOOLS = ("dnsmasq", "gcc", "ip", "nsenter", "runc", "setcap", "setpriv", "strace", "tcpdump", "tshark", "unshare")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--home", choices=HOMES, help="run the tests in this home only")
    parser.addoption("--rounds", type=int, default=1, help="how often to run each test that chooses moments at random")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: the test measures how fast something is, and runs with nothing beside it")
    config.addinivalue_line("markers", "home(name): the test runs in this home alone")
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0:
        raise pytest.UsageError("the tests take root, for network namespaces and file capabilities")
    if not BINARY.exists():
        raise pytest.UsageError(f"no agent at {BINARY}: build it with scripts/build")
    if missing:
        raise pytest.UsageError(f"not installed: {', '.join(missing)}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("home")
    if "round" in metafunc.fixturenames:
        metafunc.parametrize("round", range(metafunc.config.getoption("rounds")))
    metafunc.parametrize("home", marker.args if marker else HOMES, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("home")
    elsewhere = [item for item in items if wanted not in (None, item.callspec.params["home"])]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in set(elsewhere)]


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest) -> Iterator[str]:
    """The place in which the test runs; the fixtures below make it."""
    with at_home(request.param):
        yield request.param


@pytest.fixture
def namespace(home: str) -> Iterator[Namespace]:
    """A home with nothing but lo."""
    with new_home() as namespace:
        yield namespace


@pytest.fixture
def peer() -> Iterator[Namespace]:
    """The host at the other end of the `container`'s eth0: 10.77.0.1."""
    with Namespace() as namespace:
        yield namespace


@pytest.fixture
def container(home: str, peer: Namespace) -> Iterator[Namespace]:
    """A home with lo and eth0 (10.77.0.2)."""
    with new_home() as namespace:
        namespace.connect(peer)
        yield namespace
