"""A process that has ended, and that nobody waits for, counts as gone in all that these tests ask for."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator

import pytest

from client import Client
from foundation import agents, all_are_captured, live_agents
from harness.process import is_running
from sessions.container import wait_until


@pytest.fixture
def ended(solo, folder) -> Iterator[subprocess.Popen]:
    """What has an agent's name, in an instance."""
    shutil.copy("/bin/sleep", folder / "cf-pcap")
    process = solo.processes[0].instances[0].container.inside.popen(folder / "cf-pcap", 60)
    wait_until(lambda: agents(solo.processes[0].instances) == [process.pid], 10, "it counts while it runs")
    assert is_running(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process
    process.wait()


def test_ended_process_is_not_running(ended, solo):
    instances = solo.processes[0].instances
    assert os.path.exists(f"/proc/{ended.pid}")
    assert not is_running(ended.pid)
    assert agents(instances) == live_agents(instances) == [] and not all_are_captured(instances)
    assert instances[0].container.processes("cf-pcap") == instances[0].container.agents() == []


def test_ended_child_is_no_child(foundation, folder):
    """Of a process that waits for none."""
    script = "sleep 60 & echo $!; exec sleep 60"
    with Client(foundation, folder, "-c", script, words=("bash",)) as running:
        running.wait_until(lambda: running.stdout.size > 1, 10, "it has a child")
        child = int(bytes(running.stdout.data))
        running.wait_until(lambda: child in running.children(), 10, "the child counts while it runs")
        os.kill(child, signal.SIGKILL)
        wait_until(lambda: not is_running(child), 10, "the child has ended")
        assert os.path.exists(f"/proc/{child}") and running.children() == []
        running.kill()
