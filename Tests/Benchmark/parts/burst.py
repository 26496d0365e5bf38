"""The largest burst at line rate that is kept whole."""

import time

from ..bench import Bench
from ..capture import Capture
from ..readers import Counting
from ..tables import Table
from ..tools import Tool

# The bursts by size of packet, rising until the last that is tried.
BURSTS = {
    100: [10_000, 20_000, 40_000, 80_000, 160_000, 320_000],
    1500: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000],
}
QUIET = 0.05


def run(bench: Bench) -> list[Table]:
    most = ", ".join(f"{bursts[-1]:,} of {size} B" for size, bursts in BURSTS.items())
    table = Table("Largest burst kept whole (packets)", f"Bursts double from one to the next. Tried at most: {most}.")
    for _ in range(bench.few_rounds):
        for size in [100] if bench.quick else BURSTS:
            for tool in bench.tools:
                table.add(f"{size} B", tool.name, _largest_whole(bench, tool, size), "{:,.0f}")
    return [table]


def _largest_whole(bench: Bench, tool: Tool, size: int) -> int:
    bursts = BURSTS[size]
    with Capture(tool, Counting(size)) as capture:
        for port, packets in enumerate(bursts, start=1):
            bench.network.send(packets, size, port=port)
            capture.settle()
            time.sleep(QUIET)
        capture.drain()
    largest = 0
    for port, packets in enumerate(bursts, start=1):
        if capture.reader.records[port] < packets:
            break
        largest = packets
    return largest
