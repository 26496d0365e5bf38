"""Keeps the agent under changing load for a given time, and accounts for every packet at the end.

Two agents run: one for the whole time, into a reader that checks the stream and is stopped again and again; one that is
started and stopped every few seconds, by one signal or another, into a file that is checked.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from harness.agent import Agent, give_children_default_signals, kill_all, start_agent
from harness.namespace import Namespace
from harness.paths import REPOSITORY

TOOLS = REPOSITORY / ".build/tools"
RATES = [20_000, 60_000, 120_000, 200_000, 0]  # packets a second; 0: as fast as they go
SIZES = [64, 100, 100, 600, 1500]
STALLS_PER_SECOND = 1.8
BURST = 4.0  # seconds of load between two flaps of the interface
WARM_UP = 5.0  # seconds until memory is taken for settled


class Sums:
    """What the run came to."""

    def __init__(self) -> None:
        self.sent = self.stalls = self.flaps = self.signals = self.files = 0
        self.problems: list[str] = []


class Reader:
    """pcapcheck at the end of a pipe, stopped for up to half a second at random moments."""

    def __init__(self, sums: Sums) -> None:
        self._sums = sums
        self._ended = threading.Event()
        read_end, self.write_end = os.pipe()
        self.process = subprocess.Popen([TOOLS / "pcapcheck"], stdin=read_end, stdout=subprocess.PIPE, text=True)
        os.close(read_end)
        self._thread = threading.Thread(target=self._stall, daemon=True)

    def start(self) -> None:
        os.close(self.write_end)
        self._thread.start()

    def _stall(self) -> None:
        while not self._ended.wait(random.expovariate(STALLS_PER_SECOND * 1.6)):
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(random.choice([0.01, 0.05, 0.1, 0.2, 0.5]))
            self.process.send_signal(signal.SIGCONT)
            self._sums.stalls += 1

    def rest(self) -> None:
        """No more stalls from here on."""
        self._ended.set()
        self._thread.join()

    def finish(self) -> dict[str, str]:
        output, _ = self.process.communicate(timeout=30)
        return dict(word.split("=") for word in output.split())


def send(namespace: Namespace, seconds: float, sums: Sums) -> None:
    rate, size = random.choice(RATES), random.choice(SIZES)
    count = int(seconds * (rate or 350_000))
    command = [TOOLS / "pktgen", "-i", "eth0", "-n", count, "-s", size, *(["-r", rate] if rate else [])]
    output = namespace.run(*command, text=True, timeout=60).stdout
    sums.sent += int(re.search(r"sent=(\d+)", output)[1])


def flap(namespace: Namespace, sums: Sums) -> None:
    """Takes the interface down and up, as often as it takes the agent to see it both ways."""
    time.sleep(0.3)  # the last packets are on their way
    namespace.run("ip", "link", "set", "eth0", "down")
    time.sleep(random.choice([0.0, 0.02, 0.3]))
    namespace.run("ip", "link", "set", "eth0", "up")
    time.sleep(0.3)
    sums.flaps += 1


def cycle(namespace: Namespace, folder: Path, ended: threading.Event, sums: Sums) -> None:
    """Starts and stops agents that write files, and checks each file."""
    try:
        capture_into_files(namespace, folder, ended, sums)
    except Exception as error:  # in a thread, where nobody else would see it
        sums.problems.append(f"files: {error}")


def capture_into_files(namespace: Namespace, folder: Path, ended: threading.Event, sums: Sums) -> None:
    while not ended.is_set():
        path = folder / "capture.pcap"
        with path.open("wb") as file:
            agent = start_agent(namespace, "-interface", "eth0", "-snaplen", random.choice([96, 65535]), stdout=file)
        ended.wait(random.uniform(0.2, 3))
        if random.random() < 0.5:
            agent.send_signal(signal.SIGUSR1)
        result = agent.stop(random.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]), timeout=10)
        if "Network is down" in result.stderr.decode():
            continue  # it was started during a flap
        sums.signals += 1
        sums.files += 1
        checked = subprocess.run([TOOLS / "pcapcheck"], stdin=path.open("rb"), capture_output=True, text=True)
        last = result.log[-1]
        if result.status != 0 or "whole=yes" not in checked.stdout:
            sums.problems.append(f"file: {result.status} {checked.stdout}{checked.stderr}{result.stderr.decode()}")
        elif f"records={last.attributes['packets']} " not in checked.stdout:
            sums.problems.append(f"file: {last} but {checked.stdout}")


def anonymous(agent: Agent) -> int:
    """Private memory in kB."""
    return int(agent.status()["RssAnon"].split()[0])


def check(agent_log: dict[str, str], reader: dict[str, str], sums: Sums) -> None:
    packets, dropped = int(agent_log["packets"]), int(agent_log["dropped"])
    if packets + dropped != sums.sent:
        sums.problems.append(f"{packets} captured and {dropped} dropped are not the {sums.sent} that were sent")
    if int(reader["records"]) != packets or reader["whole"] != "yes":
        sums.problems.append(f"the reader got {reader} of {packets} packets")


def main() -> int:
    seconds = float(sys.argv[1])
    sums = Sums()
    give_children_default_signals()
    with ExitStack() as stack:
        stack.callback(kill_all)
        inside, outside = stack.enter_context(Namespace()), stack.enter_context(Namespace())
        inside.connect(outside)
        folder = Path("/dev/shm") / f"cf-pcap-soak-{os.getpid()}"
        folder.mkdir(mode=0o777)
        stack.callback(lambda: [file.unlink() for file in folder.iterdir()] + [folder.rmdir()])

        reader = Reader(sums)
        agent = start_agent(inside, "-interface", "eth0", "-filter", "udp port 9", stdout=reader.write_end, live=False)
        agent.wait_for_log("capturing, stop with Ctrl-C or pkill -INT cf-pcap", 20)
        reader.start()
        ended = threading.Event()
        cycles = threading.Thread(target=cycle, args=(inside, folder, ended, sums), daemon=True)
        cycles.start()

        begin, settled = time.monotonic(), 0
        while (elapsed := time.monotonic() - begin) < seconds:
            send(outside, min(BURST, max(seconds - elapsed, 0.5)), sums)
            agent.send_signal(signal.SIGUSR1)
            sums.signals += 1
            flap(inside, sums)
            if not settled and elapsed > WARM_UP:
                settled = anonymous(agent)
        ended.set()
        cycles.join()
        reader.rest()
        time.sleep(1)
        at_end = anonymous(agent)
        result = agent.stop(timeout=10)
        log = result.log[-1].attributes
        read = reader.finish()

    check(log, read, sums)
    if result.status != 0:
        sums.problems.append(f"the long capture ended with {result.status}: {result.log[-2:]}")
    if settled and at_end > settled:
        sums.problems.append(f"RssAnon grew from {settled} to {at_end} kB")
    print(f"{time.monotonic() - begin:.0f} s, {sums.sent} packets sent, {log['packets']} captured, {log['dropped']} dropped")
    growth = f"RssAnon {settled} kB at the start" if settled else "too short to tell whether memory grows, RssAnon"
    print(f"{sums.stalls} stalls, {sums.flaps} flaps, {sums.signals} signals, {sums.files} files; "
          f"{growth}, {at_end} kB at the end")
    print("\n".join(sums.problems) or "nothing lost but what is reported")
    return 1 if sums.problems else 0


if __name__ == "__main__":
    sys.exit(main())
