"""A reader that stalls, and one at the pace of an encrypted session."""

import time

from ..bench import Bench
from ..capture import Capture
from ..readers import Stalling, Throttled
from ..tables import Table
from ..tools import Tool

# A reader that stops: for how long, and what comes meanwhile.
STALLS = {
    "stalls 500 ms, 100,000/s of 100 B": (0.5, {"packets": 120_000, "size": 100, "rate": 100_000}),
    "stalls 3 s, 2,000/s of 1500 B (3 MB/s)": (3, {"packets": 8_000, "size": 1500, "rate": 2_000}),
    "stalls 10 s, 100/s of 1500 B": (10, {"packets": 1_200, "size": 1500, "rate": 100}),
}
PACE = 50_000_000
SESSION_PACE = 5_000_000
SESSION_LOAD = {"packets": 8_000, "size": 1500, "rate": 60_000}
# Below the reader's pace; and, as long as the burst lasts, three times that.
STEADY_LOAD = {"packets": 20_000, "size": 1500, "rate": 30_000}
BURST_LOAD = {"packets": 20_000, "size": 1500, "rate": 100_000}


def run(bench: Bench) -> list[Table]:
    table = Table("Lost packets behind a slow reader (%)", "The pace of the slow reader is 50 MB/s, that of an "
                  "encrypted session. 30,000 packets of 1,500 B a second are 45 MB/s.")
    for _ in range(bench.few_rounds):
        for tool in bench.tools:
            for label, (seconds, load) in STALLS.items():
                if seconds < 3 or not bench.quick:
                    table.add(label, tool.name, _stalled(bench, tool, seconds, load), "{:.2f}")
            if bench.quick:
                continue
            table.add("50 MB/s, 30,000/s of 1500 B", tool.name, _throttled(bench, tool, STEADY_LOAD), "{:.2f}")
            table.add("50 MB/s, a burst of 20,000 of 1500 B", tool.name, _throttled(bench, tool, BURST_LOAD), "{:.2f}")
    return [table] if bench.quick else [table, _stop_behind_a_session(bench)]


def _stop_behind_a_session(bench: Bench) -> Table:
    table = Table("A stop with 11 MB captured, behind a reader of 5 MB/s", "8,000 packets of 1,500 B are in the ring when "
                  "SIGINT comes.")
    for tool in bench.tools:
        with Capture(tool, Throttled(SESSION_LOAD["size"], SESSION_PACE)) as capture:
            bench.network.send(**SESSION_LOAD)
        table.add("lost (%)", tool.name, _lost(capture, SESSION_LOAD["packets"]), "{:.2f}")
        table.add("SIGINT to exit (ms)", tool.name, (capture.exit_at - capture.signal_at) / 1e6, "{:.0f}")
    return table


def _stalled(bench: Bench, tool: Tool, seconds: float, load: dict[str, int]) -> float:
    with Capture(tool, Stalling(load["size"])) as capture:
        generator = bench.network.start_load(**load)
        time.sleep(0.2)
        capture.reader.pause = seconds
        generator.communicate()
        capture.reader.wait()
        capture.drain()
    return _lost(capture, load["packets"])


def _throttled(bench: Bench, tool: Tool, load: dict[str, int]) -> float:
    with Capture(tool, Throttled(load["size"], PACE)) as capture:
        bench.network.send(**load)
        capture.drain()
    return _lost(capture, load["packets"])


def _lost(capture: Capture, sent: int) -> float:
    return 100 * (sent - capture.reader.records.total()) / sent
