"""In an unprivileged container the capability works, whoever unpacked the archive."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import run
from support import unpack
from support.capturing import NET_RAW_PERMITTED, assert_captures
from support.container import Container


@pytest.fixture
def container() -> Iterator[Container]:
    with Container() as container:
        yield container


@pytest.fixture
def root_folder(folder: Path) -> Path:
    """A folder that belongs to the container's root."""
    os.chown(folder, Container.FIRST_ID, Container.FIRST_ID)
    return folder


def test_it_has_the_shape_of_a_container(container):
    """Its root is an ordinary user outside, and sees no interface but its own."""
    ids = container.run("cat", "/proc/self/uid_map", text=True).stdout.split()
    assert ids == ["0", str(Container.FIRST_ID), "65536"]
    assert len(container.run("ip", "-o", "link", text=True).stdout.splitlines()) == 1
    for kind in ("user", "net", "mnt"):
        assert container.run("readlink", f"/proc/self/ns/{kind}", text=True).stdout.strip() != os.readlink(
            f"/proc/self/ns/{kind}")


@pytest.mark.parametrize("owner", [0, Container.FIRST_ID])
def test_unpacked_from_outside(package, container, folder, owner):
    run("tar", "--extract", "--xattrs", "--xattrs-include=*", f"--file={package.archive}", f"--directory={folder}")
    agent = folder / "cf-pcap"
    if owner != 0:
        os.chown(agent, owner, owner)  # takes the capability away, as any change of owner does
        os.setxattr(agent, "security.capability", NET_RAW_PERMITTED)
    assert os.getxattr(agent, "security.capability") == NET_RAW_PERMITTED
    assert_captures(container, agent)


def with_tar(container: Container, archive: Path, folder: Path) -> None:
    container.run("tar", "--extract", "--xattrs", "--xattrs-include=*", f"--file={archive}", f"--directory={folder}")


def with_python(container: Container, archive: Path, folder: Path) -> None:
    script = shutil.copy(unpack.__file__, folder)
    os.chmod(script, 0o644)
    container.run(shutil.which("python3", path="/usr/bin:/usr/local/bin"), script, archive, folder)


@pytest.mark.parametrize("unpack_inside", [with_tar, with_python])
def test_unpacked_by_the_containers_own_root(package, container, root_folder, unpack_inside):
    unpack_inside(container, package.archive, root_folder)
    agent = root_folder / "cf-pcap"
    *words, root = struct.unpack("<6I", os.getxattr(agent, "security.capability"))
    assert words[0] == 0x03000000 and root == Container.FIRST_ID
    assert_captures(container, agent)
