"""What the packaging script leaves."""

from __future__ import annotations

import os
import re
import subprocess

from harness import run
from support.capturing import NET_RAW_PERMITTED, assert_captures

LARGEST_SIZE = 1_400_000


def test_package_holds_what_it_should(package):
    assert sorted(os.listdir(package.folder)) == [
        "add-to-lifecycle", "cf-pcap", "cf-pcap.spdx.json", "cf-pcap.tgz", "licenses"]


def test_agent_is_static_small_and_capable(package):
    headers = run("readelf", "--file-header", "--program-headers", "--dynamic", "--wide", package.agent, text=True).stdout
    assert "INTERP" not in headers and "NEEDED" not in headers
    assert "Position-Independent Executable" in headers and "GNU_RELRO" in headers and "Flags: NOW PIE" in headers
    assert package.agent.stat().st_size <= LARGEST_SIZE
    assert package.agent.stat().st_mode & 0o7777 == 0o755
    assert os.getxattr(package.agent, "security.capability") == NET_RAW_PERMITTED


def test_agent_captures_as_an_ordinary_user(package, namespace):
    assert_captures(namespace, package.agent)


def test_built_twice_gives_the_same_bytes(package, packages):
    again = packages[f"{package.name}-again"]
    assert again.agent.read_bytes() == package.agent.read_bytes()
    assert again.archive.read_bytes() == package.archive.read_bytes()


def test_agent_knows_nothing_of_where_it_was_built(packages):
    for package in packages.values():
        assert str(package.compile_target).encode() not in package.agent.read_bytes()


def test_libraries_from_source_make_it_smaller(packages):
    """So the blobs were used, and configured to less than the system's."""
    assert packages["source"].agent.stat().st_size < packages["system"].agent.stat().st_size


def test_sizes_are_told_at_the_end(package):
    told = re.search(r"(\d+) bytes the executable, (\d+) bytes the archive\n$", package.output)
    assert told and [int(size) for size in told.groups()] == [
        package.agent.stat().st_size, package.archive.stat().st_size]


def test_archive_holds_the_agent_alone(package):
    listing = subprocess.run(["tar", "--list", "--gzip", f"--file={package.archive}"], capture_output=True, text=True)
    assert listing.stdout.split() == ["cf-pcap"] and listing.stderr == ""
