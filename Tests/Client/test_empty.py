"""A capture to which nothing comes explains itself."""

from __future__ import annotations

import time

from client import Client
from foundation import request

PROXY = "Behind the platform's proxy requests are TLS on eth0, and in plain text on lo (--interface lo)."
NOTHING = "No packet has come for 10 seconds."


def test_capture_without_packets_says_once_why_and_what_to_type(foundation, demo, folder):
    with Client(foundation, folder, "demo", "--port", "8081") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        line = running.wait_for_message(NOTHING, timeout=20)
        assert "port 8081" in line and "--interface lo" in line
        time.sleep(12)
        result = running.stop()
    assert result.stderr.count(NOTHING) == 1
    assert result.lines.index(PROXY) == result.lines.index("Capturing, press ^C to stop...") + 1


def test_capture_with_packets_says_nothing_of_that(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--interface", "lo", "-f", "tcp port 8080 or udp") as running:
        running.wait_until_capturing(*instances)
        instances[1].container.inside.run("bash", "-c", "echo > /dev/udp/127.0.0.1/9")
        time.sleep(12)
        result = running.stop()
    assert NOTHING not in result.stderr and PROXY not in result.stderr
