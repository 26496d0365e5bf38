"""What a tool takes on disk and in memory."""

import gzip
import re
import subprocess
from pathlib import Path

from ..bench import Bench
from ..capture import Capture
from ..readers import Counting
from ..tables import Table
from ..tools import Tool

PACKET_SIZE = 100
PACKETS = 100_000


def run(bench: Bench) -> list[Table]:
    table = Table("Size (kB of 1,000 bytes)", "Memory after 100,000 packets. Private: RssAnon. The ring is the "
                  "kernel's and not charged to a container.")
    for tool in bench.tools:
        binary = tool.binary.read_bytes()
        _add(table, "on disk", tool, len(binary))
        _add(table, "on disk, with its shared libraries", tool, len(binary) + _libraries(tool.binary))
        _add(table, "gzip -9", tool, len(gzip.compress(binary, 9)))
        with Capture(tool, Counting(PACKET_SIZE)) as capture:
            bench.network.send(PACKETS, PACKET_SIZE)
            capture.drain()
            _add(table, "private memory", tool, private_memory(capture.pid))
            _add(table, "ring", tool, _ring(capture.pid))
    return [table]


def _add(table: Table, label: str, tool: Tool, size: int) -> None:
    table.add(label, tool.name, size / 1000, "{:,.0f}")


def private_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1])


def _ring(pid: int) -> int:
    """The packet socket's mapping."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    ranges = re.findall(r"^(\w+)-(\w+) .* socket:", maps, re.MULTILINE)
    return sum(int(end, 16) - int(start, 16) for start, end in ranges)


def _libraries(binary: Path) -> int:
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
    return sum(Path(path).stat().st_size for path in set(re.findall(r"(/\S+) \(0x", listed)))
