"""The demo: nothing but what comes with the project."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import REPOSITORY, read_pcap
from pcapng import read_pcapng
from sessions.container import wait_until
from shell import Shell
from support.developer import Developer

DEMO = Path(__file__).with_name("demo.py")


@pytest.fixture(autouse=True)
def _as_whoever_runs_the_tests(monkeypatch):
    """Under sudo the client is its user's, who may not write into the tests' folders."""
    for name in ("SUDO_UID", "SUDO_GID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def developer() -> Iterator[Developer]:
    developer = Developer(sudo=True)
    yield developer
    developer.close()


def test_demo_of_a_user_with_sudo_whose_path_has_no_sbin(developer):
    done = developer.run("scripts/demo", "--duration", "5s", "-o", "demo.pcap")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(read_pcap((developer.clone / "demo.pcap").read_bytes()).packets) > 10
    assert developer.not_deletable() == []


def test_demo_captures_its_three_instances_and_cleans_up(tmp_path):
    before = set(Path("/var/tmp").glob("cf-foundation-*"))
    done = subprocess.run([sys.executable, DEMO, "--duration", "10s", "-o", "demo.pcapng"], cwd=tmp_path,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    assert "$ cf pcap demo --duration 10s -o demo.pcapng" in done.stderr
    capture = read_pcapng((tmp_path / "demo.pcapng").read_bytes())
    assert {interface.name for interface in capture.interfaces} == {"web/0 eth0", "web/1 eth0", "web/2 eth0"}
    assert all(len(capture.of(interface.name)) > 10 for interface in capture.interfaces)
    # One that a test beside this one is making or removing has no socket.
    wait_until(lambda: set(Path("/var/tmp").glob("cf-foundation-*")) <= before | others(), 20, "nothing is left behind")


def test_control_c_ends_it_in_order(tmp_path):
    with Shell(os.environ, tmp_path) as shell:
        shell.type(f"{shlex.join([sys.executable, str(DEMO)])}; echo status=$?\n")
        shell.wait_for("Capturing, press ^C to stop...", 60)
        wait_until(lambda: len(set(re.findall(r"(web/\d) +capturing", shell.text))) == 3, 60, "all are captured")
        shell.type("\x03")
        shell.wait_for("Saved capture to 'capture.pcap'.")
        shell.wait_for("status=0")
        shell.type("echo works=$((6 * 7))\n")
        shell.wait_for("works=42")
    assert read_pcap((tmp_path / "capture.pcap").read_bytes()).packets


def others() -> set[Path]:
    """Those of tests that run at the same time."""
    return {path for path in Path("/var/tmp").glob("cf-foundation-*") if (path / "api.sock").exists()}


def test_demo_explains_itself():
    done = subprocess.run([REPOSITORY / "scripts/demo", "-h"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0
    assert "Usage: scripts/demo" in done.stdout and "--shell" in done.stdout
