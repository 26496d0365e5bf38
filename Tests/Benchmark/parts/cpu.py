"""CPU per packet."""

from ..bench import Bench
from ..capture import Capture
from ..readers import Counting
from ..tables import Table
from ..tools import Tool

# Packets per second (0: flat out) and how many packets. Flat out varies most, so it is measured more often.
LOADS = [(10_000, 5_000), (100_000, 30_000), (0, 150_000), (0, 150_000), (0, 150_000)]
# 100,000 of these a second would be 52 Gbit/s.
LARGE_LOADS = [(10_000, 5_000), (0, 20_000), (0, 20_000)]
# Sent first, unmeasured: each load then takes over as much unfinished work from the one before as it leaves behind.
WARM_UP = {"packets": 5_000, "port": 255}
SIZES = {64: LOADS, 100: LOADS, 1500: LOADS, 65000: LARGE_LOADS}


def run(bench: Bench) -> list[Table]:
    table = Table("CPU per packet written (us)", "User and system time of the tool's process. The reader takes its "
                  "turns on the same core, the load comes from another. Sizes are those of frames.")
    for _ in range(bench.rounds):
        for size in [100, 65000] if bench.quick else SIZES:
            for tool in bench.tools:
                _measure(bench, tool, size, table)
    return [table]


def _measure(bench: Bench, tool: Tool, size: int, table: Table) -> None:
    loads = SIZES[size]
    used = []
    with Capture(tool, Counting(size)) as capture:
        bench.network.send(size=size, **WARM_UP)
        capture.settle()
        for port, (rate, packets) in enumerate(loads, start=1):
            before = capture.cpu()
            bench.network.send(packets, size, rate, port)
            capture.settle()
            used.append(capture.cpu() - before)
        capture.drain()
    for port, (rate, _) in enumerate(loads, start=1):
        written = capture.reader.records[port]
        if written > 0:
            table.add(f"{size} B, {f'{rate:,}/s' if rate else 'flat out'}", tool.name, used[port - 1] / written / 1000)
