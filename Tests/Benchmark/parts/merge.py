"""What merging costs: four streams through the client, and the same four as files through mergecap."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ..bench import Bench
from ..tables import Table

CLIENT = Path(os.environ.get("CF_PCAP_CLIENT", Path(__file__).parents[3] / "dist/cf-pcap-client"))
STREAMS = 4
PACKET = 100
HEADER = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
CONFIGURATION = '{"OrganizationFields": {"Name": "org"}, "SpaceFields": {"Name": "space"}}'

# Sessions are the files, as fast as a pipe takes them. What sending costs is told beside, to be taken off.
CF = """#!/bin/bash
case $1 in
oauth-token) echo bearer ;;
app) echo app-guid ;;
curl)
    case $2 in
    */processes\\?*) echo '{{"resources": [{{"guid": "process-guid", "type": "web", "instances": {streams}}}]}}' ;;
    */stats)
        row='{{"type": "web", "index": %d, "state": "RUNNING", "instance_guid": "guid-%d", "host": ""}},'
        printf '{{"resources": [%s]}}' "$(for i in {{0..{last}}}; do printf "$row" $i $i; done | sed 's/,$//')" ;;
    *) echo '{{"state": "STARTED", "enabled": true}}' ;;
    esac ;;
ssh) cat {folder}/"$4".pcap; times > {folder}/"$4".times ;;
esac
"""


def run(bench: Bench) -> list[Table]:
    packets = 200_000 if bench.quick else 2_000_000
    if not CLIENT.exists():
        sys.exit(f"scripts/bench: no {CLIENT}, which `scripts/build client` makes")
    table = Table("What merging costs", f"CPU seconds, of the client without its children: {STREAMS} streams of {packets:,} "
                  f"packets of {PACKET} bytes. The packets and their order are compared, too.")
    with TemporaryDirectory(dir="/var/tmp", prefix="bench-merge-") as name:
        folder = Path(name)
        _prepare(folder, packets)
        for _ in range(bench.rounds):
            for form in ("pcap", "pcapng"):
                table.add(form, "client", _client(folder, form))
                table.add(form, "mergecap", _mergecap(folder, form))
                if _packets(folder / f"client.{form}") != _packets(folder / f"mergecap.{form}"):
                    sys.exit(f"scripts/bench: the client's packets in {form} are not those of mergecap, or not in its order")
    return [table]


def _prepare(folder: Path, packets: int) -> None:
    (folder / "bin").mkdir()
    cf = folder / "bin/cf"
    cf.write_text(CF.format(folder=folder, streams=STREAMS, last=STREAMS - 1))
    cf.chmod(0o755)
    (folder / ".cf").mkdir()
    (folder / ".cf/config.json").write_text(CONFIGURATION)
    for stream in range(STREAMS):
        _write_stream(folder / f"{stream}.pcap", stream, packets)


def _write_stream(path: Path, stream: int, packets: int) -> None:
    """Time stamps in no regular order among the streams, and each of them once."""
    data = bytearray(HEADER + bytes(packets * (16 + PACKET)))
    for number in range(packets):
        time = 1_700_000_000_000_000 + (number * STREAMS + (stream + number * 7 // 5) % STREAMS) * 3
        struct.pack_into("=IIIIQI", data, len(HEADER) + number * (16 + PACKET), time // 10**6, time % 10**6, PACKET, PACKET,
                         number, stream)
    path.write_bytes(data)


def _client(folder: Path, form: str) -> float:
    output = folder / f"client.{form}"
    output.unlink(missing_ok=True)
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}
    # A machine that is busy starts sessions slowly: with a long hold all of them are waited for.
    words = [CLIENT, "demo", "--quiet", "--no-follow", "--hold", "30", "-o", output]
    cpu = _cpu([str(word) for word in words], environment)
    return cpu - sum(_times(folder / f"{stream}.times") for stream in range(STREAMS))


def _mergecap(folder: Path, form: str) -> float:
    output = folder / f"mergecap.{form}"
    output.unlink(missing_ok=True)
    streams = [str(folder / f"{stream}.pcap") for stream in range(STREAMS)]
    return _cpu(["mergecap", "-F", form, "-w", str(output), *streams], dict(os.environ))


def _cpu(command: list[str], environment: dict[str, str]) -> float:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, process.returncode, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime


def _times(path: Path) -> float:
    """What bash's `times` printed: of itself and its children, user and system."""
    return sum(int(minutes) * 60 + float(seconds) for minutes, seconds in re.findall(r"(\d+)m([\d.]+)s", path.read_text()))


def _packets(path: Path) -> bytes:
    """The packets with their times, whatever the format, as pcap without its header."""
    if path.suffix == ".pcap":
        return path.read_bytes()[len(HEADER):]
    plain = path.with_suffix(".plain")
    subprocess.run(["editcap", "-F", "pcap", str(path), str(plain)], check=True)
    return plain.read_bytes()[len(HEADER):]
