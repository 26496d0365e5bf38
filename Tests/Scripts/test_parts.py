"""scripts/test: its parts run one after the other, whatever comes of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from harness import REPOSITORY


@pytest.fixture
def tree(tmp_path: Path):
    """Starts `scripts/test lint fuzz` where these two shell scripts take the place of the two parts."""
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")

    def start(lint: str, fuzz: str) -> subprocess.Popen:
        for name, script in (("install", "exit 0"), ("lint", lint), ("fuzz", fuzz)):
            (tmp_path / "scripts" / name).write_text(f"#!/bin/bash\n{script}\n")
        return subprocess.Popen([tmp_path / "scripts/test", "lint", "fuzz"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)

    return start


def test_all_pass(tree):
    running = tree("sleep 1.5", "echo fuzzed")
    output, errors = running.communicate(timeout=20)
    assert (running.returncode, errors) == (0, "")
    assert output.splitlines() in [
        ["fuzzed", f"scripts/test: lint {seconds} s, fuzz 0 s", "scripts/test: all passed: lint fuzz"] for seconds in (1, 2)]


@pytest.mark.parametrize("lint, fuzz, failed", [
    ("exit 1", "echo fuzzed", "lint"), ("exit 0", "echo fuzzed; exit 3", "fuzz"), ("exit 1", "echo fuzzed; kill -SEGV $$", "lint fuzz"),
])
def test_part_that_fails_keeps_no_other_from_running(tree, lint, fuzz, failed):
    running = tree(lint, fuzz)
    output, errors = running.communicate(timeout=20)
    assert running.returncode == 1
    assert output.startswith("fuzzed\n") and "all passed" not in output
    assert errors.splitlines()[-1] == f"scripts/test: FAILED: {failed}"


def test_control_c_ends_all_parts(tree):
    """Though the part that runs takes it for an order to end in its own way, as pytest does."""
    running = tree("trap 'exit 2' INT; echo ready; while :; do sleep 0.1; done", "echo fuzzed")
    assert running.stdout.readline() == "ready\n"
    os.killpg(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=20)
    assert (running.returncode, output) == (130, "")
