"""A developer who is not root, and a clone of the repository that nobody else may enter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from harness import REPOSITORY, Namespace, run
from harness.paths import WORK

UID = 64322
NAME = "developer"


class Developer:
    """Runs commands in a clone in a folder whose name has a space, with the umask 077; what the machine's own clone has
    built is built there too.

    - sudo: whether there is sudo, which then asks for no password.
    """

    def __init__(self, sudo: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(dir=WORK))
        self.clone = self._folder / "my projects/cf-pcap"
        self._python, self._packages = self._folder / "python", self._folder / "packages"
        for folder in (self._python, self._packages):
            folder.mkdir()
        self._make_clone()
        binds = {str(self._python): Path(sys.base_prefix), str(self._packages): Path(sysconfig.get_path("platlib"))}
        binds |= {f"/etc/{name}": self._write(name, text) for name, text in self._accounts().items()}
        self._machine = Namespace(binds)
        swift = Path(shutil.which("swift")).parent
        self._path = f"{swift}:/usr/local/bin:/usr/bin:/bin"
        if not sudo:
            self._path = f"{swift}:{self._commands_without_sudo()}"

    def _accounts(self) -> dict[str, str]:
        user = f"{NAME}:*:{UID}:{UID}::{self._folder / 'my projects'}:/bin/bash\n"
        return {
            "passwd": Path("/etc/passwd").read_text() + user,
            "group": Path("/etc/group").read_text() + f"{NAME}:x:{UID}:\n",
            "sudoers": f"Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\n{NAME} ALL=(ALL) NOPASSWD: ALL\n",
        }

    def _commands_without_sudo(self) -> Path:
        folder = self._folder / "bin"
        folder.mkdir()
        for command in Path("/usr/bin").iterdir():
            if command.name != "sudo":
                (folder / command.name).symlink_to(command)
        return folder

    def _write(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.write_text(text)
        path.chmod(0o440 if name == "sudoers" else 0o644)
        return path

    def _make_clone(self) -> None:
        self._folder.chmod(0o755)
        names = run("git", "-c", "safe.directory=*", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others",
                    "--exclude-standard", text=True).stdout.split("\0")
        folders = (REPOSITORY / "dist", REPOSITORY / ".build/tools")
        built = [str(path.relative_to(REPOSITORY)) for folder in folders for path in folder.iterdir()]
        for name in [*names, *built]:
            if name and (REPOSITORY / name).is_file():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, self.clone / name)
        for product in (self.clone / "dist").iterdir():
            product.touch()  # newer than the folders made here
        self._make_python()
        run("chmod", "--recursive", "go=", self.clone.parent)
        run("chown", "--recursive", "--no-dereference", f"{UID}:{UID}", self.clone.parent)

    def _make_python(self) -> None:
        """.build/python, of a Python that may lie where this user may not look."""
        environment = self.clone / ".build/python"
        library = environment / "lib" / f"python{sysconfig.get_python_version()}"
        (environment / "bin").mkdir(parents=True)
        library.mkdir(parents=True)
        (library / "site-packages").symlink_to(self._packages)
        (environment / "bin/python").symlink_to(self._python / "bin" / f"python{sysconfig.get_python_version()}")
        shutil.copy2(REPOSITORY / ".build/python/bin/pip", environment / "bin/pip")
        (environment / "pyvenv.cfg").write_text(
            f"home = {self._python}/bin\ninclude-system-site-packages = false\n")

    def run(self, *words: object, env: Mapping[str, str] | None = None, timeout: float = 150) -> subprocess.CompletedProcess:
        """In the clone, without a terminal."""
        environment = {"HOME": str(self.clone.parent), "PATH": self._path} | dict(env or {})
        command = self._machine.command_line(["sh", "-c", 'umask 077; cd "$0" && exec "$@"', self.clone, *words], user=UID)
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              env=environment, timeout=timeout)

    def not_deletable(self) -> list[Path]:
        """What this user cannot delete: what is in a folder of somebody else's."""
        return [path for path in self.clone.parent.rglob("*") if path.lstat().st_uid != UID and path.parent.stat().st_uid != UID
                or path.is_dir() and not path.is_symlink() and path.stat().st_uid != UID]

    def close(self) -> None:
        self._machine.close()
        # What a build that was stopped has started may still be writing.
        deadline = time.monotonic() + 20
        while self._folder.exists() and time.monotonic() < deadline:
            shutil.rmtree(self._folder, ignore_errors=True)
            time.sleep(0.05)
        assert not self._folder.exists(), f"{self._folder} cannot be removed"
