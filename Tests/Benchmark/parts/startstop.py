"""From exec to the header, and from SIGINT to the exit."""

import time

from ..bench import Bench
from ..capture import READY_WITHIN, Capture, wait_for
from ..readers import Reader
from ..tables import Table
from ..tools import Tool

REPETITIONS = 50
QUICK_REPETITIONS = 5
BUSY = {"packets": 10_000_000, "size": 100, "rate": 100_000}


def run(bench: Bench) -> list[Table]:
    table = Table("Start and stop (ms)", "Idle, tcpdump without -U keeps the header back until it has 4 kB. "
                  "Busy: 100,000 packets/s.")
    repetitions = QUICK_REPETITIONS if bench.quick else REPETITIONS
    _measure(bench, "idle", repetitions, table)
    load = bench.network.start_load(**BUSY)
    try:
        _measure(bench, "busy", repetitions, table)
    finally:
        load.kill()
        load.communicate()
    return [table]


def _measure(bench: Bench, state: str, repetitions: int, table: Table) -> None:
    for _ in range(repetitions):
        for tool in bench.tools:
            header_comes = tool.header_at_once or state == "busy"
            capture = _once(tool, header_comes)
            if header_comes:
                started = (capture.reader.header_at - capture.exec_at) / 1e6
                table.add(f"{state}, exec to header", tool.name, started, "{:.1f}")
            stopped = (capture.exit_at - capture.signal_at) / 1e6
            table.add(f"{state}, SIGINT to exit", tool.name, stopped, "{:.1f}")


def _once(tool: Tool, header_comes: bool) -> Capture:
    with Capture(tool, Reader()) as capture:
        if header_comes:
            wait_for(capture.reader.has_header.is_set, READY_WITHIN, f"{tool.name}'s header")
        time.sleep(0.02)
    return capture
