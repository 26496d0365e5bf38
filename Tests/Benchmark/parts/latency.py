"""From the wire to standard output, and what waiting for packets costs."""

import time

from ..bench import Bench
from ..capture import Capture
from ..readers import Timing
from ..tables import Table, percentile
from ..tools import Tool

SIZE = 100
# UDP port, packets, packets per second.
IDLE = {"port": 1, "packets": 200, "rate": 200}
LOADED = {"port": 2, "packets": 30_000, "rate": 100_000}
WAIT = 1.0


def run(bench: Bench) -> list[Table]:
    table = Table("Wire to standard output (ms), and CPU meanwhile (% of a core)",
                  "From pktgen's clock to the read that returns the record's last byte. "
                  "tcpdump without -U also waits until it has 4 kB.")
    for _ in range(bench.rounds):
        for tool in bench.tools:
            _measure(bench, tool, table)
    return [table]


def _measure(bench: Bench, tool: Tool, table: Table) -> None:
    shares = {}
    with Capture(tool, Timing(SIZE)) as capture:
        shares["no packets"] = _share(capture, lambda: time.sleep(WAIT))
        shares["200/s"] = _share(capture, lambda: bench.network.send(size=SIZE, **IDLE))
        capture.drain()
        shares["100,000/s"] = _share(capture, lambda: bench.network.send(size=SIZE, **LOADED))
        capture.drain()
    ages = capture.reader.ages()
    for name, load in (("200/s", IDLE), ("100,000/s", LOADED)):
        for label, percent in (("p50", 50), ("p99", 99), ("max", 100)):
            if load["port"] in ages:
                table.add(f"{name}, {label}", tool.name, percentile(ages[load["port"]], percent), "{:.2f}")
    for name, share in shares.items():
        table.add(f"{name}, CPU", tool.name, share, "{:.3f}")


def _share(capture: Capture, meanwhile) -> float:
    start, before = time.monotonic_ns(), capture.cpu()
    meanwhile()
    return 100 * (capture.cpu() - before) / (time.monotonic_ns() - start)
