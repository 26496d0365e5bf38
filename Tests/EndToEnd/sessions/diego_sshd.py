"""An SSH daemon that treats its sessions as Cloud Foundry's diego-sshd does.

One process serves every session from one dual-stack wildcard listener. A command runs as `/bin/bash -c COMMAND` on
three pipes whose data the daemon copies; a pty session runs a login shell, or the command, on a terminal. The
environment is the daemon's own: no SSH_CONNECTION. When a client vanishes, a command is told nothing: its standard
input closes, and the copying of its output ends with the first write that fails, which closes the pipe.

Usage: diego_sshd.py PORT HOST_KEY COMMAND_NAME
"""
import asyncio
import ctypes
import fcntl
import os
import pty
import signal
import socket
import sys
import termios

import asyncssh

PR_SET_NAME = 15


class Output(asyncio.Protocol):
    """Copies what the command writes into the session, for as long as the session takes it."""

    def __init__(self, channel: asyncssh.SSHServerChannel, datatype: int | None):
        self.channel = channel
        self.datatype = datatype
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.ReadTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self.channel.write(data, self.datatype)
        except BrokenPipeError:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set_result(None)


class Session(asyncssh.SSHServerSession):
    def __init__(self) -> None:
        self.arguments = ["/bin/bash", "-l"]
        self.has_terminal = False
        self.process: asyncio.subprocess.Process | None = None
        self.input: asyncio.WriteTransport | None = None
        self.outputs: list[Output] = []
        self.unread: list[bytes] = []
        self.input_ended = False
        self.is_lost = False

    def connection_made(self, channel: asyncssh.SSHServerChannel) -> None:
        self.channel = channel

    def pty_requested(self, term_type, term_size, term_modes) -> bool:
        self.has_terminal = True
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self.arguments = ["/bin/bash", "-c", command]
        return True

    def session_started(self) -> None:
        self.task = asyncio.create_task(self.run_on_terminal() if self.has_terminal else self.run_on_pipes())

    async def run_on_pipes(self) -> None:
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = os.pipe(), os.pipe(), os.pipe()
        self.process = await asyncio.create_subprocess_exec(
            *self.arguments, stdin=stdin, stdout=stdout, stderr=stderr)
        for end in (stdin, stdout, stderr):
            os.close(end)
        await self.attach(to_stdin, {from_stdout: None, from_stderr: asyncssh.EXTENDED_DATA_STDERR})
        await self.finish()

    async def run_on_terminal(self) -> None:
        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        master, slave = pty.openpty()
        self.process = await asyncio.create_subprocess_exec(
            *self.arguments, stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal)
        os.close(slave)
        await self.attach(os.dup(master), {master: None})
        await self.finish()

    async def attach(self, to_input: int, from_outputs: dict[int, int | None]) -> None:
        loop = asyncio.get_running_loop()
        for descriptor, datatype in from_outputs.items():
            _, output = await loop.connect_read_pipe(
                lambda: Output(self.channel, datatype), os.fdopen(descriptor, "rb", 0))
            self.outputs.append(output)
        self.input, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(to_input, "wb", 0))
        for data in self.unread:
            self.input.write(data)
        if self.input_ended:
            self.eof_received()
        if self.is_lost:
            self.connection_lost(None)

    async def finish(self) -> None:
        status = await self.process.wait()
        await asyncio.gather(*(output.ended for output in self.outputs))
        if status < 0:
            self.channel.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            self.channel.exit(status)

    def data_received(self, data: bytes, datatype) -> None:
        self.input.write(data) if self.input else self.unread.append(data)

    def eof_received(self) -> bool:
        self.input_ended = True
        if self.input and not self.has_terminal:
            self.input.close()
        return True

    def signal_received(self, name: str) -> None:
        self.process.send_signal(signal.Signals["SIG" + name])

    def pause_writing(self) -> None:
        for output in self.outputs:
            output.transport.pause_reading()

    def resume_writing(self) -> None:
        for output in self.outputs:
            output.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        if self.input:
            self.input.abort()
        if self.has_terminal:
            for output in self.outputs:
                output.transport.close()


class Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False

    def session_requested(self) -> Session:
        return Session()

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True


async def serve(port: int, host_key: str) -> None:
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::", port))
    await asyncssh.listen(sock=listener, server_factory=Server, server_host_keys=[host_key], encoding=None,
                          keepalive_interval=int(os.environ.get("KEEP_ALIVE_SECONDS", 1)), keepalive_count_max=4)
    await asyncio.Event().wait()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[3].encode())
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
