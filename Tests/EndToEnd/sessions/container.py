"""An app container, and the host from which its SSH clients come."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from harness import UID, Namespace, installed, run
from harness.home import new_home
from harness.paths import PROGRAMS, WORK
from harness.process import Adopted

USER = "vcap"
ADDRESS = "10.77.0.2"
# States of sockets in /proc/net/tcp.
ESTABLISHED, LISTENING = "01", "0A"

INSTANCE_PORTS = (
    '[{"external":61012,"internal":8080,"external_tls_proxy":61014,"internal_tls_proxy":61001},'
    '{"external":61013,"internal":2222,"external_tls_proxy":61015,"internal_tls_proxy":61002}]'
)
INSTANCE_PORTS_WITHOUT_PROXY = '[{"external":61012,"internal":8080},{"external":61013,"internal":2222}]'


def wait_until(condition: Callable[[], object], timeout: float, message: str) -> float:
    """Returns the time that it took."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < timeout, f"not within {timeout} s: {message}"
        time.sleep(0.05)
    return time.monotonic() - begin


def pid_inside(pid: int) -> int:
    """The process id that a process has in its own namespace."""
    return int(re.search(r"^NSpid:.*\s(\d+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])


class Container:
    """Two network namespaces joined by a veth pair, `eth0` on both sides, and the files of a user `vcap`.

    What runs inside has its own /etc/passwd, /etc/group and /run, and finds Python, its packages and the programs of this
    folder where the user may read them, wherever they lie.
    Leaving the `with` block ends every process in the two namespaces.
    """

    def __init__(self, parent: Path | None = None, folders: Mapping[str, Path] | None = None) -> None:
        """- parent: where its files lie; in WORK, where nothing is said.
        - folders: what it has, besides its own files, in place of the machine's folders of these names.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="session-", dir=parent or WORK))
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self.key = self.folder / "client_key"
        self.host_key = self.folder / "host_key"
        self.python = self.folder / "python/bin" / f"python{sysconfig.get_python_version()}"
        self.packages = self.folder / "packages"
        self.programs = self.folder / "programs"
        self._write_files()
        self.inside = new_home({
            str(self.folder): self.folder,
            "/etc/passwd": self.folder / "passwd",
            "/etc/group": self.folder / "group",
            "/run": self.folder / "run",
            str(self.folder / "python"): Path(sys.base_prefix),
            str(self.packages): Path(sysconfig.get_path("platlib")),
            str(self.programs): PROGRAMS,
            **(folders or {}),
        })
        os.chown(self.folder / "run/sshd", self.inside.ROOT, self.inside.ROOT)
        self.outside = Namespace()
        self.inside.connect(self.outside)

    def _write_files(self) -> None:
        # Without a group `tty`, for dropbear would give it each terminal, which a daemon without privileges cannot.
        (self.folder / "group").write_text(f"root:x:0:\n{USER}:x:{UID}:\n")
        for key in (self.key, self.host_key):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        for folder in ("run/sshd", "python", "packages", "programs"):
            (self.folder / folder).mkdir(parents=True)
        (self.folder / "passwd").write_text(
            Path("/etc/passwd").read_text() + f"{USER}:*:{UID}:{UID}::{self.home}:/bin/bash\n")
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        shutil.copyfile(self.key.with_suffix(".pub"), self.home / ".ssh/authorized_keys")
        for path in (self.host_key, self.home, self.home / ".ssh", self.home / ".ssh/authorized_keys"):
            os.chown(path, UID, UID)

    def start(self, *words: object, env: dict[str, str] | None = None, **options) -> subprocess.Popen | Adopted:
        """A daemon inside; its log is the file `daemon.log`. For the options see `Namespace.command_line`."""
        environment = {"HOME": self.home, "PYTHONPATH": self.packages} | (env or {})
        with open(self.folder / "daemon.log", "ab") as log:
            return self.inside.launch(words, env=environment, cwd=self.home, stdout=log, stderr=log, **options)

    def wait_for_listener(self, port: int) -> None:
        try:
            wait_until(lambda: self._table(port, LISTENING), 60, f"a listener on {port}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{(self.folder / 'daemon.log').read_text()}") from None

    def sockets(self, state: str, port: int) -> list[str]:
        """Lines of ss(8) on the sockets inside with that local port, and their processes."""
        return self.inside.run("ss", "-Htnp", "state", state, f"( sport = :{port} )", text=True).stdout.splitlines()

    def clients(self, port: int) -> list[str]:
        """The far ends of the connections to that port inside."""
        ends = [line.split()[3] for line in self.sockets("established", port)]
        return sorted(re.sub(r"\[::ffff:(.*)]", r"\1", end) for end in ends)

    def wait_until_disconnected(self, port: int) -> float:
        """Returns the time that it took."""
        return wait_until(lambda: not self._table(port, ESTABLISHED), 20, f"no connection to {port}")

    def _table(self, port: int, state: str) -> list[str]:
        """Far ends of the sockets inside with that local port, as in /proc/net/tcp."""
        rows = []
        with self.inside.entered():
            for name in ("tcp", "tcp6"):
                rows += map(str.split, Path(f"/proc/thread-self/net/{name}").read_text().splitlines()[1:])
        return [row[2] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state]

    def processes(self, name: str) -> list[int]:
        """The processes inside with this command name."""
        return [pid for pid in _members(self.inside) if _command_name(pid) == name]

    def agents(self) -> list[int]:
        return [pid for pid in _members(self.inside) if _is_executable_of(pid, installed())]

    def wait_for_agent(self, count: int = 1) -> int:
        wait_until(lambda: len(self.agents()) == count, 10, f"{count} agent processes inside")
        return self.agents()[-1]

    def wait_until_agent_gone(self, timeout: float = 10) -> float:
        """Returns the time that it took."""
        return wait_until(lambda: not self.agents(), timeout, "the agent is gone")

    def close(self) -> None:
        for namespace in (self.outside, self.inside):
            for pid in _members(namespace):
                _kill(pid)
            namespace.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _members(namespace: Namespace) -> list[int]:
    identity = os.stat(namespace.path).st_ino
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _namespace_of(name) == identity]


def _namespace_of(pid: str) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return None


def _is_executable_of(pid: int, file: Path) -> bool:
    """Paths would differ in another root."""
    try:
        return os.path.samefile(f"/proc/{pid}/exe", file)
    except OSError:
        return False


def _command_name(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
