"""What cannot be captured is told with what to do, and the others lose nothing."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import ExitStack

import pytest

from checks import nothing_lost
from client import Client
from foundation import Application, Foundation, Instance, Process, Tcpdump, request
from sessions.container import wait_until

REQUESTS = 50


def remove_agent(instance: Instance) -> None:
    instance.agent.unlink()


def make_agent_not_executable(instance: Instance) -> None:
    instance.agent.chmod(0o644)


def take_capability(instance: Instance) -> None:
    contents = instance.agent.read_bytes()
    instance.agent.unlink()
    instance.agent.write_bytes(contents)
    instance.agent.chmod(0o755)


def refuse_ssh(instance: Instance) -> None:
    instance.ssh_answer = {"error": "Error opening SSH connection: You are not authorized to perform the requested action."}


def crash(instance: Instance) -> None:
    instance.crash()


def put_down(instance: Instance) -> None:
    instance.crash("DOWN")


FAULTS = {
    remove_agent: ["no agent at /tmp/lifecycle/cf-pcap", "diego.rep.enable_cf_pcap"],
    make_agent_not_executable: ["/tmp/lifecycle/cf-pcap", "operator"],
    take_capability: ["CAP_NET_RAW"],
    refuse_ssh: ["SSH", "cf ssh-enabled demo"],
    Instance.cut: ["SSH"],
    crash: ["crashed", "cf "],
    put_down: ["down", "cf "],
}


@pytest.mark.breaks
def test_each_instance_that_cannot_be_captured_is_told_in_a_line_and_the_others_lose_nothing(foundation, folder):
    demo = foundation.push("demo", web=2 + len(FAULTS))
    instances = demo.processes[0].instances
    for instance, fault in zip(instances[2:], FAULTS):
        fault(instance)
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 1)}
        running = stack.enter_context(Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng", "--hold", "10"))
        running.wait_until_capturing(*instances[:2])
        for index in range(2, len(instances)):
            running.wait_for_message(f"web/{index}: ")
        request(instances[:2], REQUESTS)
        result = running.stop()
        nothing_lost(result, beside)
    assert result.status == 1
    assert "Saved capture to 'x.pcapng'." in result.lines
    for index, words in enumerate(FAULTS.values(), 2):
        line = result.told(f"web/{index}")
        assert all(word in line for word in words), line


@pytest.mark.breaks
@pytest.mark.parametrize("fault", [remove_agent, refuse_ssh, crash])
def test_nothing_to_capture_ends_the_client_without_a_file(foundation, folder, fault):
    demo = foundation.push("demo", web=1)
    fault(demo.processes[0].instances[0])
    with Client(foundation, folder, "demo", "--no-follow") as running:
        result = running.wait(30)
    assert result.status == 1
    assert all(word in result.told("web/0") for word in FAULTS[fault]), result.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.breaks
@pytest.mark.parametrize("format", ["pcap", "pcapng"])
def test_nothing_to_capture_is_a_failure_whoever_reads(foundation, folder, format):
    demo = foundation.push("demo", web=1)
    crash(demo.processes[0].instances[0])
    with Client(foundation, folder, "demo", "--no-follow", "-o", "-", "--format", format) as running:
        assert running.wait(30).status == 1


@pytest.mark.parametrize("by, remedy", [("app", "cf enable-ssh demo"), ("space", "cf allow-space-ssh"), ("platform", "operator")])
def test_ssh_disabled(foundation, demo, folder, by, remedy):
    demo.ssh_disabled_by = by
    with Client(foundation, folder, "demo") as running:
        result = running.wait()
    assert result.status == 1
    assert remedy in result.stderr
    assert not (folder / "capture.pcap").exists()


@pytest.mark.parametrize("arguments, words", [(["nix"], ["nix"]), (["demo", "--process", "nix"], ["nix", "web"]),
                                              (["demo", "-i", "7"], ["7"])])
def test_what_does_not_exist(foundation, demo, folder, arguments, words):
    with Client(foundation, folder, *arguments) as running:
        result = running.wait()
    assert result.status == 1
    assert all(word in result.stderr for word in words), result.stderr
    assert not (folder / "capture.pcap").exists()


def test_stopped_app(foundation, demo, folder):
    demo.state = "STOPPED"
    for instance in demo.processes[0].instances:
        instance.state = "DOWN"
    with Client(foundation, folder, "demo") as running:
        result = running.wait()
    assert result.status == 1
    assert "cf start demo" in result.stderr


def test_typo_in_a_filter_is_one_line_for_all_instances(foundation, demo, folder):
    with Client(foundation, folder, "demo", "-f", "prot 80") as running:
        result = running.wait(30)
    assert result.status == 1
    assert len(result.lines) == 3, result.stderr
    assert result.lines[1].startswith("web/0-2: error: ") and result.lines[1].count("pcap-filter(7)") <= 1
    assert result.lines[2] == "Nothing was captured: no file was written."
    assert list(folder.iterdir()) == []


def test_instances_that_are_not_there_are_one_line(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "-i", "0-9,100-999999") as running:
        running.wait_until_capturing(*instances)
        result = running.stop()
    assert result.status == 1
    told = [line for line in result.lines if "error" in line]
    assert told == ["web/3-9,100-999999: error: there is no such instance: 'cf app demo' lists them"]
    assert len(result.lines) < 10


@pytest.mark.breaks
def test_port_that_does_not_answer_is_named_before_anybody_gives_up(foundation, folder, liars):
    """As where a firewall drops what goes to the SSH port: cf ssh says nothing for minutes."""
    process = foundation.push("demo", web=0).processes[0]
    foundation.pretend(process, *[liars("time.sleep(300)")] * 3)
    began = time.monotonic()
    with Client(foundation, folder, "demo", "--duration", "2s", environment={"https_proxy": "http://10.0.0.1:3128"}) as running:
        hint = running.wait_for_message("web/0-2: warning: ", timeout=30)
        assert time.monotonic() - began < 12
        result = running.wait(30)
        seconds = time.monotonic() - began
    assert "SSH port" in hint and "ALL_PROXY" in hint and "https_proxy is set, but cf ssh ignores it" in hint
    assert result.status == 1
    assert seconds < 18
    lines = [line for line in result.lines if "instances capturing" not in line]
    assert len(lines) == 4, result.stderr
    assert lines[2].startswith("web/0-2: error: no capture began within ")
    assert lines[3] == "Nothing was captured: no file was written."


def test_instance_that_does_not_answer_while_others_do_is_no_matter_of_the_port(foundation, demo, folder, liars):
    demo.processes[0].instances[1].ssh_answer = liars("time.sleep(300)")
    with Client(foundation, folder, "demo") as running:
        hint = running.wait_for_message("web/1: warning: ", timeout=30)
        running.stop()
    assert "no capture began within 8 seconds" in hint and "'cf ssh demo -i 1 --process web'" in hint
    assert "SSH port" not in hint and "ALL_PROXY" not in hint


def configure(foundation: Foundation, **values: object) -> None:
    file = foundation.home / ".cf/config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@pytest.mark.parametrize("values, words", [
    ({"Target": ""}, ["cf api"]),
    ({"AccessToken": "", "RefreshToken": ""}, ["cf login"]),
    ({"SpaceFields": {"GUID": "", "Name": ""}}, ["cf target"]),
    ({"RefreshToken": "revoked", "AccessToken": "bearer expired"}, ["log"]),
])
def test_no_target_or_no_login(foundation, demo, folder, values, words):
    configure(foundation, **values)
    with Client(foundation, folder, "demo") as running:
        result = running.wait()
    assert result.status == 1
    assert all(word in result.stderr for word in words), result.stderr


def test_tokens_that_rotate(foundation, demo, folder):
    """What the user's own configuration holds must still be good afterwards."""
    foundation.rotates = True
    foundation.expire_tokens()
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        assert running.stop().status == 0
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        assert running.stop().status == 0


