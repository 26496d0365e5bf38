"""One small file that needs nothing around it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import BINARY, REPOSITORY, Sink, check_with_tcpdump, find, installed, run, send_numbered, start_agent

SIZE_MAX = 1_500_000

# They bring roots of their own, or run nothing.
pytestmark = pytest.mark.home("namespace")


def test_executable_is_not_dynamic():
    done = subprocess.run(["ldd", BINARY], capture_output=True, text=True, timeout=10)
    assert "not a dynamic executable" in done.stdout + done.stderr or "statically linked" in done.stdout
    program_headers = run("readelf", "--program-headers", "--wide", BINARY, text=True).stdout
    assert "INTERP" not in program_headers


def test_executable_is_small_and_stripped():
    assert BINARY.stat().st_size <= SIZE_MAX
    sections = run("readelf", "--sections", "--wide", BINARY, text=True).stdout
    assert ".symtab" not in sections and ".debug" not in sections


def test_memory_is_never_writable_and_executable():
    segments = [line for line in program_headers() if line.split()[0] in ("LOAD", "GNU_STACK")]
    assert len(segments) >= 3 and [line for line in segments if line.split()[0] == "GNU_STACK"]
    assert not [line for line in segments if "RWE" in line]


def test_executable_is_position_independent_and_read_only_after_relocation():
    headers = run("readelf", "--file-header", "--dynamic", "--wide", BINARY, text=True).stdout
    assert "DYN (Position-Independent Executable file)" in headers
    flags = re.search(r"\(FLAGS_1\)\s+Flags: (.*)", headers)
    assert set(flags[1].split()) == {"NOW", "PIE"}
    assert "TEXTREL" not in headers and "PATH" not in headers and "NEEDED" not in headers
    sections = run("readelf", "--sections", "--wide", BINARY, text=True).stdout
    tables = [int(address, 16) for address in re.findall(r" \.(?:got|dynamic|init_array|data\.rel\.ro) +\w+ +(\w+)", sections)]
    relro, = (line.split() for line in program_headers() if line.split()[0] == "GNU_RELRO")
    start, size = int(relro[2], 16), int(relro[5], 16)
    assert len(tables) == 4 and all(start <= table < start + size for table in tables)


def program_headers() -> list[str]:
    lines = run("readelf", "--program-headers", "--wide", BINARY, text=True).stdout.splitlines()
    return [line for line in lines if line.strip()]


def test_executable_is_loaded_at_another_address_each_time(namespace):
    starts = set()
    for _ in range(4):
        with start_agent(namespace, "-interface", "lo") as agent:
            maps = Path(f"/proc/{agent.pid}/maps").read_text().splitlines()
            starts.add(next(line.split("-")[0] for line in maps if "cf-pcap" in line))
    assert len(starts) > 1


def test_c_code_is_compiled_with_checks():
    """Of the stack. It copies nothing. The executable is stripped: what it is linked from names them."""
    sources = (REPOSITORY / "Sources/CLinux").glob("*.c")
    objects = [REPOSITORY / f".build/static/release/CLinux.build/{source.name}.o" for source in sources]
    symbols = run("nm", *objects, text=True).stdout
    assert "__stack_chk_fail" in symbols and "memcpy" not in symbols


# Below, the kernel or glibc's start-up code ends the process before a line of the agent's runs.
LEAST = {"as": 2 << 20, "data": 256 << 10}


@pytest.mark.parametrize("limit, enough", [("as", 32 << 20), ("data", 4 << 20)])
def test_memory_that_runs_out_ends_in_a_message(namespace, limit, enough):
    ended = 0
    for size in range(LEAST[limit], enough, (enough - LEAST[limit]) // 40):
        with start_agent(namespace, "-interface", "lo", wrapper=("prlimit", f"--{limit}={size}")) as agent:
            result = agent.stop() if agent.running else agent.wait()
        if result.status == 0:
            continue
        ended += 1
        assert result.status == 1 and result.stdout == b"" and result.log[-1].level == "ERROR", (size, result)
        assert "memory" in result.stderr.decode()
    assert 5 <= ended < 40


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


def test_missing_capability_is_explained_in_an_empty_root(namespace, root):
    run("setcap", "-r", root / "cf-pcap")
    with start_agent(namespace, "-interface", "lo", binary=Path("/cf-pcap"), root=root) as agent:
        result = agent.wait()
    assert result.status == 1 and result.stdout == b""
    assert "CAP_NET_RAW" in result.stderr.decode()
