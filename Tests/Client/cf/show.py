"""What a person reads: `cf target`, `cf apps`, `cf app`, `cf ssh-enabled`."""

from __future__ import annotations

import json
from urllib.parse import quote

from .api import API
from .configuration import Configuration
from .failure import Failure, IncorrectUsage


def target(configuration: Configuration, arguments: list[str]) -> int:
    values = configuration.values
    words = list(arguments)
    while words:
        flag, name = words.pop(0), words.pop(0) if words else ""
        kind, field = {"-o": ("Organization", "OrganizationFields"), "-s": ("Space", "SpaceFields")}.get(flag, (None, None))
        if kind is None or not name:
            raise IncorrectUsage(f"unknown flag `{flag.lstrip('-')}'" if kind is None else f"expected argument for flag `{flag}'")
        if values.get(field, {}).get("Name") != name:
            raise Failure(f"{kind} '{name}' not found.")
    configuration.need_target(space=False)
    table([
        ["API endpoint:", values["Target"]], ["API version:", values.get("APIVersion", "")], ["user:", "somebody"],
        ["org:", values.get("OrganizationFields", {}).get("Name", "")], ["space:", values.get("SpaceFields", {}).get("Name", "")],
    ])
    return 0


def apps(configuration: Configuration, arguments: list[str]) -> int:
    found = resources(configuration, f"/v3/apps?order_by=name&per_page=100&space_guids={space(configuration)}")
    print(f"Getting apps in {place(configuration)}...\n")
    if not found:
        print("No apps found")
        return 0
    rows = [["name", "requested state", "processes", "routes"]]
    for app in found:
        counts = [f"{process['type']}:{running(instances)}/{len(instances)}" for process, instances in processes(configuration, app)]
        rows.append([app["name"], app["state"].lower(), ", ".join(counts), ""])
    table(rows)
    return 0


def app(configuration: Configuration, name: str) -> int:
    found = find(configuration, name)
    print(f"Showing health and status for app {name} in {place(configuration)}...\n")
    table([["name:", name], ["requested state:", found["state"].lower()], ["routes:", ""], ["stack:", found["lifecycle"]["data"]["stack"]]])
    for process, instances in processes(configuration, found):
        print()
        table([["type:", process["type"]], ["instances:", f"{running(instances)}/{len(instances)}"]])
        table([["", "state", "details"]] + [
            [f"#{each['index']}", each["state"].lower(), each["details"] or ""] for each in instances])
    return 0


def ssh_enabled(configuration: Configuration, arguments: list[str]) -> int:
    if len(arguments) != 1:
        raise IncorrectUsage("the required argument `APP_NAME` was not provided")
    answer = get(configuration, f"/v3/apps/{find(configuration, arguments[0])['guid']}/ssh_enabled")
    if answer["enabled"]:
        print(f"ssh support is enabled for app '{arguments[0]}'.")
    else:
        print(f"ssh support is disabled for app '{arguments[0]}'.\n{answer['reason']}")
    return 0


def find(configuration: Configuration, name: str) -> dict:
    found = resources(configuration, f"/v3/apps?names={quote(name)}&space_guids={space(configuration)}")
    if not found:
        raise Failure(f"App '{name}' not found.")
    return found[0]


def processes(configuration: Configuration, app: dict) -> list[tuple[dict, list[dict]]]:
    """Each process of an app, and its instances."""
    return [(process, resources(configuration, f"/v3/processes/{process['guid']}/stats"))
            for process in resources(configuration, f"/v3/apps/{app['guid']}/processes")]


def running(instances: list[dict]) -> int:
    return sum(each["state"] == "RUNNING" for each in instances)


def space(configuration: Configuration) -> str:
    configuration.need_target()
    return configuration.values["SpaceFields"]["GUID"]


def place(configuration: Configuration) -> str:
    values = configuration.values
    return f"org {values['OrganizationFields']['Name']} / space {values['SpaceFields']['Name']} as somebody"


def resources(configuration: Configuration, path: str) -> list[dict]:
    return get(configuration, path)["resources"]


def get(configuration: Configuration, path: str) -> dict:
    try:
        answer = json.loads(API(configuration).get(path))
    except ValueError as error:
        raise Failure(f"{error}") from None
    if "errors" in answer:
        raise Failure("\n".join(each["detail"] for each in answer["errors"]))
    return answer


def table(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
