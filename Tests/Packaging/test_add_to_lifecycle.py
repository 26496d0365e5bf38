"""packaging/add-to-lifecycle: the agent is in the archive, and all else is as it was."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from harness import REPOSITORY, run
from support.capturing import NET_RAW_PERMITTED
from support.lifecycle import POSIX, contents, copy_of, listing, make_lifecycle, others, tar_stream
from support.work import WORK

# A copy, for the repository may lie where nobody else may look.
TOOL = Path(shutil.copy(REPOSITORY / "packaging/add-to-lifecycle", WORK))
TOOL.chmod(0o755)

# With extended attributes and sparse files in the manner of PAX; in GNU's own manner, which has no attributes; named
# relative to the folder; with a record that stands for all members.
FORMATS = {
    "posix": dict(options=POSIX),
    "gnu": dict(options=["--format=gnu"]),
    "dot": dict(options=POSIX, names=["."]),
    "global": dict(options=[*POSIX, "--pax-option=globexthdr.name=all,comment=for all members"]),
}


@pytest.fixture
def add(system):
    """Runs the tool with the packaged agent; returns what it said when it fails."""
    def add(*paths: Path, agent: Path = system.agent, wrapper: tuple[str, ...] = ()) -> str | None:
        words = [*wrapper, TOOL, "--agent", agent, *paths]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1), done
        said, unsaid = (done.stdout, done.stderr) if done.returncode == 0 else (done.stderr, done.stdout)
        assert said.startswith("add-to-lifecycle: ") and said.count("\n") == 1 and unsaid == "", done
        return done.stderr or None

    return add


@pytest.fixture(params=FORMATS)
def lifecycle(request: pytest.FixtureRequest, folder: Path) -> Path:
    return make_lifecycle(folder / "lifecycle.tgz", **FORMATS[request.param])


@pytest.fixture
def plain(folder: Path) -> Path:
    return make_lifecycle(folder / "lifecycle.tgz")


def agent_in(archive: Path) -> tuple:
    return contents(archive)["cf-pcap"]


def names_in(archive: Path) -> list[str]:
    return run("tar", "--list", "--gzip", f"--file={archive}", text=True).stdout.split()


AS_A_USER = ("setpriv", "--reuid=64321", "--regid=64321", "--clear-groups", "/usr/bin/python3")


def test_the_archives_hold_what_is_hard_to_keep(folder):
    """Else the tests below would prove little."""
    posix = make_lifecycle(folder / "posix.tgz", **FORMATS["posix"])
    found = contents(posix)
    assert len(found) >= 12
    assert found["launcher"][6] == "builder" and found["setuid"][0] & stat.S_ISUID
    assert found["diego-sshd"][9].keys() == {"user.comment", "security.capability"}
    assert found["sparse"][4] * 512 < found["sparse"][3]
    assert b"GNU.sparse.major=1" in tar_stream(posix) and b"path=deep/" in tar_stream(posix)
    gnu = tar_stream(make_lifecycle(folder / "gnu.tgz", **FORMATS["gnu"]))
    assert b"././@LongLink" in gnu and b"PaxHeaders" not in gnu
    assert tar_stream(make_lifecycle(folder / "global.tgz", **FORMATS["global"]))[156:157] == b"g"


def test_everything_else_stays_as_it_was(add, system, lifecycle):
    before, lines, found = tar_stream(lifecycle), listing(lifecycle), contents(lifecycle)
    assert add(lifecycle) is None
    after = contents(lifecycle)
    mode, uid, gid, size, *_, attributes = after.pop("cf-pcap")
    assert (stat.S_IMODE(mode), uid, gid, size) == (0o755, 0, 0, system.agent.stat().st_size)
    assert attributes == {"security.capability": NET_RAW_PERMITTED}
    assert after == found
    assert others(listing(lifecycle)) == lines and listing(lifecycle) != lines
    assert tar_stream(lifecycle).startswith(before.rstrip(b"\0"))


def test_an_agent_that_is_there_is_replaced_where_it_stands(add, folder, system):
    names = ["builder", "launcher", "cf-pcap", "shell", "setuid", "diego-sshd", "deep", "sparse", "empty"]
    lifecycle = make_lifecycle(folder / "lifecycle.tgz", names=names, old_agent=True)
    lines, found = listing(lifecycle), contents(lifecycle)
    assert add(lifecycle) is None
    assert [name for name in names_in(lifecycle) if "deep/" not in name] == [name for name in names if name != "deep"]
    assert others(listing(lifecycle)) == others(lines)
    after = contents(lifecycle)
    assert after.pop("cf-pcap")[8] != found.pop("cf-pcap")[8] and after == found
    assert b"an agent of old" not in tar_stream(lifecycle)


def test_it_says_what_it_did(system, plain, folder):
    def said(*paths: Path) -> str:
        return run(TOOL, "--agent", system.agent, *paths, text=True).stdout

    size = system.agent.stat().st_size
    assert said(plain, folder / "out.tgz") == (
        f"add-to-lifecycle: added cf-pcap to {folder}/out.tgz: {size} bytes, cap_net_raw=p\n")
    assert said(folder / "out.tgz").startswith("add-to-lifecycle: replaced cf-pcap in ")


def test_an_agent_that_is_there_twice_is_there_once(add, folder):
    names = ["cf-pcap", "builder", "./cf-pcap", "empty"]
    options = ["--format=posix", "--hard-dereference"]
    lifecycle = make_lifecycle(folder / "lifecycle.tgz", options, names, old_agent=True)
    assert names_in(lifecycle) == names
    assert add(lifecycle) is None
    assert names_in(lifecycle) == ["cf-pcap", "builder", "empty"]


def test_twice_is_as_once(add, lifecycle):
    assert add(lifecycle) is None
    once = lifecycle.read_bytes()
    assert add(lifecycle) is None
    assert lifecycle.read_bytes() == once


def test_the_result_may_go_elsewhere(add, plain, folder):
    before = plain.read_bytes()
    plain.chmod(0o640)
    os.chown(plain, 12, 34)
    assert add(plain, folder / "out.tgz") is None
    assert plain.read_bytes() == before
    info = (folder / "out.tgz").stat()
    assert (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid) == (0o640, 12, 34)
    assert add(plain) is None
    assert plain.read_bytes() == (folder / "out.tgz").read_bytes()
    assert plain.stat().st_uid == 12


def test_a_link_to_the_archive_stays_one(add, plain, folder):
    link = folder / "link.tgz"
    link.symlink_to(plain.name)
    assert add(link) is None
    assert link.is_symlink() and agent_in(plain)


def test_the_package_brings_its_own(system, plain):
    """Beside the agent in the package it needs to be told nothing."""
    run(system.folder / "add-to-lifecycle", plain)
    assert agent_in(plain)[3] == system.agent.stat().st_size


def test_it_needs_no_privilege(add, system, plain, folder):
    copy = copy_of(plain, "as-root.tgz")
    assert add(copy) is None
    os.chown(folder, 64321, 64321)
    os.chown(plain, 64321, 64321)
    assert add(plain, wrapper=AS_A_USER) is None
    assert plain.read_bytes() == copy.read_bytes()


def test_several_at_once(system, plain, folder):
    expected = copy_of(plain, "expected.tgz")
    run(TOOL, "--agent", system.agent, expected)
    running = [subprocess.Popen([TOOL, "--agent", system.agent, plain]) for _ in range(4)]
    assert [process.wait(30) for process in running] == [0] * 4
    assert plain.read_bytes() == expected.read_bytes()


KILLS = 50


def seconds_of(*words: object) -> float:
    start = time.monotonic()
    run(*words)
    return time.monotonic() - start


def test_killed_at_any_point_the_archive_is_whole(system, folder):
    original = make_lifecycle(folder / "original.tgz", size=1_000_000)
    archive, expected = folder / "lifecycle.tgz", copy_of(original, "expected.tgz")
    words = [TOOL, "--agent", system.agent]
    run(*words, expected)
    duration = min(seconds_of(*words, copy_of(original, "other.tgz")) for _ in range(3))
    before, after = original.read_bytes(), expected.read_bytes()

    points = random.Random(4)
    killed = 0
    for number in range(KILLS):
        archive.write_bytes(before)
        with subprocess.Popen([*words, archive]) as process:
            # Half of the points fall into the last part, where the files are written.
            time.sleep(points.uniform(0 if number % 2 else duration * 0.6, duration))
            process.kill()
        if process.returncode == 0:
            duration *= 0.9
        else:
            killed += 1
        assert archive.read_bytes() in (before, after)
    assert killed >= KILLS / 2, f"only {killed} of {KILLS} were killed before their end"


def test_an_agent_that_is_a_link_becomes_a_file(add, folder):
    """What it was linked to keeps its contents."""
    lifecycle = make_lifecycle(folder / "lifecycle.tgz", names=["builder", "launcher"])
    stream = tar_stream(lifecycle)
    renamed = _renamed(stream, "launcher", "cf-pcap")
    lifecycle.write_bytes(gzip.compress(renamed))
    found = contents(lifecycle)
    assert found["cf-pcap"][6] == "builder"
    assert add(lifecycle) is None
    after = contents(lifecycle)
    assert after["builder"] == found["builder"] and after["cf-pcap"][6] == "cf-pcap"


def _renamed(stream: bytes, old: str, new: str) -> bytes:
    """With the plain header of one member changed, and its checksum."""
    start = next(position for position in range(0, len(stream), 512)
                 if stream.startswith(old.encode().ljust(100, b"\0"), position))
    header = bytearray(stream[start:start + 512])
    header[:100] = new.encode().ljust(100, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return stream[:start] + bytes(header) + stream[start + 512:]


def _refused(add, archive: Path, *words: str, **options) -> None:
    """It says why, and leaves the folder as it was."""
    before = {path.name: path.read_bytes() for path in archive.parent.iterdir() if path.is_file()}
    said = add(archive, **options)
    assert said is not None
    for word in words:
        assert word in said, said
    assert {path.name: path.read_bytes() for path in archive.parent.iterdir() if path.is_file()} == before


def test_a_member_linked_to_the_agent_is_not_changed_behind_its_back(add, folder):
    options = ["--format=posix", "--transform=s/builder/cf-pcap/"]
    lifecycle = make_lifecycle(folder / "lifecycle.tgz", options, names=["builder", "launcher"])
    _refused(add, lifecycle, "launcher", "hard link")


def test_a_folder_of_that_name_is_kept(add, folder):
    (folder / "tree/cf-pcap").mkdir(parents=True)
    lifecycle = folder / "lifecycle.tgz"
    run("tar", "--create", "--gzip", f"--file={lifecycle}", f"--directory={folder / 'tree'}", "cf-pcap")
    _refused(add, lifecycle, "folder")


def test_missing_archive(add, folder):
    _refused(add, folder / "lifecycle.tgz", "lifecycle.tgz", "No such file")


def test_no_archive_at_all(add, folder):
    (folder / "lifecycle.tgz").write_bytes(b"#!/bin/sh\n")
    _refused(add, folder / "lifecycle.tgz", "lifecycle.tgz", "not a whole .tgz")


def test_archive_that_is_a_folder(add, folder):
    (folder / "lifecycle.tgz").mkdir()
    _refused(add, folder / "lifecycle.tgz", "lifecycle.tgz", "directory")


def test_compressed_but_no_archive(add, folder):
    (folder / "lifecycle.tgz").write_bytes(gzip.compress(b"text " * 1000))
    _refused(add, folder / "lifecycle.tgz", "not a whole tar archive")


def test_empty_archive(add, folder):
    run("tar", "--create", "--gzip", f"--file={folder / 'lifecycle.tgz'}", "--files-from=/dev/null")
    _refused(add, folder / "lifecycle.tgz", "empty")


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_archive_that_is_cut(add, plain, share):
    plain.write_bytes(plain.read_bytes()[:int(plain.stat().st_size * share)])
    _refused(add, plain, "not a whole .tgz")


def test_archive_that_was_cut_before_it_was_compressed(add, plain):
    stream = tar_stream(plain)
    plain.write_bytes(gzip.compress(stream[:100_000]))
    _refused(add, plain, "not a whole tar archive")


def test_archive_with_a_damaged_member(add, plain):
    """What tarfile alone would take for the end, and drop the rest."""
    stream = bytearray(tar_stream(plain))
    start = stream.index(b"empty\0")
    stream[start:start + 5] = b"EMPTY"
    plain.write_bytes(gzip.compress(bytes(stream)))
    _refused(add, plain, "damaged")


def test_archive_that_may_not_be_read(add, plain):
    plain.chmod(0)
    _refused(add, plain, "lifecycle.tgz", "Permission denied", wrapper=AS_A_USER)


def test_folder_that_may_not_be_written(add, plain, folder):
    script = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"'
    _refused(add, plain, f"cannot write to {folder}", "Read-only file system",
             wrapper=("unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh", str(folder)))


def test_folder_that_is_not_there(add, plain, folder):
    said = add(plain, folder / "nowhere/out.tgz")
    assert f"cannot write to {folder}/nowhere: No such file" in said


def test_agent_that_is_not_built(add, plain, folder):
    _refused(add, plain, "no agent", "scripts/build", agent=folder / "cf-pcap")


def test_agent_that_is_none(add, plain):
    _refused(add, plain, "not an executable", agent=TOOL)
