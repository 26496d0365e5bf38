"""Faults: real ones or, if the kernel cannot be brought to one, those that a tracer of the agent makes."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .agent import Agent, installed
from .namespace import Namespace, run

SUPPORT = Path(__file__).parents[1] / "support"


@contextlib.contextmanager
def small_disk(kilobytes: int) -> Iterator[int]:
    """The folder descriptor of a file system of that size, which has no place in the tree and ends with its files."""
    with tempfile.TemporaryDirectory() as folder:
        run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        run("umount", "--lazy", folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def failing_disk(limit: int, error: int) -> Iterator[int]:
    """The folder descriptor of a file system whose files take `limit` bytes and then fail with that error number."""
    program = SUPPORT / "failing_disk.py"
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([sys.executable, program, folder, str(limit), str(error)]) as server:
            try:
                while not os.path.ismount(folder):
                    assert server.poll() is None, "it could not be mounted"
                    time.sleep(0.01)
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    yield descriptor
                finally:
                    os.close(descriptor)
            finally:
                subprocess.run(["umount", "--lazy", folder], check=False)
                server.terminate()


def contents(descriptor: int) -> bytes:
    """The whole file behind a descriptor, whatever its own position."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


@functools.cache
def compiled(name: str, *options: str) -> Path:
    """A program of support/."""
    tool = installed().parent / Path(name).stem
    run("gcc", "-O1", "-Wall", "-Wextra", "-Werror", *options, "-o", tool, SUPPORT / name)
    return tool


@contextlib.contextmanager
def failing_writes(agent: Agent, error: int, first: int, every: int = 1) -> Iterator[None]:
    """The agent's writes to standard output fail: the `first` from here on, and each `every`-th after that."""
    words = [compiled("inject.c"), "fail", agent.pid, 1, error, first, every]
    with subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as tracer:
        try:
            assert tracer.stdout.readline() == b"attached\n"
            yield
        finally:
            tracer.terminate()


def injected_call(agent: Agent, number: int, *arguments: int) -> str:
    """Has the agent make a system call. Returns "killed by N" or "returned N"."""
    return run(compiled("inject.c"), "call", agent.pid, number, *arguments, text=True).stdout.strip()


def allowed_calls(agent: Agent) -> set[int]:
    """The numbers of the system calls that the agent's seccomp filter lets through, whatever their arguments."""
    lines = run(compiled("inject.c"), "filter", agent.pid, text=True).stdout.splitlines()
    instructions = [tuple(map(int, line.split())) for line in lines]
    load_number, compare = (0x20, 0), 0x15
    return {
        following[3] for (code, _, _, operand), following in zip(instructions, instructions[1:])
        if (code, operand) == load_number and following[0] == compare
    }


@contextlib.contextmanager
def traced_calls(agent: Agent, into: set[int]) -> Iterator[None]:
    """Adds the numbers of the system calls that the agent makes."""
    with tempfile.NamedTemporaryFile("r") as log:
        words = ["strace", "-qq", "-n", "-o", log.name, "-p", str(agent.pid)]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL) as tracer:
            try:
                agent.wait_until(lambda: agent.status()["TracerPid"] != "0", message="strace being attached")
                yield
            finally:
                tracer.terminate()
        into |= {int(number) for number in re.findall(r"^\[ *(\d+)\]", log.read(), re.MULTILINE)}


def socket_pair(namespace: Namespace, kind: str) -> tuple[socket.socket, socket.socket]:
    """Two connected ends: "unix" or "tcp"."""
    if kind == "unix":
        return socket.socketpair()
    with namespace.socket(kind=socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = namespace.socket(kind=socket.SOCK_STREAM)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
    return server, client
