"""Readers of a capture's standard output: cheap, and the same for all tools.

Where records are counted, all packets of a capture have one size, so that a record's place follows from its number and
a stride through the bytes meets the same field of each. Loads are told apart by their UDP port, 1 to 255.
"""

import os
import threading
import time
from collections import Counter

from . import machine

FILE_HEADER = 24
RECORD_HEADER = 16
CHUNK = 128 << 10
# In the frame: Ethernet, IPv4, the low byte of the UDP destination port, and what pktgen puts into the payload.
PORT_OFFSET = 14 + 20 + 3
STAMP_OFFSET = 14 + 20 + 8 + 8


class Reader(threading.Thread):
    """Reads to the end and throws away."""

    def __init__(self, cores: set[int] = frozenset({machine.CAPTURE_CORE})) -> None:
        super().__init__(daemon=True)
        self.cores = cores
        self.fd = -1
        self.bytes = 0
        self.header_at = 0
        self.has_header = threading.Event()

    def follow(self, fd: int) -> None:
        self.fd = fd
        self.start()

    def run(self) -> None:
        os.sched_setaffinity(threading.get_native_id(), self.cores)
        buffer = memoryview(bytearray(CHUNK))
        while (length := os.readv(self.fd, [buffer])) > 0:
            if self.bytes == 0:
                self.header_at = time.monotonic_ns()
                self.has_header.set()
            self.take(buffer[:length])
            self.bytes += length
        os.close(self.fd)

    def take(self, chunk: memoryview) -> None:
        pass


class Counting(Reader):
    """Counts the records of each port."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.stride = RECORD_HEADER + size
        self.records: Counter[int] = Counter()

    def take(self, chunk: memoryview) -> None:
        first = (FILE_HEADER + RECORD_HEADER + PORT_OFFSET - self.bytes) % self.stride
        self.records.update(bytes(chunk[first::self.stride]))


class Stalling(Counting):
    """Stops reading for a while when told."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.pause = 0.0
        self._reads = threading.Event()
        self._reads.set()

    def take(self, chunk: memoryview) -> None:
        super().take(chunk)
        pause, self.pause = self.pause, 0.0
        if pause > 0:
            self._reads.clear()
            time.sleep(pause)
            self._reads.set()

    def wait(self) -> None:
        """Until it reads again."""
        self._reads.wait()


class Throttled(Counting):
    """Reads at the pace of an encrypted session."""

    def __init__(self, size: int, bytes_per_second: int) -> None:
        super().__init__(size)
        self.pace = bytes_per_second
        self.free_at = 0.0

    def take(self, chunk: memoryview) -> None:
        super().take(chunk)
        now = time.monotonic()
        self.free_at = max(self.free_at, now) + len(chunk) / self.pace
        time.sleep(max(0.0, self.free_at - now))


class Timing(Reader):
    """Keeps what it reads and when, so that each record's age at its arrival can be told afterwards."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.stride = RECORD_HEADER + size
        self.chunks: list[tuple[int, bytes]] = []

    def take(self, chunk: memoryview) -> None:
        self.chunks.append((time.time_ns(), bytes(chunk)))

    def ages(self) -> dict[int, list[float]]:
        """For each port, the milliseconds from the sending of a packet to the arrival of its record's last byte."""
        stream = b"".join(chunk for _, chunk in self.chunks)
        ages: dict[int, list[float]] = {}
        end, arrivals = 0, iter(self.chunks)
        for record in range(FILE_HEADER, len(stream) - self.stride + 1, self.stride):
            while end < record + self.stride:
                at, chunk = next(arrivals)
                end += len(chunk)
            frame = record + RECORD_HEADER
            sent = int.from_bytes(stream[frame + STAMP_OFFSET:frame + STAMP_OFFSET + 8], "big")
            ages.setdefault(stream[frame + PORT_OFFSET], []).append((at - sent) / 1e6)
        return ages
