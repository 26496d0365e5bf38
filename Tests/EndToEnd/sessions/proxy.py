"""Starts the proxy in front: it ends TLS on eth0 and goes on over lo, as Envoy does."""

import os
import subprocess

from harness import UID, run

from .container import ADDRESS, Container

CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen ssh
    bind {address}:{port} ssl crt {certificate}
    server daemon 127.0.0.1:{daemon_port}
"""


def start(container: Container, port: int = 61002, daemon_port: int = 2222) -> subprocess.Popen:
    certificate = container.folder / "proxy.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 1,
        "-subj", "/CN=proxy", "-keyout", f"{certificate}.key", "-out", certificate)
    os.chown(f"{certificate}.key", UID, UID)
    configuration = container.folder / "haproxy.cfg"
    configuration.write_text(CONFIGURATION.format(
        address=ADDRESS, port=port, certificate=certificate, daemon_port=daemon_port))
    process = container.start("/usr/sbin/haproxy", "-db", "-f", configuration)
    container.wait_for_listener(port)
    return process
