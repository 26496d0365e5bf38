"""Instances that send without end."""

from __future__ import annotations

import time

import pytest

from client import Client
from foundation import Foundation

FLOODS = {
    "lines that are none": "line = b'x' * 60 + b'\\n'",
    "warnings": "line = b'time=t level=WARN msg=\"no rest\" a=b c=d error=\"e\\\\x20f\"\\n'",
    "counts": "line = b'time=t level=DEBUG msg=capturing packets=1 bytes=2 dropped=3 truncated=4\\n'",
}
FLOODING = 12

STEADY = """
longest, end = 0, time.monotonic() + {seconds}
send(header())
while time.monotonic() < end:
    began = time.monotonic()
    send(record(b'x' * 1000) * 100)
    longest = max(longest, time.monotonic() - began)
    time.sleep(0.01)
open({file!r}, 'w').write(str(longest))
wait()
"""


@pytest.mark.breaks
@pytest.mark.parametrize("flood", FLOODS)
def test_log_without_end_keeps_no_other_instance_waiting(foundation: Foundation, folder, liars, flood, show):
    """The honest one sends 10 MB/s through a pipe of 256 kB: an agent's ring holds 4 seconds."""
    process = foundation.push("demo", web=0).processes[0]
    stall = folder / "stall"
    endless = f"send(header())\n{FLOODS[flood]}\nwhile True: log(line * 1000)"
    foundation.pretend(process, liars(STEADY.format(seconds=6, file=str(stall))), *[liars(endless)] * FLOODING)
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
        running.wait_until(stall.exists, 60, "the honest one has sent all")
        result = running.stop(timeout=30)
    longest = float(stall.read_text())
    show(f"{FLOODING} floods of {flood}: longest wait of another {longest:.2f} s, Ctrl-C {result.seconds:.1f} s")
    assert longest < 2
    assert result.seconds < 8
    assert "of its log came too fast" in result.stderr
    assert len(result.stderr) < 100_000
