"""Lifecycle archives, and what is in an archive."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness import run

LONG = "a-name-that-no-header-has-room-for-" * 5
POSIX = ("--format=posix", "--xattrs", "--xattrs-include=*")
DEEP = f"deep/{LONG}/{LONG}/file"


def make_tree(folder: Path, size: int = 200_000) -> None:
    """All kinds of members that an archive may have, a dozen and more."""
    contents = random.Random(1)
    (folder / "builder").write_bytes(contents.randbytes(size))
    (folder / "launcher").hardlink_to(folder / "builder")
    (folder / "shell").symlink_to("launcher")
    (folder / "dangling").symlink_to(LONG)
    (folder / "setuid").write_bytes(b"#!/bin/sh\n")
    (folder / "setuid").chmod(0o4755)
    (folder / "diego-sshd").write_bytes(contents.randbytes(1000))
    (folder / "diego-sshd").chmod(0o755)
    os.setxattr(folder / "diego-sshd", "user.comment", "a \0 byte and an umlaut: ü".encode())
    run("setcap", "cap_net_bind_service=ep", folder / "diego-sshd")
    (folder / DEEP).parent.mkdir(parents=True)
    (folder / DEEP).write_bytes(b"deep\n")
    (folder / "deep").chmod(0o1777)
    with (folder / "sparse").open("wb") as sparse:
        for position in (0, 300_000, 900_000):
            sparse.seek(position)
            sparse.write(b"data")
        sparse.truncate(2_000_000)
    (folder / "empty").touch()
    os.mkfifo(folder / "fifo")
    (folder / os.fsdecode(b"not \xff utf-8\n")).write_bytes(b"odd\n")
    os.chown(folder / "empty", 1234, 5678)
    os.utime(folder / "empty", ns=(0, 1_600_000_000_123_456_789))


def make_lifecycle(archive: Path, options: Sequence[str] = POSIX, names: Sequence[str] = ("*",),
                   old_agent: bool = False, size: int = 200_000) -> Path:
    """An archive of such a tree, made by GNU tar."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        tree = Path(name)
        make_tree(tree, size)
        if old_agent:
            (tree / "cf-pcap").write_bytes(b"\x7fELF an agent of old" * 1000)
        members = [path for pattern in names for path in
                   (sorted(os.listdir(tree)) if pattern == "*" else [pattern])]
        run("tar", "--create", "--gzip", f"--file={archive}", f"--directory={tree}", "--sparse", *options,
            "--", *members)
    return archive


def tar_stream(archive: Path) -> bytes:
    return gzip.decompress(archive.read_bytes())


def listing(archive: Path) -> list[str]:
    """One line a member: permissions, owner, size, time, name, target of a link, attributes. tar(1) fills up columns to
    the widest so far."""
    words = ["tar", "--list", "--gzip", "--verbose", "--verbose", "--full-time", "--numeric-owner", "--xattrs",
             "--quoting-style=escape", f"--file={archive}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [re.sub(" +", " ", line) for line in done.stdout.splitlines()]


def others(lines: Sequence[str]) -> list[str]:
    """Without the agent and its attributes."""
    kept = []
    inside = False
    for line in lines:
        if not line.startswith(" "):
            inside = line.split(" -> ")[0].endswith((" cf-pcap", "./cf-pcap"))
        if not inside:
            kept.append(line)
    return kept


def contents(archive: Path) -> dict[str, tuple]:
    """What unpacking it makes, by path: all that a file system can tell of each."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        run("tar", "--extract", "--gzip", "--preserve-permissions", "--same-owner", "--xattrs", "--xattrs-include=*",
            f"--file={archive}", f"--directory={name}")
        paths = sorted(os.path.join(parent, entry) for parent, *entries in os.walk(name) for entry in sum(entries, []))
        first_of = {}
        found = {}
        for path in paths:
            info = os.lstat(path)
            relative = os.path.relpath(path, name)
            found[relative] = (
                info.st_mode, info.st_uid, info.st_gid, info.st_size, info.st_blocks, info.st_mtime_ns,
                first_of.setdefault(info.st_ino, relative),
                os.readlink(path) if stat.S_ISLNK(info.st_mode) else None,
                hashlib.sha256(Path(path).read_bytes()).hexdigest() if stat.S_ISREG(info.st_mode) else None,
                {key: os.getxattr(path, key, follow_symlinks=False)
                 for key in os.listxattr(path, follow_symlinks=False)},
            )
        return found


def copy_of(archive: Path, name: str) -> Path:
    return Path(shutil.copy2(archive, archive.with_name(name)))
