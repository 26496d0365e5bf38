"""Signals that a client sends through its session."""

from __future__ import annotations

import pytest

from harness import Sink, find, parse_log, read_pcap, send_numbered

from . import daemons
from .client import capture, signalling
from .container import Container


@pytest.mark.parametrize("name, word", [("INT", "interrupt"), ("TERM", "terminated"), ("HUP", "hangup")])
@daemons.EACH
def test_signal_stops_the_capture_with_everything_flushed(daemon, name, word):
    with Container() as container, Sink(container.inside):
        daemon.start(container)
        with signalling(container, capture("-interface", "lo", "-filter", "udp port 9999")) as client:
            client.wait_until_live()
            numbers = send_numbered(container.inside, "127.0.0.1", 2000)
            client.type(name + "\n")
            assert client.process.wait(5) == 0, client.errors.data.decode()
            lines = parse_log(client.errors.finish())
            assert read_pcap(client.output.finish()).numbers == numbers
        assert find(lines, "INFO", "received signal, stopping capture")["signal"] == word
        assert lines[-1].message == "stopped capture"
