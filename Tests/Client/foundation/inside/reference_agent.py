"""The agent that platforms have without this project's: it knows no -version, stops for SIGINT alone, and an idle one only with
its next packet; SIGTERM ends it as it stands. This project's agent, at real/cf-pcap, captures for it.
"""
import os
import pathlib
import signal
import subprocess
import sys

FLAGS = {"interface": True, "snaplen": True, "filter": True, "v": False}
HEADER_SIZE = 24


def refuse_unknown_flags(words: list[str]) -> None:
    while words:
        name, equals, _ = words.pop(0).lstrip("-").partition("=")
        if name not in FLAGS:
            sys.exit(f"flag provided but not defined: -{name}\nUsage of cf-pcap:" if name else 2)
        if FLAGS[name] and not equals:
            words.pop(0)


def log(message: str) -> None:
    os.write(2, f'time=2026-01-01T00:00:00.000Z level=INFO msg="{message}"\n'.encode())


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data):]


stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
refuse_unknown_flags(sys.argv[1:])
real = pathlib.Path(__file__).with_name("real") / "cf-pcap"
capture = subprocess.Popen([real, *sys.argv[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
write(capture.stdout.read(HEADER_SIZE))
while data := capture.stdout.read1():
    write(data)
    if stopped:
        log("received signal, stopping capture")
        log("stopped capture")
        capture.kill()
        sys.exit(0)
sys.exit(1)
