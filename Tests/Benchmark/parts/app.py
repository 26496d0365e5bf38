"""What the app feels: an HTTP server and a TCP stream on lo, with no capture and with each tool."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from ..bench import Bench
from ..capture import EVERYWHERE, Capture, wait_for
from ..readers import Reader
from ..tables import Table

NO_CAPTURE = "no capture"
HTTP_PORT = 8080
STREAM_PORT = 5201
SECONDS = 1
NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error; user root;
events {{}}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }} }}
"""


def run(bench: Bench) -> list[Table]:
    table = Table("What the app feels on lo", "nginx with one worker under wrk with 16 connections, replies of 1 kB; "
                  "one iperf3 stream. Nothing is bound to a core. CPU: of the capture, in % of a core.")
    with _nginx():
        for _ in range(bench.rounds * (1 if bench.quick else 2)):
            _compare(bench, f"tcp port {HTTP_PORT}", lambda name: _http(name, table), "HTTP", table)
    for _ in range(bench.rounds):
        _compare(bench, f"tcp port {STREAM_PORT}", lambda name: _stream(name, table), "iperf3", table)
    return [table]


def _compare(bench: Bench, expression: str, measure: Callable[[str], None], what: str, table: Table) -> None:
    measure(NO_CAPTURE)
    for tool in bench.tools:
        with Capture(tool, Reader(EVERYWHERE), "lo", expression) as capture:
            start, before = time.monotonic_ns(), capture.cpu()
            measure(tool.name)
            share = 100 * (capture.cpu() - before) / (time.monotonic_ns() - start)
        table.add(f"{what}, CPU", tool.name, share, "{:.0f}")


def _http(name: str, table: Table) -> None:
    command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{HTTP_PORT}/"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    requests = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    table.add("HTTP, requests/s", name, requests, "{:,.0f}")
    table.add("HTTP, p99 (ms)", name, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit], "{:.2f}")


def _stream(name: str, table: Table) -> None:
    table.add("iperf3, Gbit/s", name, stream(), "{:.1f}")


def stream(*options: str) -> float:
    """Runs one iperf3 stream over lo and returns the Gbit/s received."""
    server = subprocess.Popen(["iperf3", "-s", "-1", "-p", str(STREAM_PORT)], stdout=subprocess.DEVNULL)
    wait_for(lambda: _listens(STREAM_PORT), 5, "iperf3 to listen")
    command = ["iperf3", "-c", "127.0.0.1", "-p", str(STREAM_PORT), "-t", str(SECONDS), "-J", *options]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    server.wait(timeout=10)
    return json.loads(said)["end"]["sum_received"]["bits_per_second"] / 1e9


@contextmanager
def _nginx():
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(NGINX.format(folder=folder, port=HTTP_PORT, body="x" * 1000))
        server = subprocess.Popen(["nginx", "-c", configuration, "-p", folder, "-e", f"{folder}/error"])
        try:
            wait_for(lambda: _listens(HTTP_PORT), 5, "nginx to listen")
            yield
        finally:
            server.terminate()
            server.wait()


def _listens(port: int) -> bool:
    # Columns: sl local_address rem_address st ...; 0A is LISTEN.
    sockets = [line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()]
    return any(socket[1].endswith(f":{port:04X}") and socket[3] == "0A" for socket in sockets)
