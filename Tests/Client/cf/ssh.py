"""`cf ssh APP -c COMMAND`: a session in an instance's container. Without a command, a login shell on a terminal."""

from __future__ import annotations

import asyncio
import hashlib
import os
import queue
import signal
import sys
import termios
import threading
import tty
from dataclasses import dataclass

from .api import API
from .configuration import Configuration
from .failure import Failure, IncorrectUsage

BUFFER = 1 << 18
KEEP_ALIVE_SECONDS, KEEP_ALIVES_UNANSWERED = 30, 20


@dataclass
class Options:
    app: str
    index: int
    process: str
    command: str
    validates_host: bool


def run(configuration: Configuration, arguments: list[str]) -> int:
    options = parse(arguments)
    configuration.need_target()
    answer, connection = API(configuration).connect(options.app, options.process, options.index)
    if connection is None:
        return run_in_place(answer["run"])
    # After the first failures, for it takes longer than all of them.
    import asyncssh

    try:
        key = asyncssh.import_public_key(answer["host_key"]) if options.validates_host else None
        return asyncio.run(session(connection, key, options.command))
    except asyncssh.HostKeyNotVerifiable:
        fingerprint = hashlib.md5(key.public_data).hexdigest()
        raise Failure("Error opening SSH connection: ssh: handshake failed: Host key verification failed.\n\n"
                      f'The fingerprint of the received key was "{fingerprint}".') from None
    except (asyncssh.Error, OSError) as error:
        raise Failure(f"Error opening SSH connection: ssh: handshake failed: {error}") from None


def run_in_place(words: list[str]) -> int:
    """A test's program instead of a session; it is this process."""
    sys.stdout.flush()
    os.execvp(words[0], words)


def parse(arguments: list[str]) -> Options:
    values = {"app-instance-index": "0", "process": "web", "command": ""}
    long = {"-i": "app-instance-index", "-c": "command"} | {f"--{name}": name for name in values}
    names, switches, words = [], set(), list(arguments)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if name in long and (equals or words):
            values[long[name]] = value if equals else words.pop(0)
        elif word in ("-k", "--skip-host-validation", "-T", "--disable-pseudo-tty"):
            switches.add(word)
        elif word in long:
            raise IncorrectUsage(f"expected argument for flag `{word}'")
        elif word.startswith("-"):
            raise IncorrectUsage(f"unknown flag `{word.lstrip('-')}'")
        else:
            names.append(word)
    if len(names) != 1:
        raise IncorrectUsage("the required argument `APP_NAME` was not provided")
    if not values["app-instance-index"].isdigit():
        raise IncorrectUsage(f"invalid argument for flag `-i, --app-instance-index' (expected uint): "
                             f'strconv.ParseUint: parsing "{values["app-instance-index"]}": invalid syntax')
    validates_host = not switches & {"-k", "--skip-host-validation"}
    return Options(names[0], int(values["app-instance-index"]), values["process"], values["command"], validates_host)


async def session(connection, key, command: str) -> int:
    import asyncssh

    # It asks who runs it, which a user without a name in /etc/passwd cannot say.
    os.environ.setdefault("LOGNAME", "cf")
    ssh = await asyncssh.connect(
        sock=connection, username="cf", config=None, client_keys=None, agent_path=None,
        known_hosts=None if key is None else ([key], [], []),
        keepalive_interval=KEEP_ALIVE_SECONDS, keepalive_count_max=KEEP_ALIVES_UNANSWERED)
    terminal = {} if command else {"term_type": os.environ.get("TERM", "xterm")}
    channel, remote = await ssh.create_session(lambda: remote_session(asyncssh), command or None, encoding=None, **terminal)
    if terminal and os.isatty(0):
        tty.setraw(0, termios.TCSADRAIN)
    forward_input(channel)
    await remote.ended
    for output in remote.outputs.values():
        await asyncio.to_thread(output.finish)
    if remote.signal is not None:
        print(f"Process terminated by signal: {remote.signal}. Exited with {remote.status}")
    if remote.status is None:
        raise Failure("wait: remote command exited without exit status or exit signal")
    return remote.status


def forward_input(channel) -> None:
    loop = asyncio.get_running_loop()

    def tell(function, *arguments) -> None:
        try:
            loop.call_soon_threadsafe(call, function, arguments)
        except RuntimeError:
            pass  # the session has ended

    def call(function, arguments) -> None:
        try:
            function(*arguments)
        except OSError:
            pass  # the same

    def copy() -> None:
        try:
            while data := os.read(0, 65536):
                tell(channel.write, data)
        except OSError:
            pass
        tell(channel.write_eof)

    threading.Thread(target=copy, daemon=True).start()


def remote_session(asyncssh):
    class Session(asyncssh.SSHClientSession):
        def connection_made(self, channel) -> None:
            self.ended = asyncio.get_running_loop().create_future()
            self.status: int | None = None
            self.signal: str | None = None
            self.outputs = {None: Output(1, channel), asyncssh.EXTENDED_DATA_STDERR: Output(2, channel)}

        def data_received(self, data: bytes, datatype) -> None:
            self.outputs[datatype].write(data)

        def exit_status_received(self, status: int) -> None:
            self.status = status

        def exit_signal_received(self, name: str, core_dumped: bool, message: str, language: str) -> None:
            self.signal = name
            self.status = 128 + getattr(signal, f"SIG{name}", 0)

        def connection_lost(self, error) -> None:
            self.ended.set_result(None)

    return Session()


class Output:
    """Writes to a descriptor in a thread of its own, so that a reader that stands still holds up nothing but the channel,
    and that only when BUFFER bytes wait."""

    def __init__(self, descriptor: int, channel) -> None:
        self._descriptor = descriptor
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._bytes = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        with self._lock:
            self._bytes += len(data)
            if self._bytes > BUFFER:
                self._channel.pause_reading()
        self._waiting.put(data)

    def finish(self) -> None:
        self._waiting.put(b"")
        self._thread.join()

    def _copy(self) -> None:
        while data := self._waiting.get():
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest):]
            except BrokenPipeError:
                self._loop.call_soon_threadsafe(end_by_broken_pipe)
                return
            with self._lock:
                was_full, self._bytes = self._bytes > BUFFER, self._bytes - len(data)
                if was_full and self._bytes <= BUFFER:
                    self._loop.call_soon_threadsafe(self._channel.resume_reading)


def end_by_broken_pipe() -> None:
    """As a Go program ends whose standard output nobody reads. A broken connection must not end it so."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
