"""The tools compared, and how each is told to do the same: no names, the same snaplen and filter, pcap to a pipe."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SNAPLEN = "65535"


@dataclass(frozen=True)
class Tool:
    name: str
    binary: Path
    # From interface and filter to arguments.
    arguments: Callable[[str, str], list[str]]
    # Of packets taken and packets dropped, in what the tool says at its end.
    summary: str
    # How long it may keep a packet back before it writes it, in seconds.
    holds: float
    # Whether it writes the header before there is a packet.
    header_at_once: bool = True
    capability: str = "cap_net_raw=ep"
    # The only part that measures it; all of them where none is named.
    part: str | None = None

    def command(self, interface: str, expression: str) -> list[str]:
        return [str(self.binary), *self.arguments(interface, expression)]

    def counts(self, said: str) -> tuple[int, int]:
        """The packets that the tool says it has taken and those it says were dropped."""
        match = re.search(self.summary, said, re.DOTALL)
        if match is None:
            raise RuntimeError(f"{self.name} ended without a summary: {said}")
        return int(match["packets"]), int(match["dropped"])


def _agent(interface: str, expression: str) -> list[str]:
    return ["-interface", interface, "-snaplen", SNAPLEN, "-filter", expression]


def _tcpdump(*options: str) -> Callable[[str, str], list[str]]:
    return lambda interface, expression: ["-n", *options, "-i", interface, "-s", SNAPLEN, "-w", "-", expression]


def _dumpcap(interface: str, expression: str) -> list[str]:
    return ["-q", "-P", "-i", interface, "-s", SNAPLEN, "-w", "-", "-f", expression]


def _floor(*options: str) -> Callable[[str, str], list[str]]:
    return lambda interface, expression: [*options, "-i", interface, "-s", SNAPLEN, expression]


def all_tools() -> list[Tool]:
    agent = Path(os.environ.get("CF_PCAP", ROOT / "dist/cf-pcap")).absolute()
    keyed = r"packets=(?P<packets>\d+).* dropped=(?P<dropped>\d+)"
    tcpdump_says = r"(?P<packets>\d+) packets? captured.*?(?P<dropped>\d+) packets? dropped by kernel"
    dumpcap_says = r"Packets received/dropped on interface .*?: (?P<packets>\d+)/(?P<dropped>\d+)"
    agent_says = r"stopped capture.*" + keyed
    before = os.environ.get("CF_PCAP_BEFORE")
    return [
        Tool("agent", agent, _agent, agent_says, holds=0.1, capability="cap_net_raw=p"),
        *([Tool("before", Path(before), _agent, agent_says, holds=0.1, capability="cap_net_raw=p")] if before else []),
        Tool("tcpdump", _find("tcpdump"), _tcpdump(), tcpdump_says, holds=1.1, header_at_once=False),
        Tool("tcpdump -U", _find("tcpdump"), _tcpdump("-U"), tcpdump_says, holds=1.1),
        Tool("dumpcap", _find("dumpcap"), _dumpcap, dumpcap_says, holds=0.4, capability="cap_net_raw,cap_net_admin=ep"),
        Tool("floor", ROOT / ".build/tools/floor", _floor(), keyed, holds=0.1),
        Tool("floor -w", ROOT / ".build/tools/floor", _floor("-w"), keyed, holds=0.1, part="cpu"),
    ]


def _find(name: str) -> Path:
    return Path(shutil.which(name) or f"/usr/bin/{name}")


def install(tool: Tool, folder: Path) -> Tool:
    """A copy in the folder that anyone may run, with its file capability: the way the agent is installed."""
    if not tool.binary.exists():
        raise FileNotFoundError(f"{tool.name}: there is no {tool.binary}")
    copy = folder / tool.name.replace(" ", "")
    shutil.copyfile(tool.binary, copy)
    copy.chmod(0o755)
    subprocess.run(["setcap", tool.capability, copy], check=True)
    return Tool(**{**vars(tool), "binary": copy})
