"""No code of a name service gets hold of the packet socket, whatever a process of the same user does to the agent's limits.

Each round is one of a series; `scripts/attack` runs many.
"""

from __future__ import annotations

import random
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Namespace, installed, run
from harness.faults import SUPPORT, compiled
from test_names import MODULE

TRIES = 126
RACERS = 3
CALLS = 25
FILTER = ("-interface", "lo", "-filter", "host spied.example")

pytestmark = pytest.mark.home("container")


@pytest.fixture
def spied(namespace: Namespace, open_folder: Path) -> Callable[[], Counter]:
    """The container, with a module of the name service that reports what it finds: returns how often each."""
    report, module = open_folder / "report", open_folder / "spy.so"
    run("gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", f'-DREPORT="{report}"', "-o", module,
        SUPPORT / "libnss_spy.c")
    switch = open_folder / "nsswitch.conf"
    switch.write_text("hosts: hesiod files\n")
    namespace.launch(["true"], binds={str(MODULE): module, "/etc/nsswitch.conf": switch}).wait(5)
    return lambda: Counter(report.read_text().splitlines() if report.exists() else [])


def assert_nothing_found(found: Counter, loads: int) -> None:
    assert sum(number for line, number in found.items() if line.startswith("uid ")) >= loads, found
    assert found[f"socket domain {socket.AF_PACKET}"] == 0
    assert found["packet socket opened"] == found["raise done"] == 0


@pytest.mark.seconds(300)
def test_limit_lowered_at_random_moments(namespace, spied, round):
    racers = [namespace.launch([compiled("race.c"), TRIES // RACERS, RACERS * round + number, installed(), *FILTER])
              for number in range(RACERS)]
    outputs = [racer.stdout.read().decode() for racer in racers]
    assert [racer.wait(20) for racer in racers] == [0] * RACERS, [racer.stderr.read() for racer in racers]
    tries, captured, agent, child = (sum(column) for column in zip(*(map(int, re.findall(r"\d+", output)) for output in outputs)))
    # It struck in time in many tries and too late in others, and the module was loaded in those that captured.
    assert tries == TRIES and agent + child >= tries / 2 and 0 < captured < tries, outputs
    assert_nothing_found(spied(), loads=captured)


@pytest.mark.seconds(300)
def test_limit_lowered_at_each_system_call(namespace, spied, round):
    stops = stops_of(namespace, 0, 0, 0)
    assert stops > 100
    chosen = random.Random(round)
    for _ in range(CALLS):
        first = chosen.randrange(1, stops)
        stops_of(namespace, first, first + chosen.choice([-1, -1, 0, 5, 20, 80]), chosen.randrange(3, 11))
    assert_nothing_found(spied(), loads=CALLS // 10)


def stops_of(namespace: Namespace, first: int, last: int, limit: int) -> int:
    """Counts how often a starting agent enters or leaves the kernel. Its limit is low from one of these stops to another."""
    agent = namespace.launch(["/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh", installed(), *FILTER])
    state = Path(f"/proc/{agent.pid}/stat")
    while state.read_text().split()[2] != "T":
        time.sleep(0.001)
    stops = int(run(compiled("lower.c"), agent.pid, first, last, limit).stdout)
    agent.wait(5)
    return stops
