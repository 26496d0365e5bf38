"""What BOSH does with a package: collects the files of its spec, runs its packaging script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import REPOSITORY

PACKAGES = Path("packaging/packages")


@dataclass
class Package:
    """A package that was built: its folder, where it was compiled, and what the script printed."""

    name: str
    folder: Path
    compile_target: Path
    output: str

    @property
    def agent(self) -> Path:
        return self.folder / "cf-pcap"

    @property
    def archive(self) -> Path:
        return self.folder / "cf-pcap.tgz"

    @property
    def versions(self) -> Path:
        return self.folder / "cf-pcap.spdx.json"


class Release:
    """A release with this repository at src/cf-pcap, as a clean clone has it."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src/cf-pcap"
        for name in _files_of_the_repository():
            target = self.source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target)

    def packed(self, blobs: Path | None = None) -> Sequence[tuple[Path, str]]:
        """The files that BOSH would hand to the packaging script, and where it puts them."""
        spec = (self.source / PACKAGES / "cf-pcap/spec").read_text()
        roots = [self.source.parent] + ([blobs] if blobs else [])
        files = []
        for pattern in re.findall(r"^  - (.+)$", spec.partition("files:")[2], re.MULTILINE):
            found = [(path, str(path.relative_to(root)))
                     for root in roots for alternative in _without_braces(pattern.strip('"'))
                     for path in root.glob(alternative) if path.is_file()]
            assert found, f"BOSH refuses a pattern that matches nothing: {pattern}"
            files += found
        return files

    def clone(self, blobs: Path | None = None) -> Sequence[tuple[Path, str]]:
        """All of the repository, at the top."""
        files = [(path, str(path.relative_to(self.source))) for path in self.source.rglob("*") if path.is_file()]
        for name in ("libpcap", "libcap") if blobs else ():
            files += [(path, f"{name}/{path.name}") for path in (blobs / name).iterdir()]
        return files


def _files_of_the_repository() -> list[str]:
    words = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(words, cwd=REPOSITORY, capture_output=True, check=True).stdout.decode().split("\0")
    return [name for name in names if name and (REPOSITORY / name).is_file()]


def _without_braces(pattern: str) -> list[str]:
    before, opened, rest = pattern.partition("{")
    if not opened:
        return [pattern]
    choices, _, after = rest.partition("}")
    return [before + choice + end for choice in choices.split(",") for end in _without_braces(after)]


def lay_out(files: Sequence[tuple[Path, str]], folder: Path) -> None:
    for path, name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def compile_package(
    name: str, folder: Path, files: Sequence[tuple[Path, str]], environment: Mapping[str, str] | None = None,
    toolchain: Path | None = None,
) -> Package:
    """Builds the package in folders of its own, with `toolchain` as a package if given; must succeed."""
    target = folder / name / "compile"
    package = folder / name / "package"
    lay_out(files, target)
    package.mkdir()
    mounts = []
    if toolchain:
        place = "/var/vcap/packages/swift-6-linux"
        # /var/lib stays, where the system knows its packages' versions.
        mounts = ["mount -t tmpfs none /mnt", "mkdir /mnt/lib", "mount --bind /var/lib /mnt/lib", "mount -t tmpfs none /var",
                  f"mkdir -p /var/lib {place}", "mount --bind /mnt/lib /var/lib", f"mount --bind '{toolchain}' {place}"]
        environment = {"PATH": path_without(folder / name / "bin", "swift")}
    done = run_packaging(target, package, environment, mounts)
    assert done.returncode == 0, f"{name}: packaging ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return Package(name, package, target, done.stdout)


def run_packaging(
    target: Path, package: Path, environment: Mapping[str, str] | None = None, mounts: Sequence[str] = (),
    wrapper: Sequence[str] = (), script: Path = REPOSITORY / PACKAGES / "cf-pcap/packaging", timeout: float = 3000,
) -> subprocess.CompletedProcess:
    """Runs a packaging script as BOSH does.

    - mounts: shell commands that are run before, in a mount namespace of the script's own.
    - wrapper: a command that execs the script.
    """
    words = ["nice", "bash", str(script)]
    if mounts:
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                 "\n".join([*mounts, 'exec "$@"']), "sh", *words]
    variables = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(target.parent),  # where SwiftPM leaves its locks
        "BOSH_COMPILE_TARGET": str(target), "BOSH_INSTALL_TARGET": str(package),
        "BOSH_PACKAGE_NAME": "cf-pcap", "BOSH_PACKAGE_VERSION": "1",
    } | dict(environment or {})
    return subprocess.run([*wrapper, *words], cwd=target, env=variables, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", timeout=timeout)


def path_without(folder: Path, *prefixes: str) -> str:
    """A PATH on which all commands are found but those whose names begin so."""
    folder.mkdir(parents=True)
    for place in os.environ["PATH"].split(":") + ["/usr/sbin", "/sbin"]:
        for command in Path(place).iterdir() if Path(place).is_dir() else ():
            if not command.name.startswith(prefixes) and not os.path.lexists(folder / command.name):
                (folder / command.name).symlink_to(command)
    return str(folder)


def fake_toolchain(folder: Path) -> Path:
    """The package swift-6-linux, made by its packaging script of an archive whose commands call the real ones."""
    commands = folder / "compile/swift-6.3-RELEASE-somewhere/usr/bin"
    commands.mkdir(parents=True)
    for name in ("swift", "swiftc"):
        (commands / name).write_text(f'#!/bin/sh\nexec {shutil.which(name)} "$@"\n')
        (commands / name).chmod(0o755)
    blob = folder / "compile/swift/swift-6.3-RELEASE-somewhere.tar.gz"
    blob.parent.mkdir()
    subprocess.run(["tar", "--create", "--gzip", f"--file={blob}", f"--directory={folder / 'compile'}",
                    "swift-6.3-RELEASE-somewhere"], check=True)
    package = folder / "package"
    package.mkdir()
    done = run_packaging(folder / "compile", package, script=REPOSITORY / PACKAGES / "swift-6-linux/packaging")
    assert done.returncode == 0, done.stderr
    return package
