"""What scripts/install installs is neither enabled nor started."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import REPOSITORY
from harness.paths import WORK
from support.debian import PACKAGES, Machine, repository

POLICY = Path("/usr/sbin/policy-rc.d")
INSTALL = REPOSITORY / "scripts/install"


@pytest.fixture(scope="module")
def packages() -> Iterator[Path]:
    with repository() as folder:
        yield folder


@pytest.fixture
def machine(packages: Path) -> Iterator[Machine]:
    machine = Machine(Path(tempfile.mkdtemp(dir=WORK)), packages)
    yield machine
    machine.close()


def test_apt_alone_enables_and_starts_them(machine):
    """Else the tests below would prove little."""
    before = machine.started_at_boot()
    machine.run("sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends " + " ".join(PACKAGES))
    added = set(machine.started_at_boot()) - set(before)
    for unit in ("haproxy.service", "ssh.service"):
        assert any(unit in link for link in added), added
        assert any(unit in line for line in machine.starts()), machine.starts()


def test_install_enables_and_starts_nothing(machine):
    """The machine's own policy, which would allow it, stays as it was."""
    policy = "#!/bin/sh\nexit 0\n"
    machine.write(POLICY, policy, 0o755)
    before = machine.started_at_boot()
    machine.run(INSTALL, "test")
    assert all(machine.is_installed(package) for package in PACKAGES)
    assert machine.started_at_boot() == before
    assert machine.starts() == []
    assert machine.run("cat", POLICY) == policy
    assert machine.run("sh", "-c", f"ls {POLICY}*") == f"{POLICY}\n"
    status = machine.run("cat", "/var/lib/dpkg/status")
    machine.run(INSTALL, "test")
    assert machine.run("cat", "/var/lib/dpkg/status") == status, "what is there is left alone"


def test_installation_that_fails_enables_and_starts_nothing(machine):
    before = machine.started_at_boot()
    done = subprocess.run(machine.command(INSTALL, "--packages", *PACKAGES, "broken"), capture_output=True, text=True)
    assert done.returncode != 0 and "broken" in done.stderr
    assert all(machine.is_installed(package) for package in PACKAGES)
    assert machine.started_at_boot() == before
    assert machine.starts() == []
    assert machine.run("sh", "-c", f"ls {POLICY}*; true") == ""
