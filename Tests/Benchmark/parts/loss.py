"""Loss by rate, and the highest rate without."""

from ..bench import Bench
from ..capture import Capture
from ..readers import Counting
from ..tables import Table
from ..tools import Tool

SIZE = 100
RATES = [100_000, 200_000, 300_000, 400_000, 500_000, 0]
SECONDS = 0.5
FLAT_OUT_PACKETS = 400_000


def run(bench: Bench) -> list[Table]:
    table = Table(f"Lost packets of {SIZE} B (%)", "Counted in the output. The last rows: packets per second that the "
                  "load reached flat out, and the highest rate without loss.")
    for _ in range(bench.rounds):
        for tool in bench.tools:
            _measure(bench, tool, RATES[1::2] if bench.quick else RATES, table)
    return [table]


def _measure(bench: Bench, tool: Tool, rates: list[int], table: Table) -> None:
    reached, sent = {}, {}
    with Capture(tool, Counting(SIZE)) as capture:
        for port, rate in enumerate(rates, start=1):
            sent[port] = int(rate * SECONDS) or FLAT_OUT_PACKETS
            reached[port] = bench.network.send(sent[port], SIZE, rate, port)
            capture.settle()
        capture.drain()

    highest = 0.0
    whole = True
    for port, rate in enumerate(rates, start=1):
        lost = sent[port] - capture.reader.records[port]
        table.add(f"{rate:,}/s" if rate else "flat out", tool.name, 100 * lost / sent[port], "{:.2f}")
        whole = whole and lost == 0
        if whole:
            highest = reached[port]
    table.add("flat out, reached (/s)", tool.name, reached[len(rates)], "{:,.0f}")
    table.add("highest rate without loss (/s)", tool.name, highest, "{:,.0f}")
