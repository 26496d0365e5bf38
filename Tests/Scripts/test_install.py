"""What scripts/install installs is neither enabled nor started."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import REPOSITORY
from harness.paths import WORK
from support.service import FAILING, NAME, install, make_packages

INSTALL = shlex.quote(str(REPOSITORY / "scripts/install"))
INSTALL_PACKAGES = f"{INSTALL} --packages"
ALLOWS = "#!/bin/sh\nexit 0\n"


@pytest.fixture(scope="module")
def packages() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        make_packages(Path(folder))
        yield Path(folder)


def test_apt_alone_enables_and_starts_it(packages):
    """Else the tests below would prove little."""
    done = install(packages, f"(apt-get update -qq && apt-get install -y -qq {NAME})")
    assert done.status == 0, done.log
    assert done.started == ["start"]
    for place in ("/etc/systemd/system/multi-user.target.wants/", "/etc/systemd/user/default.target.wants/", "/etc/rc2.d/S"):
        assert any(link.startswith(place) for link in done.enabled), done.enabled


@pytest.mark.parametrize("policy", [None, ALLOWS], ids=["no policy", "a policy that allows it"])
def test_install_enables_and_starts_nothing(packages, policy):
    """The machine's own policy stays as it was."""
    done = install(packages, f"{INSTALL_PACKAGES} {NAME}", policy)
    assert done.status == 0, done.log
    assert (done.enabled, done.started) == ([], [])
    assert done.policies == ({"policy-rc.d": policy} if policy else {})


def test_installation_that_fails_enables_and_starts_nothing(packages):
    done = install(packages, f"{INSTALL_PACKAGES} {FAILING}", ALLOWS)
    assert done.status != 0 and FAILING in done.log
    assert (done.enabled, done.started) == ([], [])
    assert done.policies == {"policy-rc.d": ALLOWS}


def test_installation_that_was_killed_leaves_no_policy_to_the_next(packages):
    """The policy that it left behind is its own, and not taken for the machine's."""
    killed = (f"(setsid {INSTALL_PACKAGES} {NAME} & until grep -qs cf-pcap /usr/sbin/policy-rc.d; do sleep 0.01; done; "
              "kill -KILL -$!; wait)")
    done = install(packages, f"{killed}; {INSTALL_PACKAGES} {NAME}", ALLOWS)
    assert done.status == 0, done.log
    assert (done.enabled, done.started) == ([], [])
    assert done.policies == {"policy-rc.d": ALLOWS}


def test_packages_that_are_there_are_left_alone(packages):
    status = "/var/lib/dpkg/status"
    done = install(packages, f"{{ cp {status} /mnt/before; {INSTALL} test; cmp /mnt/before {status}; }}")
    assert done.status == 0, done.log
