"""HTTP load: requests of changing size at an even rate, over a few connections, each given up after 50 requests.

Usage: load.py ADDRESS PORT REQUESTS_PER_SECOND      until SIGTERM; prints a dot for each answer
"""
import asyncio
import itertools
import os
import signal
import sys
import time

CONNECTIONS = 4
SIZES = (0, 200, 1_000, 5_000, 40_000)
REQUEST = b"GET /%d HTTP/1.1\r\nHost: demo.example.org\r\nUser-Agent: load\r\n\r\n"


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
    writer.write(REQUEST % size)
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(size)


async def worker(address: str, port: int, interval: float, stop: asyncio.Event) -> None:
    sizes = itertools.cycle(SIZES)
    due = time.monotonic()
    while not stop.is_set():
        reader, writer = await asyncio.open_connection(address, port)
        for _ in range(50):
            if stop.is_set():
                break
            await ask(reader, writer, next(sizes))
            os.write(1, b".")
            due = max(due + interval, time.monotonic() - 1)
            await asyncio.sleep(due - time.monotonic())
        writer.close()
        await writer.wait_closed()


async def main(address: str, port: int, rate: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.gather(*(worker(address, port, CONNECTIONS / rate, stop) for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
