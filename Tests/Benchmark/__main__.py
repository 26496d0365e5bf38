"""The command line of `scripts/bench`."""

import argparse
import importlib
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from . import machine, tools
from .bench import Bench
from .network import Network
from .tables import Table

PARTS = ("cpu", "loss", "burst", "stall", "latency", "startstop", "size", "app", "large", "merge")


def main() -> None:
    options = _options()
    # So that an end from outside is one in which everything is taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("scripts/bench: ended by SIGTERM"))
    results = {}
    with tempfile.TemporaryDirectory(prefix="bench") as folder, Network() as network, machine.precedence():
        Path(folder).chmod(0o755)
        installed = _install(options.tools, Path(folder))
        print(f"{machine.facts()}; medians of {options.rounds} rounds\n", flush=True)
        for part in options.parts:
            measured = [tool for tool in installed if tool.part in (None, part)]
            bench = Bench(network, measured, options.rounds, options.quick)
            start, stolen = time.monotonic(), machine.StolenTime()
            tables = importlib.import_module(f".parts.{part}", __package__).run(bench)
            _print(tables, bench)
            print(f"`{part}`: {time.monotonic() - start:.0f} s, {stolen.percent():.0f} % of the cores' time stolen by "
                  "the hypervisor\n", flush=True)
            results[part] = [table.as_json() for table in tables]
    if options.json:
        options.json.write_text(json.dumps({"machine": machine.facts(), "parts": results}, indent=2) + "\n")


def _options() -> argparse.Namespace:
    # scripts/bench sets CF_PCAP_BEFORE to what --before names.
    names = [tool.name for tool in tools.all_tools()]
    parser = argparse.ArgumentParser(prog="scripts/bench", description="What capturing costs, against its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter loads")
    parser.add_argument("--rounds", type=int, help="rounds that the tools take in turn (default: 3, quick: 1)")
    parser.add_argument("--before", type=Path, metavar="FILE", help="also measure this build of the agent, as `before`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all samples there")
    parser.add_argument("--tools", metavar="NAME,...", help=f"some of: {', '.join(names)} (default: all)")
    options = parser.parse_args()
    options.parts = options.parts or PARTS
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.tools = options.tools.split(",") if options.tools else names
    for given, known in ((options.parts, PARTS), (options.tools, names)):
        if unknown := set(given) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return options


def _install(names: list[str], folder: Path) -> list[tools.Tool]:
    return [tools.install(tool, folder) for tool in tools.all_tools() if tool.name in names]


def _print(tables: list[Table], bench: Bench) -> None:
    names = [tool.name for tool in bench.tools]
    for table in tables:
        extra = [column for row in table.rows.values() for column in row.samples if column not in names]
        print(table.markdown([*dict.fromkeys(extra), *names]), flush=True)


if __name__ == "__main__":
    main()
