"""Traffic with known content."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
import time

from .namespace import Namespace, run
from .paths import REPOSITORY

PKTGEN = REPOSITORY / ".build/tools/pktgen"

def send_numbered(
    namespace: Namespace, address: str, count: int, port: int = 9999, size: int = 32, first: int = 0,
    interval: float = 0,
) -> list[int]:
    """Sends UDP packets whose payload of `size` bytes begins with a 64-bit sequence number; returns the numbers."""
    numbers = range(first, first + count)
    with namespace.socket() as sender:
        for number in numbers:
            try:
                sender.sendto(struct.pack(">Q", number).ljust(size, b"."), (address, port))
            except ConnectionRefusedError:  # the answer to the packet before
                sender.sendto(struct.pack(">Q", number).ljust(size, b"."), (address, port))
            if interval:
                time.sleep(interval)
    return list(numbers)


class Sink:
    """A bound UDP socket, so that packets to it bring no ICMP answers onto the wire."""

    def __init__(self, namespace: Namespace, port: int = 9999) -> None:
        self._socket = namespace.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        self._socket.bind(("0.0.0.0", port))

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()


def http_exchange(server: Namespace, client: Namespace, address: str, port: int, body: bytes = b"hello\n") -> bytes:
    """One request and its answer over TCP; returns what the client received."""
    with server.socket(kind=socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
        thread = threading.Thread(target=_answer, args=(listener, body))
        thread.start()
        with client.socket(kind=socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            connection.connect((address, port))
            connection.sendall(f"GET /greeting HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        thread.join()
    return answer


def _answer(listener: socket.socket, body: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += connection.recv(65536)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body)


class Pktgen:
    """The load generator, sending from an interface of a namespace."""

    def __init__(
        self, namespace: Namespace, interface: str, count: int, size: int, rate: int = 0, port: int = 9,
        mac: str | None = None,
    ) -> None:
        if not PKTGEN.exists():
            run("make", "-C", REPOSITORY / "Tests/Support", timeout=120)
        words = [PKTGEN, "-i", interface, "-n", count, "-s", size, "-p", port]
        words += ["-r", rate] if rate else []
        words += ["-d", mac] if mac else []
        self._process = namespace.popen(*words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def wait(self, timeout: float = 60) -> int:
        """Returns the number of packets that it sent."""
        output, _ = self._process.communicate(timeout=timeout)
        assert self._process.returncode == 0, f"pktgen ended with {self._process.returncode}: {output}"
        return int(dict(word.split("=") for word in output.split())["sent"])

    def __enter__(self) -> Pktgen:
        return self

    def __exit__(self, *_) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()
