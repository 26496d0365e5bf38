"""The platform's proxies: a router outside that speaks TLS to an instance's eth0, and one inside that hands plain text on over
lo, as Envoy does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from harness import UID, run
from sessions.container import ADDRESS, Container, wait_until

ROUTER_ADDRESS = "10.77.0.1"
# The ports inside by those that CF_INSTANCE_PORTS calls internal_tls_proxy.
PORTS = {61001: 8080, 61002: 2222}

CONFIGURATION = """
global
    nbthread 1
    maxconn 200
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
"""
SECTION = """
listen {name}
    bind {bind}
    server next {server}
"""


def start(container: Container) -> None:
    """Both, until the container is closed. Connections to ROUTER_ADDRESS outside, at a port of the app's or the daemon's,
    arrive there."""
    certificate = make_certificate(container.folder)
    inside = configuration(container.folder / "proxy-inside.cfg", {
        f"{ADDRESS}:{outer} ssl crt {certificate}": f"127.0.0.1:{inner}" for outer, inner in PORTS.items()})
    outside = configuration(container.folder / "proxy-outside.cfg", {
        f"{ROUTER_ADDRESS}:{inner}": f"{ADDRESS}:{outer} ssl verify none" for outer, inner in PORTS.items()})
    container.start("/usr/sbin/haproxy", "-db", "-f", inside)
    with open(container.folder / "router.log", "wb") as log:
        router = container.outside.popen("/usr/sbin/haproxy", "-db", "-f", outside, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    for port in PORTS:
        container.wait_for_listener(port)
    wait_until(lambda: router.poll() is not None or listens(container), 20, "the router listens")
    assert router.poll() is None, (container.folder / "router.log").read_text()


def listens(container: Container) -> bool:
    rows = container.outside.run("ss", "-Htln", text=True).stdout
    return all(f"{ROUTER_ADDRESS}:{port}" in rows for port in PORTS.values())


def configuration(file: Path, servers: dict[str, str]) -> Path:
    """Of a proxy with these servers, what each listens on to what it goes on to."""
    sections = [SECTION.format(name=f"p{number}", bind=bind, server=server) for number, (bind, server) in enumerate(servers.items())]
    file.write_text(CONFIGURATION + "".join(sections))
    return file


def make_certificate(folder: Path) -> Path:
    certificate = folder / "proxy.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 1,
        "-subj", "/CN=proxy", "-keyout", f"{certificate}.key", "-out", certificate)
    os.chown(f"{certificate}.key", UID, UID)
    return certificate
