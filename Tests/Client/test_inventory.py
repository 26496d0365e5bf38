"""What there is to capture: --list, and --check, which asks each instance."""

from __future__ import annotations

import json
import signal
import time

import pytest

from checks import is_refused
from client import Client
from foundation import Application, Process, agents
from test_faults import make_agent_not_executable, remove_agent, take_capability
from test_login import REFUSED


def ask(foundation, folder, *arguments: object, status: int = 0, **options):
    with Client(foundation, folder, *arguments, **options) as running:
        result = running.wait(30)
    assert result.status == status, result.stderr
    return result


def listed(foundation, folder, **options) -> dict[str, dict]:
    answer = json.loads(ask(foundation, folder, "--list", "--json", **options).stdout)
    assert (answer["organization"], answer["space"]) == ("test-org", "test-space")
    return {app["name"]: app for app in answer["apps"]}


def test_list_tells_the_apps_of_the_space(foundation, demo, folder):
    one, *_ = demo.processes[0].instances
    one.state = "CRASHED"
    demo.processes.append(Process("worker", []))
    foundation.applications += [Application("stopped", [Process("web", [])], state="STOPPED"),
                                Application("closed", [Process("web", [])], ssh_disabled_by="space")]
    try:
        apps = listed(foundation, folder)
        text = ask(foundation, folder, "--list").stdout.decode()
    finally:
        del demo.processes[1:]
    assert list(apps) == ["closed", "demo", "stopped"]
    assert apps["demo"]["processes"] == [{"type": "web", "instances": 3, "running": 2},
                                         {"type": "worker", "instances": 0, "running": 0}]
    assert apps["closed"]["ssh"] == {"allowed": False, "disabled_by": "space"}
    assert apps["demo"]["ssh"] == {"allowed": True, "disabled_by": None} and apps["stopped"]["started"] is False
    assert "org test-org / space test-space" in text and "cf allow-space-ssh test-space" in text
    assert any(line.split()[:5] == ["demo", "web", "2", "of", "3"] for line in text.splitlines()), text
    assert list(folder.iterdir()) == []


def test_list_says_what_the_platform_does_not_tell(foundation, demo, folder):
    foundation.failing = {f"/v3/processes/{demo.processes[0].guid}/stats": 100, f"/v3/apps/{demo.guid}/ssh_enabled": 100}
    app = listed(foundation, folder, status=1)["demo"]
    assert app["ssh"]["allowed"] is None and app["processes"][0]["running"] is None


@pytest.mark.breaks
def test_check_asks_each_instance(foundation, folder):
    demo = foundation.push("demo", web=5)
    instances = demo.processes[0].instances
    for instance, fault in zip(instances[1:], (remove_agent, make_agent_not_executable, take_capability)):
        fault(instance)
    instances[4].crash()
    result = ask(foundation, folder, "demo", "--check", "--json", status=1)
    good, missing, not_executable, no_capability, crashed = json.loads(result.stdout)["instances"]
    assert good["can_be_captured"] and good["capability"] and good["agent"] and set(good["interfaces"]) >= {"lo", "eth0"}
    assert "no agent" in missing["reason"] and "diego.rep.enable_cf_pcap" in missing["remedy"] and missing["agent"] is None
    assert not not_executable["can_be_captured"] and "cannot be executed" in not_executable["reason"]
    assert no_capability["capability"] is False and "CAP_NET_RAW" in no_capability["reason"]
    assert "crashed" in crashed["reason"]
    assert not agents(instances[:4])


def test_check_of_what_can_be_captured(foundation, demo, folder):
    text = ask(foundation, folder, "demo", "--check").stdout.decode()
    assert [line.split()[0] for line in text.splitlines()] == ["INSTANCE", "web/0", "web/1", "web/2"]
    assert all(line.endswith("yes") for line in text.splitlines()[1:]), text
    assert not agents(demo.processes[0].instances)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments, words", [
    (["-i", "7"], "no such instance"), (["-i", "0", "--interface", "eth9"], "eth9"), (["-i", "0", "-f", "prot 80"], "filter"),
])
def test_check_asks_for_what_a_capture_would(foundation, demo, folder, arguments, words):
    result = ask(foundation, folder, "demo", "--check", *arguments, status=1)
    assert words in result.stdout.decode(), result.stdout