def test_signal_while_tokens_are_renewed_leaves_the_person_logged_in(foundation, demo, folder):
    """cf prints a token before it saves those that it has got."""
    foundation.rotates = True
    foundation.expire_tokens()
    slow = folder / "bin/cf"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ntouch "{folder}/asked"; sleep 3\nexec "{foundation.program}" "$@"\n')
    slow.chmod(0o755)
    path = {"PATH": f"{slow.parent}:{foundation.environment['PATH']}"}
    with Client(foundation, folder, "demo", environment=path) as running:
        running.wait_until((folder / "asked").exists, 20, "it renews the tokens")
        before = (foundation.home / ".cf/config.json").read_bytes()
        assert running.stop().status == 1
    wait_until(lambda: (foundation.home / ".cf/config.json").read_bytes() != before, 20, "cf has saved the new ones")
    assert subprocess.run([foundation.program, "oauth-token"], env=foundation.environment).returncode == 0


def test_no_cf_to_be_found(foundation, demo, folder):
    with Client(foundation, folder, "demo", environment={"PATH": "/usr/bin:/bin"}) as running:
        result = running.wait()
    assert result.status == 1
    assert "cf" in result.stderr


def test_rolling_deployment_captures_the_process_that_cf_ssh_takes(foundation, demo, folder):
    one, other, _ = demo.processes[0].instances
    foundation.applications.append(Application("rolling", [Process("web", [one]), Process("web", [other])]))
    with Client(foundation, folder, "rolling", "-o", "x.pcapng") as running:
        running.wait_until_capturing(one)
        time.sleep(1)
        assert other.agents() == []
        result = running.stop()
    assert [interface.name for interface in result.pcapng("x.pcapng").interfaces] == ["web/0 eth0"]
