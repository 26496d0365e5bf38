"""Three instances of an app on this machine, under HTTP load, and `cf pcap demo`.

Usage: demo.py [--instances N] [--shell] [ARGUMENTS OF cf pcap demo]...
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import shlex
import signal
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "EndToEnd")]

import client
from foundation import Application, Foundation, HTTPLoad

APP = "demo"
REQUESTS_PER_SECOND = 20
# A terminal that closes sends the first, and the shell, or sudo, may send it once more.
ENDS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
is_ending: list[bool] = []


def main() -> int:
    options, arguments = parse()
    for number in ENDS:
        signal.signal(number, end)
    user, group = (int(os.environ.get(name, current)) for name, current in (("SUDO_UID", 0), ("SUDO_GID", 0)))
    with Foundation() as foundation:
        say(f"Starting {options.instances} containers, each with an HTTP server, an SSH daemon and the agent...")
        app = foundation.push(APP, has_proxy=True, web=options.instances)
        foundation.hand_over(user, group)

        def run(*words: object) -> int:
            say("$ " + shlex.join(str(word) for word in words))
            return run_in_foreground(words, foundation.environment | terminal() | {"HOME": home_of(user)}, user, group)

        with load(app):
            if run("cf", "install-plugin", "-f", client.BINARY) != 0:
                return 1
            if options.shell:
                say(f"The app is called '{APP}': 'cf pcap {APP} -o x.pcapng' captures its traffic, 'cf app {APP}' shows it, "
                    "'exit' ends all.")
                return run(os.environ.get("SHELL", "/bin/bash"))
            return run("cf", "pcap", APP, *arguments)


def end(number: int, _) -> None:
    """Ends the demo in order. What comes after does not keep it from that."""
    if not is_ending:
        is_ending.append(True)
        sys.exit(128 + number)


def home_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return os.environ.get("HOME", "/")


def parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--instances", type=int, default=3, metavar="N", help="how many instances the app has (default: 3)")
    parser.add_argument("--shell", action="store_true", help="a shell in which `cf` knows the app, instead of `cf pcap demo`")
    parser.epilog = "Whatever else is given goes to `cf pcap demo`, such as --duration 10s -o demo.pcapng."
    options, arguments = parser.parse_known_args()
    if not 1 <= options.instances <= 100:
        parser.error(f"--instances {options.instances}: from 1 to 100")
    return options, arguments


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def terminal() -> dict[str, str]:
    return {name: os.environ[name] for name in ("TERM", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY") if name in os.environ}


@contextlib.contextmanager
def load(app: Application):
    with contextlib.ExitStack() as stack:
        for process in app.processes:
            for instance in process.instances:
                stack.enter_context(HTTPLoad(instance, REQUESTS_PER_SECOND))
        yield


def run_in_foreground(words: tuple[object, ...], environment: dict[str, str], user: int, group: int) -> int:
    """^C is for the command; it may have taken the terminal, which is taken back at its end."""
    held = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTTOU)}
    try:
        with subprocess.Popen([str(word) for word in words], env=environment, user=user, group=group, extra_groups=[],
                              preexec_fn=take_default_signals) as process:
            try:
                return process.wait()
            except SystemExit:
                # Bash takes no other signal for an order to end.
                process.send_signal(signal.SIGHUP)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                process.kill()
                raise
    finally:
        with contextlib.suppress(OSError), open("/dev/tty") as device:
            os.tcsetpgrp(device.fileno(), os.getpgrp())
        for number, handler in held.items():
            signal.signal(number, handler)


def take_default_signals() -> None:
    for number in (*ENDS, signal.SIGTTOU):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