@pytest.mark.parametrize("arguments, words", [
    (["--list", "demo"], "cf pcap demo --check"), (["--list", "-o", "x.pcap"], "--output"),
    (["--list", "--check"], "leave one of them out"), (["--check"], "app's name"), (["demo", "--check", "-o", "x.pcap"], "--output"),
    (["--list", "-i", "0"], "--app-instance-index"),
    (["demo", "--check", "--duration", "5s"], "--duration"),
])
def test_what_does_not_go_together_is_refused(foundation, demo, folder, arguments, words):
    is_refused(foundation, folder, *arguments, words=[words])


def test_signal_ends_a_check_and_leaves_nothing(foundation, demo, folder):
    slow = folder / "bin/cf"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\n[ "$1" = oauth-token ] || {{ touch "{folder}/asked"; sleep 30; }}\nexec "{foundation.program}" "$@"\n')
    slow.chmod(0o755)
    path = {"PATH": f"{slow.parent}:{foundation.environment['PATH']}"}
    with Client(foundation, folder, "--list", environment=path) as running:
        running.wait_until((folder / "asked").exists, 20, "it asks")
        begin = time.monotonic()
        result = running.stop(signal.SIGINT)
    assert result.status == 1 and result.stdout == b"" and time.monotonic() - begin < 5
    assert not [name for name in (foundation.folder / "tmp").iterdir() if name.name.startswith("cf-pcap-home-")]


def test_instance_that_prints_escapes_commands_no_terminal(foundation, demo, folder, liars):
    demo.processes[0].instances[0].ssh_answer = liars(r"""
send(b"version=cf-pcap 1.0.0\x1b[2J\ninterface=\x1b]0;x\x07\n\x9b31m\n")
log(b"\x1b[2Jevil\n" * 10000)
sys.exit(3)""")
    for options in ((), ("--json",)):
        result = ask(foundation, folder, "demo", "--check", "-i", "0", *options, status=1)
        assert not set(result.stdout) & {0x1B, 0x07, 0x9B}, result.stdout


def test_answer_that_standard_output_does_not_take_is_a_failure(foundation, demo, folder):
    for words in (("--list",), ("demo", "--check", "-i", "0")):
        with open("/dev/full", "wb") as full, Client(foundation, folder, *words, stdout=full) as running:
            result = running.wait(30)
        assert result.status == 1 and "standard output does not take the answer" in result.stderr, result.stderr


def test_check_asks_again_where_one_answer_of_the_ssh_proxy_is_a_refusal(foundation, demo, folder):
    demo.processes[0].instances[1].ssh_answer = {"error": REFUSED, "once": True}
    text = ask(foundation, folder, "demo", "--check").stdout.decode()
    assert all(line.endswith("yes") for line in text.splitlines()[1:]), text


def test_signal_ends_a_check_with_the_rows_that_are_there(foundation, demo, folder, liars):
    demo.processes[0].instances[1].ssh_answer = liars("wait(); time.sleep(60)")
    for options in ((), ("--json",)):
        with Client(foundation, folder, "demo", "--check", *options) as running:
            running.wait_until(lambda: sum(path.startswith("ssh ") for path in foundation.requests) >= 3, 20, "all are asked")
            running.wait_until(lambda: len(running.children()) == 1, 20, "all but one have answered")
            time.sleep(0.5)
            result = running.stop(signal.SIGINT)
        assert result.status == 1, result.stderr
        text = result.stdout.decode()
        if options:
            reasons = [each["reason"] for each in json.loads(text)["instances"]]
            assert reasons == [None, "it was not asked to the end", None]
        else:
            assert [line.split()[0] for line in text.splitlines()[1:]] == ["web/0", "web/1", "web/2"]
            assert [line.endswith("yes") for line in text.splitlines()[1:]] == [True, False, True], text
        foundation.requests.clear()


def test_list_tells_why_something_is_not_known_in_a_line_without_markup(foundation, demo, folder):
    page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body></html>"
    stats = f"/v3/processes/{demo.processes[0].guid}/stats"
    foundation.changed = {stats: page}
    result = ask(foundation, folder, "--list", status=1)
    assert result.lines == [f"error: the platform's answer to {stats} cannot be understood: '502 Bad Gateway'"]
    assert "not known of 3" in result.stdout.decode()
