"""Network namespaces that vanish with the test run.

A namespace is held by a descriptor of this process and has no name in /run/netns: when the descriptor or the
process goes away, however it dies, the kernel removes the namespace and the interfaces in it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# Of vcap, whose processes are those of an app. It is the same user in every container.
UID = 2000
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def run(*command: object, **options) -> subprocess.CompletedProcess:
    """Runs a command that must succeed within 20 seconds; what it printed is in the error if it does not."""
    options = {"capture_output": True, "timeout": 20, "stdin": subprocess.DEVNULL} | options
    words = [str(word) for word in command]
    done = subprocess.run(words, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stdout!r} {done.stderr!r}")
    return done


def setpriv_command(user: int, options: Sequence[str] = ()) -> list[str]:
    """Goes on as this user, without capabilities but for those that the options give."""
    inheritable = [] if any(word.startswith("--inh-caps") for word in options) else ["--inh-caps=-all"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *inheritable, *options]


class Namespace:
    """A network namespace with lo up and, after `connect`, one veth pair per peer.

    - binds: what programs that are started by `launch` find in place of other files and folders, target to source.
    """

    # The user outside that is root inside.
    ROOT = 0

    def __init__(self, binds: Mapping[str, Path] | None = None) -> None:
        self._binds = dict(binds or {})
        self._fd = -1
        thread = threading.Thread(target=self._create)
        thread.start()
        thread.join()
        if self._fd < 0:
            raise PermissionError("cannot create a network namespace: the tests must run as root")
        self.run("ip", "link", "set", "lo", "up")

    def _create(self) -> None:
        # unshare changes the calling thread only, and the thread ends here.
        with contextlib.suppress(OSError):
            _check(_libc.unshare(CLONE_NEWNET))
            self._fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    def command(self, *command: object) -> list[str]:
        """The command line that runs a command inside; its process id is the command's own."""
        return ["nsenter", f"--net={self.path}", "--", *map(str, command)]

    def run(self, *command: object, **options) -> subprocess.CompletedProcess:
        return run(*self.command(*command), **options)

    def popen(self, *command: object, **options) -> subprocess.Popen:
        return subprocess.Popen(self.command(*command), **options)

    def command_line(
        self,
        words: Sequence[object],
        user: int = UID,
        binds: Mapping[str, Path] | None = None,
        mounts: Sequence[str] = (),
        root: Path | None = None,
        setpriv: Sequence[str] = (),
        wrapper: Sequence[object] = (),
    ) -> list[str]:
        """Runs `words` inside as `user`; every step is an exec, so that the process id is that of the command itself.

        - binds: files to lay over others, target to source.
        - mounts: shell commands that root runs before, in the command's mount namespace.
        - root: changes the root folder, as the last thing before the command.
        - setpriv: further options of setpriv(1), such as `--bounding-set=-net_raw`.
        - wrapper: a command, run as the user, that execs `words`.
        """
        steps: list[object] = self.command()
        binds = self._binds | dict(binds or {})
        script = [shlex.join(["mount", "--bind", str(source), target]) for target, source in binds.items()]
        script += mounts
        if script:
            steps += ["unshare", "--mount", "--propagation", "private"]
            steps += ["sh", "-ec", "\n".join([*script, 'exec "$@"']), "sh"]
        if root is not None:
            steps += ["chroot", f"--userspec={user}:{user}", "--groups=", root]
        else:
            steps += setpriv_command(user, setpriv)
        return [str(word) for word in (*steps, *wrapper, *words)]

    def launch(
        self,
        words: Sequence[object],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env: Mapping[str, object] | None = None,
        cwd: Path = Path("/"),
        pass_fds: Sequence[int] = (),
        **options,
    ) -> subprocess.Popen:
        """Starts what `command_line` says, with `env` on top of a minimal environment."""
        environment = {name: str(value) for name, value in (ENVIRONMENT | dict(env or {})).items()}
        return subprocess.Popen(self.command_line(words, **options), stdin=stdin, stdout=stdout, stderr=stderr,
                                env=environment, cwd=cwd, pass_fds=pass_fds, start_new_session=True)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is inside: sockets it creates belong to the namespace and stay there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(self._fd, CLONE_NEWNET))
            try:
                yield
            finally:
                _check(_libc.setns(home, CLONE_NEWNET))
        finally:
            os.close(home)

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_DGRAM, protocol: int = 0) -> socket.socket:
        with self.entered():
            return socket.socket(family, kind, protocol)

    def connect(self, peer: Namespace, name: str = "eth0", peer_name: str = "eth0", subnet: str = "10.77.0") -> None:
        """A veth pair: SUBNET.2 on `name` in here, SUBNET.1 on `peer_name` in the peer; neighbours are known, so
        that nothing but a test's own packets is on the wire (no ARP, no IPv6)."""
        self.run("ip", "link", "add", name, "type", "veth", "peer", "name", peer_name, "netns", peer.path)
        for namespace, interface, host in ((self, name, 2), (peer, peer_name, 1)):
            namespace.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1")
            namespace.run("ip", "address", "add", f"{subnet}.{host}/24", "dev", interface)
            namespace.run("ip", "link", "set", interface, "up")
        for namespace, interface, other, other_interface, host in (
            (self, name, peer, peer_name, 1), (peer, peer_name, self, name, 2),
        ):
            namespace.run("ip", "neighbour", "replace", f"{subnet}.{host}", "lladdr", other.mac(other_interface),
                          "dev", interface, "nud", "permanent")

    def mac(self, interface: str) -> str:
        words = self.run("ip", "-o", "link", "show", "dev", interface, text=True).stdout.split()
        return words[words.index("link/ether") + 1]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Namespace:
        return self

    def __exit__(self, *_) -> None:
        self.close()
