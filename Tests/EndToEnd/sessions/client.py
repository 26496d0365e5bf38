"""SSH clients."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness import Collector, LogLine, installed, parse_log
from harness.agent import HEADER_SIZE

from .container import ADDRESS, USER, Container, wait_until

OPTIONS = ("-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no",
           "-o", "LogLevel=ERROR")
TLS = "ProxyCommand=openssl s_client -quiet -verify_quiet -connect %h:%p 2>/dev/null"


@dataclass(frozen=True)
class Route:
    """The place from which a client starts, and the address to which it connects."""

    address: str
    port: int
    from_inside: bool = False
    tls: bool = False


DIRECT = Route(ADDRESS, 2222)
THROUGH_PROXY = Route(ADDRESS, 61002, tls=True)
LOOPBACK = Route("127.0.0.1", 2222, from_inside=True)


class Client:
    """A running client: its output is collected; its input is a pipe that stays open unless `stdin` says otherwise."""

    def __init__(self, container: Container, words: list[object], from_inside: bool = False,
                 stdin: int = subprocess.PIPE) -> None:
        namespace = container.inside if from_inside else container.outside
        self.process = namespace.popen(*words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       bufsize=0, start_new_session=True)
        self.output = _collect(self.process.stdout)
        self.errors = _collect(self.process.stderr)

    @property
    def log(self) -> list[LogLine]:
        """The whole lines on its standard error so far, which are the agent's."""
        data = self.errors.data
        return parse_log(data[:data.rfind(b"\n") + 1])

    def wait_for_output(self, size: int) -> None:
        assert self.output.wait_for_size(size, 20), f"{self.output.size} bytes, {self.errors.data.decode()}"

    def wait_until_live(self) -> None:
        """Until the agent's header arrived."""
        self.wait_for_output(HEADER_SIZE)

    def wait_for_log(self, *messages: str) -> list[LogLine]:
        """The log once it holds one of the messages."""
        wait_until(lambda: any(line.message in messages for line in self.log), 20, f"one of {messages} in the log")
        return self.log

    def type(self, text: str) -> None:
        self.process.stdin.write(text.encode())

    def kill(self) -> None:
        """SIGKILL to it and what it started, as when its host goes down."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_) -> None:
        self.kill()


def _collect(stream) -> Collector:
    collector = Collector(os.dup(stream.fileno()))
    stream.close()
    return collector


def ssh(container: Container, command: str | None, route: Route = DIRECT, terminal: bool = False,
        stdin: int = subprocess.PIPE, options: tuple[str, ...] = ()) -> Client:
    """OpenSSH's client; without a command, a login shell."""
    words = ["ssh", *OPTIONS, *options, "-i", container.key, "-p", route.port]
    words += ["-o", TLS] if route.tls else []
    words += ["-tt"] if terminal else []
    words += [f"{USER}@{route.address}"] + ([command] if command is not None else [])
    return Client(container, words, route.from_inside, stdin)


def signalling(container: Container, command: str, route: Route = DIRECT) -> Client:
    """A client that sends the signal named by each line of its input, such as INT, through the session."""
    program = Path(__file__).with_name("signalling_client.py")
    words = [sys.executable, program, route.address, route.port, USER, container.key, command]
    return Client(container, words, route.from_inside)


def capture(*arguments: object, to: str = "") -> str:
    """The shell command that starts the agent; `to` redirects its streams."""
    words = [str(word) for word in (installed(), *arguments)]
    return " ".join([shlex.join(words), to]).strip()
