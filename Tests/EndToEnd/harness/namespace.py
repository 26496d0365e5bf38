"""Network namespaces that vanish with the test run.

A namespace is held by a descriptor of this process and has no name in /run/netns: when the descriptor or the
process goes away, however it dies, the kernel removes the namespace and the interfaces in it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator

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


class Namespace:
    """A network namespace with lo up and, after `connect`, one veth pair per peer."""

    def __init__(self) -> None:
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
