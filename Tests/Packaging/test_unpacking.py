"""The archives, unpacked with their attributes and without."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import run
from support.capturing import NET_RAW_PERMITTED, assert_captures, refusal
from support.lifecycle import make_lifecycle
from support.unpack import unpack


def unpack_with_tar(archive: Path, folder: Path) -> None:
    run("tar", "--extract", "--gzip", "--preserve-permissions", "--xattrs", "--xattrs-include=*", f"--file={archive}",
        f"--directory={folder}")


@pytest.fixture(params=["the package's", "lifecycle"])
def archive(request: pytest.FixtureRequest, system, folder: Path) -> Path:
    if request.param == "the package's":
        return system.archive
    lifecycle = make_lifecycle(folder / "lifecycle.tgz")
    run(system.folder / "add-to-lifecycle", lifecycle)
    return lifecycle


@pytest.mark.parametrize("unpack", [unpack_with_tar, unpack])
def test_unpacked_with_attributes_it_captures(archive, unpack, folder, namespace):
    target = folder / "unpacked"
    target.mkdir()
    unpack(archive, target)
    agent = target / "cf-pcap"
    assert os.getxattr(agent, "security.capability") == NET_RAW_PERMITTED
    assert_captures(namespace, agent)


def test_unpacked_without_attributes_it_says_who_can_help(archive, folder, namespace):
    run("tar", "--extract", "--gzip", f"--file={archive}", f"--directory={folder}", "cf-pcap")
    error = refusal(namespace, folder / "cf-pcap")
    for words in ("CAP_NET_RAW", "file capability", "operator", "diego.rep.enable_cf_pcap", "cache"):
        assert words in error


WITHOUT_NET_RAW = ["--bounding-set=-net_raw"]


def test_where_the_bounding_set_lacks_it_the_agent_starts_and_explains(package, namespace):
    error = refusal(namespace, package.agent, setpriv=WITHOUT_NET_RAW)
    assert "bounding set" in error and "operator" in error


def test_where_the_bounding_set_lacks_it_an_effective_capability_would_not_start(package, folder, namespace):
    copy = Path(shutil.copy(package.agent, folder))
    run("setcap", "cap_net_raw=ep", copy)
    assert_captures(namespace, copy)
    done = subprocess.run(namespace.command_line([copy, "-interface", "lo"], setpriv=WITHOUT_NET_RAW),
                          capture_output=True, timeout=60)
    assert b"Operation not permitted" in done.stderr and b"level=" not in done.stderr
