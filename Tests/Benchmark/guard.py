"""A cheap check that the agent has not become dearer: `PYTHONPATH=Tests python3 -m Benchmark.guard`.

Cost is measured with tool and load taking turns: the tool is stopped while packets fill its ring and then works them
off alone. That says less about a live capture than the benchmark does, and varies far less. What has become dearer is so
in each of three series; what others do on the machine meanwhile is not.
"""

import sys
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from statistics import median

from . import machine
from .capture import Capture, wait_for
from .network import Network
from .parts.size import private_memory
from .readers import Counting
from .tools import Tool, all_tools, install

BOUNDS = Path(__file__).with_name("bounds.toml")
SIZE = 100
PACKETS = 40_000
ROUNDS = 30
SERIES = 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="guard") as folder, Network() as network, machine.precedence():
        Path(folder).chmod(0o755)
        sys.exit(0 if any(_is_kept(measure(network, Path(folder))) for _ in range(SERIES)) else 1)


def _is_kept(found: dict[str, float]) -> bool:
    bounds = tomllib.loads(BOUNDS.read_text())
    return all([_judge(name, found[name], **bounds[name]) for name in bounds])


def measure(network: Network, folder: Path) -> dict[str, float]:
    agent, tcpdump = _tools(folder)
    with Capture(agent, Counting(SIZE)) as ours, Capture(tcpdump, Counting(SIZE)) as theirs:
        costs = [_costs(network, [ours, theirs]) for _ in range(ROUNDS)]
        memory = private_memory(ours.pid)
    our_cost, their_cost = (median(column) for column in zip(*costs))
    print(f"per packet of {SIZE} B: agent {our_cost:.3f} us, tcpdump {their_cost:.3f} us")
    return {"cost": our_cost / their_cost, "disk": agent.binary.stat().st_size, "memory": memory}


def _tools(folder: Path) -> tuple[Tool, Tool]:
    tools = {tool.name: install(tool, folder) for tool in all_tools() if tool.name in ("agent", "tcpdump")}
    tcpdump = tools["tcpdump"]
    # A ring that takes a round's packets whole.
    return tools["agent"], replace(tcpdump, arguments=lambda *what: ["-B", "16384", *tcpdump.arguments(*what)])


def _costs(network: Network, captures: list[Capture]) -> list[float]:
    """The microseconds that each capture takes for one of the packets it works off."""
    for capture in captures:
        capture.pause()
    network.send(PACKETS, SIZE)
    return [_work_off(capture) for capture in captures]


def _work_off(capture: Capture) -> float:
    before, written = capture.cpu(), capture.reader.records.total()
    capture.resume()
    wait_for(lambda: capture.reader.records.total() > written, 10, f"{capture.tool.name} to write")
    capture.settle()
    return (capture.cpu() - before) / 1000 / (capture.reader.records.total() - written)


def _judge(name: str, value: float, bound: float, noise: float, warning: float | None = None) -> bool:
    kept = value <= bound * (1 + noise)
    word = "WORSE" if not kept else "WARNING" if warning is not None and value > warning else "ok"
    print(f"{word}: {name} {value:,.7g}, bound {bound:,.7g} and {noise:.0%} of noise")
    return kept


if __name__ == "__main__":
    main()
