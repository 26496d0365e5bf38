"""An SSH client that sends signals through the session, which OpenSSH's client cannot.

Runs the command and copies its output. Each line on standard input names a signal, such as INT, that is requested of
the daemon. The exit status is the command's, or 255.

Usage: signalling_client.py HOST PORT USER KEY COMMAND
"""
import asyncio
import os
import sys

import asyncssh

STDOUT, STDERR = 1, 2


class Session(asyncssh.SSHClientSession):
    def data_received(self, data: bytes, datatype: int | None) -> None:
        descriptor = STDERR if datatype == asyncssh.EXTENDED_DATA_STDERR else STDOUT
        while data:
            data = data[os.write(descriptor, data):]


async def send_signals(channel: asyncssh.SSHClientChannel) -> None:
    names = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(names), sys.stdin)
    async for line in names:
        channel.send_signal(line.decode().strip())


async def main(host: str, port: str, user: str, key: str, command: str) -> int:
    async with asyncssh.connect(host, int(port), username=user, client_keys=[key], known_hosts=None,
                                server_host_key_algs=["ssh-ed25519"], config=None) as connection:
        channel, _ = await connection.create_session(Session, command, encoding=None)
        signals = asyncio.create_task(send_signals(channel))
        await channel.wait_closed()
        signals.cancel()
        status = channel.get_exit_status()
        return 255 if status in (None, -1) else status


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
