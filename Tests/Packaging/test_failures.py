"""What keeps the package from being built is named, in its last line, before anything takes time."""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bosh import Release, lay_out, path_without, run_packaging
from support.work import WORK


@pytest.fixture(scope="module")
def release() -> Release:
    return Release(WORK / "release-to-fail")


@pytest.fixture
def target(release: Release, folder: Path) -> Path:
    """A compile target with all files of the spec."""
    lay_out(release.packed(), folder / "compile")
    return folder / "compile"


@pytest.fixture
def package(folder: Path) -> Iterator[Path]:
    """The install target; must be empty in the end."""
    path = folder / "package"
    path.mkdir()
    yield path
    assert os.listdir(path) == []


def assert_fails(target: Path, package: Path, *words: str, **options) -> None:
    done = run_packaging(target, package, timeout=150, **options)
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    for word in words:
        assert word in last, done.stderr


def test_no_toolchain(target, package, folder):
    path = path_without(folder / "bin", "swift")
    assert_fails(target, package, "no Swift toolchain", "swift-*-linux", "PATH", environment={"PATH": path})


def test_no_python(target, package, folder):
    path = path_without(folder / "bin", "python3")
    assert_fails(target, package, "no Python 3", "PATH", environment={"PATH": path})


def test_no_compiler(target, package):
    assert_fails(target, package, "no C compiler", environment={"CC": "no-such-compiler"})


@pytest.mark.parametrize(("library", "header"), [("libpcap", "pcap/pcap.h"), ("libcap", "sys/capability.h")])
def test_no_library(target, package, folder, library, header):
    """Neither a blob nor the system's, whose header is hidden."""
    (folder / "hidden.h").write_text("#error hidden\n")
    hide = f"mount --bind {folder}/hidden.h /usr/include/{header}"
    assert_fails(target, package, f"no {library}", f"{library}-dev", mounts=[hide])


def test_library_that_does_not_build(target, package, folder):
    (target / "libpcap").mkdir()
    (folder / "configure").write_text("#!/bin/sh\necho cannot configure\nexit 1\n")
    (folder / "configure").chmod(0o755)
    with tarfile.open(target / "libpcap/libpcap-9.tar.gz", "w:gz") as tar:
        tar.add(folder / "configure", "libpcap-9/configure")
    assert_fails(target, package, "libpcap does not build")


def test_two_sources_of_a_library(target, package):
    (target / "libcap").mkdir()
    for name in ("libcap-1.tar.gz", "libcap-2.tar.xz"):
        (target / "libcap" / name).touch()
    assert_fails(target, package, "more than one source of libcap")


def test_may_not_set_a_file_capability(target, package):
    wrapper = ["setpriv", "--bounding-set=-setfcap", "--inh-caps=-setfcap"]
    assert_fails(target, package, "may not set a file capability", "CAP_SETFCAP", wrapper=wrapper)


def test_no_setcap(target, package, folder):
    path = path_without(folder / "bin", "setcap")
    assert_fails(target, package, "no setcap", environment={"PATH": path}, mounts=["mount -t tmpfs none /usr/sbin"])


def test_target_that_may_not_be_written(target, package):
    mounts = [f"mount --bind {package} {package}", f"mount -o remount,bind,ro {package}"]
    assert_fails(target, package, "cannot write to BOSH_INSTALL_TARGET", mounts=mounts)


def test_no_sources(package, folder):
    (folder / "nothing").mkdir()
    assert_fails(folder / "nothing", package, "no sources")


@pytest.mark.parametrize("name", ["BOSH_COMPILE_TARGET", "BOSH_INSTALL_TARGET"])
def test_not_run_by_bosh(target, package, name):
    assert_fails(target, package, name, environment={name: ""})


# What comes of the build is checked before it is installed.

PROGRAM = '#include <stdio.h>\nint main(void) { fputs("cf-pcap 0.0.0\\n", stderr); return %s; }'


def built_wrongly(target: Path, program: str, *options: str, size: int | None = None) -> None:
    """Puts a script in place of the build that delivers another program, filled up to a size."""
    wrong = target / "wrong"
    subprocess.run(["gcc", "-x", "c", "-", "-o", wrong, *options], input=program.encode(), check=True)
    if size is not None:
        os.truncate(wrong, size)
    build = target / "cf-pcap/scripts/build"
    build.write_text(f'#!/bin/sh\nmkdir -p {target}/cf-pcap/dist && cp {wrong} {target}/cf-pcap/dist/cf-pcap\n')


def test_agent_that_is_not_static(target, package):
    built_wrongly(target, PROGRAM % 0)
    assert_fails(target, package, "not static", "libc.so")


def test_agent_that_does_not_start(target, package):
    built_wrongly(target, PROGRAM % 3, "-static")
    assert_fails(target, package, "does not start", "3")


def test_agent_that_is_too_large(target, package):
    built_wrongly(target, PROGRAM % 0, "-static", size=1_400_001)
    assert_fails(target, package, "1400001 bytes are too many")


def test_agent_that_is_nearly_too_large(target, folder):
    """Built, with a warning: there is time to look into it."""
    built_wrongly(target, PROGRAM % 0, "-static", size=1_350_001)
    (folder / "large").mkdir()
    done = run_packaging(target, folder / "large", timeout=150)
    assert done.returncode == 0, done.stderr
    assert "WARNING: the agent has 1350001 bytes" in done.stderr


def test_build_that_fails(target, package):
    (target / "cf-pcap/Package.swift").write_text("this is not Swift\n")
    assert_fails(target, package, "the agent does not build")
