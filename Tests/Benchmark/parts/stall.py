"""A reader that stalls, and one at the pace of an encrypted session."""

import time

from ..bench import Bench
from ..capture import Capture
from ..readers import Stalling, Throttled
from ..tables import Table
from ..tools import Tool

STALL = 0.5
STALL_LOAD = {"packets": 120_000, "size": 100, "rate": 100_000}
PACE = 50_000_000
# Below the reader's pace; and, as long as the burst lasts, three times that.
STEADY_LOAD = {"packets": 20_000, "size": 1500, "rate": 30_000}
BURST_LOAD = {"packets": 20_000, "size": 1500, "rate": 100_000}


def run(bench: Bench) -> list[Table]:
    table = Table("Lost packets behind a slow reader (%)", "The pace of the slow reader is 50 MB/s, that of an "
                  "encrypted session. 30,000 packets of 1,500 B a second are 45 MB/s.")
    for _ in range(bench.few_rounds):
        for tool in bench.tools:
            table.add("stalls 500 ms, 100,000/s of 100 B", tool.name, _stalled(bench, tool), "{:.2f}")
            if bench.quick:
                continue
            table.add("50 MB/s, 30,000/s of 1500 B", tool.name, _throttled(bench, tool, STEADY_LOAD), "{:.2f}")
            table.add("50 MB/s, a burst of 20,000 of 1500 B", tool.name, _throttled(bench, tool, BURST_LOAD), "{:.2f}")
    return [table]


def _stalled(bench: Bench, tool: Tool) -> float:
    with Capture(tool, Stalling(STALL_LOAD["size"])) as capture:
        load = bench.network.start_load(**STALL_LOAD)
        time.sleep(0.2)
        capture.reader.pause = STALL
        load.communicate()
        capture.drain()
    return _lost(capture, STALL_LOAD["packets"])


def _throttled(bench: Bench, tool: Tool, load: dict[str, int]) -> float:
    with Capture(tool, Throttled(load["size"], PACE)) as capture:
        bench.network.send(**load)
        capture.drain()
    return _lost(capture, load["packets"])


def _lost(capture: Capture, sent: int) -> float:
    return 100 * (sent - capture.reader.records.total()) / sent
