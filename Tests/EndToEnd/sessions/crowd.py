"""Starts many of a command at once, waits until all but four have ended, and kills those.

Prints a list of objects: "status", "seconds" from start to end, "log" (standard error).
Usage: crowd.py COUNT COMMAND [ARGUMENT ...]
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time

LASTING = 4
PATIENCE = 20


def main(count: int, command: list[str]) -> None:
    started: dict[int, float] = {}
    logs = {}
    with open(os.devnull, "r+b") as nothing:
        for _ in range(count):
            log = tempfile.TemporaryFile()
            streams = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 0), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 1),
                       (os.POSIX_SPAWN_DUP2, log.fileno(), 2)]
            begin = time.monotonic()
            pid = os.posix_spawn(command[0], command, os.environ, file_actions=streams)
            started[pid], logs[pid] = begin, log
    signal.alarm(PATIENCE)
    results = [reap(started, logs) for _ in range(count - LASTING)]
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    results += [reap(started, logs) for _ in range(LASTING)]
    print(json.dumps(results))


def reap(started: dict[int, float], logs: dict) -> dict:
    pid, status = os.wait()
    seconds = time.monotonic() - started.pop(pid)
    with logs.pop(pid) as log:
        log.seek(0)
        return {"status": os.waitstatus_to_exitcode(status), "seconds": seconds, "log": log.read().decode()}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
