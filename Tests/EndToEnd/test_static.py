"""One small file that needs nothing around it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness import BINARY, Sink, check_with_tcpdump, find, installed, run, send_numbered, start_agent

SIZE_MAX = 1_500_000

# They bring roots of their own, or run nothing.
pytestmark = pytest.mark.home("namespace")


def test_it_is_not_a_dynamic_executable():
    done = subprocess.run(["ldd", BINARY], capture_output=True, text=True, timeout=10)
    assert "not a dynamic executable" in done.stdout + done.stderr or "statically linked" in done.stdout
    program_headers = run("readelf", "--program-headers", "--wide", BINARY, text=True).stdout
    assert "INTERP" not in program_headers


def test_it_is_small_and_stripped():
    assert BINARY.stat().st_size <= SIZE_MAX
    sections = run("readelf", "--sections", "--wide", BINARY, text=True).stdout
    assert ".symtab" not in sections and ".debug" not in sections


def test_its_memory_is_never_writable_and_executable():
    headers = run("readelf", "--program-headers", "--wide", BINARY, text=True).stdout.splitlines()
    segments = [line for line in headers if line.split()[:1] in (["LOAD"], ["GNU_STACK"])]
    assert len(segments) >= 3
    assert not [line for line in segments if "RWE" in line]


@pytest.fixture
def root(open_folder: Path) -> Path:
    """An empty root but for the agent, with its capability."""
    copy = open_folder / "cf-pcap"
    shutil.copyfile(installed(), copy)
    copy.chmod(0o755)
    run("setcap", "cap_net_raw=p", copy)
    return open_folder


def test_empty_root_with_nothing_but_proc(namespace, root):
    (root / "proc").mkdir()
    with Sink(namespace), start_agent(namespace, "-interface", "lo", "-filter", "udp", "-v", binary=Path("/cf-pcap"),
                                      root=root, mounts=[f"mount -t proc proc {root}/proc"]) as agent:
        assert agent.running, agent.stderr.decode()
        numbers = send_numbered(namespace, "127.0.0.1", 20)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == numbers
    check_with_tcpdump(result.stdout)


def test_empty_root_without_proc_gives_a_clear_answer(namespace, root):
    """Captures without what only /proc can tell, or says that it is missing."""
    with Sink(namespace), start_agent(namespace, "-interface", "lo", "-filter", "udp", binary=Path("/cf-pcap"),
                                      root=root) as agent:
        if agent.running:
            numbers = send_numbered(namespace, "127.0.0.1", 20)
            result = agent.stop()
            assert result.status == 0 and result.pcap.numbers == numbers
        else:
            result = agent.wait()
            assert result.status == 1 and result.stdout == b""
            assert "/proc" in find(result.log, "ERROR", "failed to set up capture")["error"]


def test_empty_root_without_the_capability_is_explained(namespace, root):
    run("setcap", "-r", root / "cf-pcap")
    with start_agent(namespace, "-interface", "lo", binary=Path("/cf-pcap"), root=root) as agent:
        result = agent.wait(2)
    assert result.status == 1 and result.stdout == b""
    assert "CAP_NET_RAW" in result.stderr.decode()
