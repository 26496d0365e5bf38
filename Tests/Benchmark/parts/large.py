"""The 64 kB packets of lo, at 6 Gbit/s."""

from ..bench import Bench
from ..capture import EVERYWHERE, Capture
from ..readers import Reader
from ..tables import Table
from ..tools import Tool
from .app import STREAM_PORT, stream

# Only the stream's data, not what acknowledges it.
EXPRESSION = f"tcp dst port {STREAM_PORT} and greater 1000"
RATE = "6G"


def run(bench: Bench) -> list[Table]:
    table = Table("iperf3 on lo at 6 Gbit/s", "Lost: by the tool's own count. Nothing is bound to a core.")
    for _ in range(bench.rounds):
        for tool in bench.tools:
            _measure(tool, table)
    return [table]


def _measure(tool: Tool, table: Table) -> None:
    with Capture(tool, Reader(EVERYWHERE), "lo", EXPRESSION) as capture:
        before = capture.cpu()
        reached = stream("--bitrate", RATE)
        capture.drain()
        used = capture.cpu() - before
    taken, dropped = capture.counts()
    table.add("lost (%)", tool.name, 100 * dropped / (taken + dropped), "{:.2f}")
    table.add("CPU per packet (us)", tool.name, used / taken / 1000, "{:.2f}")
    table.add("CPU per MB written (us)", tool.name, used / 1000 / (capture.reader.bytes / 1e6), "{:.0f}")
    table.add("Gbit/s reached", tool.name, reached, "{:.2f}")
