"""The commands."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from urllib.parse import quote

from . import show
from .api import API
from .configuration import Configuration
from .failure import Failure, IncorrectUsage

TRACE = "REQUEST: [{time}]\nGET {path} HTTP/1.1\nAccept: application/json\nAuthorization: [PRIVATE DATA HIDDEN]\n\n"


def main() -> None:
    # A Go program has no handler of its own: the signal ends it without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    try:
        configuration = Configuration()
    except OSError as error:
        print(f"Unexpected error: {error}", file=sys.stderr)
        return 1
    command, *rest = for_help(arguments) or ["help"]
    try:
        status = run_command(configuration, command, rest)
    except Failure as failure:
        print(failure, file=sys.stderr, flush=True)
        print("FAILED")
        status = 1
    except IncorrectUsage as error:
        print(f"Incorrect Usage: {error}\n", file=sys.stderr, flush=True)
        print_usage(command)
        status = 1
    sys.stdout.flush()
    configuration.write()
    return status


def for_help(arguments: list[str]) -> list[str]:
    """`-h` or `--help` anywhere asks for the command's help."""
    if not {"-h", "--help", "--h"}.intersection(arguments):
        return arguments
    return ["help", *[word for word in arguments if not word.startswith("-")][:1]]


def run_command(configuration: Configuration, command: str, arguments: list[str]) -> int:
    if command in ("install-plugin", "uninstall-plugin", "plugins", "help") or command not in COMMANDS:
        from . import plugins

        return plugins.run(configuration, command, arguments)
    return COMMANDS[command](configuration, arguments)


def version(configuration: Configuration, arguments: list[str]) -> int:
    print("cf version 8.18.4+test.2026-08-01")
    return 0


def oauth_token(configuration: Configuration, arguments: list[str]) -> int:
    configuration.need_target(space=False)
    API(configuration).refresh_if_necessary()
    print(configuration.values["AccessToken"])
    return 0


def curl(configuration: Configuration, arguments: list[str]) -> int:
    if len(arguments) != 1:
        raise IncorrectUsage("the required argument `PATH` was not provided")
    configuration.need_target(space=False)
    try:
        print(get(configuration, arguments[0]).decode(errors="surrogateescape"))
    except Failure:
        print()  # whatever kept it from an answer
    return 0


def app(configuration: Configuration, arguments: list[str]) -> int:
    names = [word for word in arguments if not word.startswith("-")]
    if len(names) != 1:
        raise IncorrectUsage("the required argument `APP_NAME` was not provided")
    if "--guid" not in arguments:
        return show.app(configuration, names[0])
    configuration.need_target()
    space = configuration.values["SpaceFields"]["GUID"]
    print(guid(configuration, f"/v3/apps?names={quote(names[0])}&space_guids={space}", f"App '{names[0]}' not found."))
    return 0


def space(configuration: Configuration, arguments: list[str]) -> int:
    names = [word for word in arguments if not word.startswith("-")]
    if len(names) != 1 or "--guid" not in arguments:
        raise IncorrectUsage("only `cf space NAME --guid` is known here")
    configuration.need_target(space=False)
    print(guid(configuration, f"/v3/spaces?names={quote(names[0])}", f"Space '{names[0]}' not found."))
    return 0


def guid(configuration: Configuration, path: str, missing: str) -> str:
    """Of the first that a list has. A refusal is a failure, in its own words."""
    try:
        answer = json.loads(get(configuration, path))
    except ValueError as error:
        raise Failure(f"{error}") from None
    if "errors" in answer:
        raise Failure("\n".join(each["detail"] for each in answer["errors"]))
    if not answer["resources"]:
        raise Failure(missing)
    return answer["resources"][0]["guid"]


def ssh(configuration: Configuration, arguments: list[str]) -> int:
    from . import ssh

    trace("/v3/apps")
    return ssh.run(configuration, arguments)


def get(configuration: Configuration, path: str) -> bytes:
    trace(path)
    return API(configuration).get(path)


def trace(path: str) -> None:
    if os.environ.get("CF_TRACE", "").lower() in ("true", "1"):
        print(TRACE.format(time=time.strftime("%Y-%m-%dT%H:%M:%SZ"), path=path), flush=True)


def print_usage(command: str) -> None:
    from . import help

    help.show(command)


COMMANDS = {
    "app": app, "apps": show.apps, "curl": curl, "oauth-token": oauth_token, "space": space, "ssh": ssh,
    "ssh-enabled": show.ssh_enabled, "target": show.target, "version": version, "--version": version,
}
