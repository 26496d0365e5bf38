"""The packages under test, built once; what the tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.work import WORK  # first: the harness looks at what it sets

from harness import Namespace
from support.bosh import Package, Release, compile_package, fake_toolchain

pytest_plugins = ["harness.fixtures"]
TOOLS = ("bison", "flex", "gcc", "getcap", "git", "ip", "nsenter", "readelf", "setcap", "setpriv", "swift", "tar",
         "tcpdump", "unshare")
BLOBS = Path(__file__).resolve().parents[2] / ".build/blobs"


def pytest_unconfigure() -> None:
    shutil.rmtree(WORK, ignore_errors=True)


def pytest_configure() -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0:
        raise pytest.UsageError("the tests take root, for file capabilities and namespaces")
    if not (BLOBS / "libpcap").is_dir() or not (BLOBS / "libcap").is_dir():
        raise pytest.UsageError("no sources of libpcap and libcap: run Tests/Support/fetch-sources .build/blobs libpcap libcap2=libcap")
    if missing:
        raise pytest.UsageError(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="session")
def packages() -> dict[str, Package]:
    """The package, built with the system's libraries and from source, and each again in other surroundings: another
    folder, a clone in place of what `spec` lists, another time zone, a toolchain from a package."""
    release = Release(WORK / "release")
    builds = [
        lambda: compile_package("system", WORK, release.packed()),
        lambda: compile_package("source", WORK, release.packed(BLOBS)),
        lambda: compile_package("system-again", WORK / "a much longer path/to it", release.clone(),
                                toolchain=fake_toolchain(WORK / "toolchain")),
        lambda: compile_package("source-again", WORK / "elsewhere", release.clone(BLOBS),
                                {"TZ": "Pacific/Auckland", "LC_ALL": "C", "HOME": "/nonexistent"}),
    ]
    with ThreadPoolExecutor(max_workers=2) as pool:
        built = [future.result() for future in [pool.submit(build) for build in builds]]
    return {package.name: package for package in built}


@pytest.fixture(params=["system", "source"])
def package(request: pytest.FixtureRequest, packages: dict[str, Package]) -> Package:
    return packages[request.param]


@pytest.fixture
def system(packages: dict[str, Package]) -> Package:
    return packages["system"]


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """A network namespace with nothing but lo."""
    with Namespace() as namespace:
        yield namespace


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the test's own, that everyone may look into."""
    path = Path(tempfile.mkdtemp(dir=WORK))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
