"""A client that has little room: few descriptors, little memory, no processes; and answers that take much."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from client import BINARY, Client
from foundation import Foundation

CGROUP = Path("/sys/fs/cgroup")


@pytest.mark.parametrize("descriptors", [4, 6, 8, 10, 13, 40])
def test_too_few_descriptors_are_told_before_anything_is_captured(foundation, solo, folder, descriptors):
    words = ("sh", "-c", f'ulimit -n {descriptors}; exec "$0" "$@"', BINARY)
    with Client(foundation, folder, "solo", words=words) as running:
        result = running.wait()
    assert (result.status, result.lines) == (1, [
        f"error: {descriptors} files may be open at once (ulimit -n), and a capture takes 74 or more"])
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("megabytes", [60, 200, 900])
def test_too_little_virtual_memory_is_told_and_no_token_is_left(foundation, solo, folder, megabytes):
    words = ("sh", "-c", f'ulimit -v {megabytes * 1024}; exec "$0" "$@"', BINARY)
    with Client(foundation, folder, "solo", words=words) as running:
        result = running.wait()
    assert result.status == 1
    assert result.stderr.startswith(f"error: virtual memory is limited to {megabytes} MB (ulimit -v)")
    assert not list((foundation.folder / "tmp").iterdir())


def test_memory_and_descriptors_that_just_suffice(foundation, solo, folder):
    words = ("sh", "-c", 'ulimit -v 1048576 -n 84; exec "$0" "$@"', BINARY)
    with Client(foundation, folder, "solo", words=words) as running:
        running.wait_until_capturing(*solo.processes[0].instances)
        assert running.stop().status == 0


@contextmanager
def container_of(processes: int):
    """The folder of a control group that holds so many processes and threads."""
    root = CGROUP / "pids" if (CGROUP / "pids").is_dir() else CGROUP
    group = root / f"cf-pcap-{os.getpid()}"
    try:
        group.mkdir()
        (group / "pids.max").write_text(str(processes))
    except OSError as error:
        pytest.skip(f"no control group of processes here: {error}")
    try:
        yield group
    finally:
        end = time.monotonic() + 10
        while (group / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.05)
        group.rmdir()


@pytest.mark.parametrize("processes", [1, 2, 5, 10])
def test_too_few_processes_are_told_before_anything_is_captured(foundation, solo, folder, processes):
    with container_of(processes) as group:
        words = ("sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$0" "$@"', BINARY)
        with Client(foundation, folder, "solo", words=words) as running:
            result = running.wait(10)
    assert (result.status, len(result.lines)) == (1, 1)
    assert result.stderr.startswith(f"error: {processes - 1} more threads or processes can be started (ulimit -u, or pids.max")
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def answered():
    """A foundation without instances, whose API answers what a test says."""
    with Foundation() as foundation:
        process = foundation.push("demo", web=0).processes[0]
        foundation.pretend(process, {"error": "SSH session allocation failed: ssh: rejected"})
        yield foundation


def stats(foundation: Foundation) -> str:
    return f"/v3/processes/{foundation.applications[0].processes[0].guid}/stats"


def test_answer_of_many_values_takes_little_memory(answered, folder):
    answered.changed = {stats(answered): b'{"resources": [' + b"[]," * (5 << 20) + b"[]]}"}
    with Client(answered, folder, "demo") as running:
        running.wait_until(lambda: running.memory_kilobytes() > 0, 5, "it runs")
        most = 0
        while running.running:
            most = max(most, running.memory_kilobytes())
            time.sleep(0.02)
        result = running.wait()
    assert result.status == 1
    assert "has more than 1048576 values" in result.stderr
    assert most < 150_000, f"{most} kB"


def down(count: int) -> bytes:
    """An answer with so many instances, of which the first runs."""
    return json.dumps({"resources": [{"type": "web", "index": index, "state": "DOWN" if index else "RUNNING"}
                                     for index in range(count)]}).encode()


def test_ten_thousand_instances_hold_up_no_stop(answered, folder):
    answered.changed = {stats(answered): down(10_000)}
    with Client(answered, folder, "demo") as running:
        running.wait_for_message("the instance does not run")
        time.sleep(3)
        result = running.stop()
    assert result.seconds < 5
    assert len(result.stderr) < 10_000


def test_more_instances_than_any_app_has_are_refused(answered, folder):
    answered.changed = {stats(answered): down(100_000)}
    with Client(answered, folder, "demo") as running:
        result = running.wait(30)
    assert result.status == 1
    assert "error: the platform names 100000 instances, and no more than 10000 are looked at" in result.lines
