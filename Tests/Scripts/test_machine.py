"""What is missing on a machine is said in one line, before anything is installed or built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness import REPOSITORY

SCRIPTS = REPOSITORY / "scripts"


def start_without(capability: str, *words: object) -> subprocess.CompletedProcess:
    """As root of a container that lacks this capability."""
    command = ["setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}", *map(str, words)]
    return subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("words", [
    ["test"], ["test", "end-to-end", "test_log.py"], ["test", "lint", "cost"], ["test-package"], ["soak", "5"], ["attack", "1"],
    ["bench", "--quick"], ["demo"],
], ids=" ".join)
@pytest.mark.parametrize("capability, missing", [("sys_admin", "network namespaces"), ("setfcap", "setcap")])
def test_container_without_privileges(words, capability, missing):
    done = start_without(capability, SCRIPTS / words[0], *words[1:])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith(f"scripts/{words[0]}: root may not use {missing}")


def with_swift(folder: Path, script: str | None) -> subprocess.CompletedProcess:
    """Runs `scripts/install build` where swift is that shell script, or where there is none."""
    for command in Path("/usr/bin").iterdir():
        (folder / command.name).symlink_to(command)
    (folder / "swift").unlink(missing_ok=True)
    if script is not None:
        (folder / "swift").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "swift").chmod(0o755)
    # Under sudo its user's PATH would be looked at, too.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
    return subprocess.run([SCRIPTS / "install", "build"], env=environment | {"PATH": str(folder)},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)


LIBRARY = "swift: error while loading shared libraries: libncurses.so.6: cannot open shared object file: No such file or directory"
WANTED = "Swift 6.3 or later is needed, see https://www.swift.org/install"


@pytest.mark.parametrize("script, said", [
    (None, f"there is no swift in PATH; {WANTED}"),
    (f"echo '{LIBRARY}' >&2; exit 127", f"swift does not start: {LIBRARY}"),
    ("kill -ILL $$", "swift does not start: it says nothing"),
    ("echo 'Swift version 6.2.4 (swift-6.2.4-RELEASE)'", f"this is Swift version 6.2.4 (swift-6.2.4-RELEASE); {WANTED}"),
    ("echo 'swift-driver version: 1.9'; echo 'Apple Swift version 5.10 (x)'", f"this is swift-driver version: 1.9; {WANTED}"),
], ids=["none", "a library is missing", "killed", "too old", "of another maker"])
def test_swift_that_does_not_do(tmp_path, script, said):
    done = with_swift(tmp_path, script)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"scripts/install: {said}\n")


@pytest.mark.parametrize("version", ["6.3.1", "6.4", "6.10", "7.0", "10.1"])
def test_swift_that_does(tmp_path, version):
    done = with_swift(tmp_path, f"echo 'Swift version {version} (swift-{version}-RELEASE)'")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
