"""Instances that fail: the others lose nothing, what happened is said, and who comes back is joined again."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import pytest

from checks import check_with_tools, in_order, same_packets
from client import Client, Result
from foundation import Application, Foundation, HTTPLoad, Instance, Process, Tcpdump, request

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


def stopped_with_nothing_lost(foundation: Foundation, running: Client, app: Application, survivors: list[int],
                              beside: dict[int, Tcpdump], name: str) -> Result:
    time.sleep(0.2)
    result = running.stop()
    capture = result.pcapng(name)
    in_order(capture.packets)
    for index in survivors:
        expected = beside[index].stop()
        assert len(expected.packets) > REQUESTS
        same_packets(capture.of(f"web/{index} eth0"), expected)
    check_with_tools(result.folder / name)
    return result


@pytest.mark.breaks
def test_each_instance_that_cannot_be_captured_is_told_in_a_line_and_the_others_lose_nothing(foundation, folder):
    demo = foundation.push("demo", web=2 + len(FAULTS))
    instances = demo.processes[0].instances
    for instance, fault in zip(instances[2:], FAULTS):
        fault(instance)
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 1)}
        running = stack.enter_context(Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances[:2])
        with HTTPLoad(instances[0]) as load, HTTPLoad(instances[1]) as other:
            for index in range(2, len(instances)):
                running.wait_for_message(f"web/{index}: ")
            load.wait_for(REQUESTS)
            other.wait_for(REQUESTS)
        result = stopped_with_nothing_lost(foundation, running, demo, [0, 1], beside, "x.pcapng")
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
def test_killed_instance_is_joined_again(foundation, demo, folder):
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 2)}
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], 30), HTTPLoad(instances[2], 30):
            before = HTTPLoad(instances[1])
            before.wait_for(REQUESTS)
            before.kill()
            instances[1].crash()
            running.wait_for_message("web/1")
            time.sleep(5)
            instances[1].start()
            instances[1].wait_for_agents(1, 20)
            again = stack.enter_context(Tcpdump(instances[1], folder / "beside-again"))
            request([instances[1]], REQUESTS)
        result = stopped_with_nothing_lost(foundation, running, demo, [0, 2], beside, "x.pcapng")
        afterwards = again.stop().packets
    packets = result.pcapng("x.pcapng").of("web/1 eth0")
    assert len(packets) > len(afterwards) > REQUESTS
    assert [packet.data for packet in packets[-len(afterwards):]] == [packet.data for packet in afterwards]
    # It was gone for five seconds, so that not all that was asked for was captured.
    assert result.status == 1


@pytest.mark.breaks
def test_instance_that_never_comes_back_is_not_waited_for_with_no_follow(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--no-follow") as running:
        running.wait_until_capturing(*instances)
        instances[1].crash()
        running.wait_for_message("web/1")
        instances[1].start()
        time.sleep(8)
        assert instances[1].agents() == []
        assert running.stop().status == 1


@pytest.mark.breaks
def test_cut_instance(foundation, demo, folder):
    """Nobody is told. The client misses the sign of life after 15 seconds and joins anew once the network is back."""
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 2)}
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances)
        children = set(running.children())
        cut = time.monotonic()
        instances[1].cut()
        with HTTPLoad(instances[0], 30), HTTPLoad(instances[2], 30):
            running.wait_for_message("web/1", timeout=30)
            assert 10 < time.monotonic() - cut < 22
            instances[1].mend()
            instances[1].wait_for_agents(1, 30)
        request([instances[1]], REQUESTS)
        assert len(children & set(running.children())) == 2, "the dead session's cf is gone"
        result = stopped_with_nothing_lost(foundation, running, demo, [0, 2], beside, "x.pcapng")
    assert len(result.pcapng("x.pcapng").of("web/1 eth0")) > REQUESTS
    assert result.status == 1


@pytest.mark.breaks
def test_killed_daemon_ends_the_session_with_the_records_whole(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[1]) as load:
            load.wait_for(100)
            time.sleep(0.5)
            instances[1].kill_daemon()
            running.wait_for_message("web/1")
        result = running.stop()
    assert result.status == 1
    assert len(result.pcapng("x.pcapng").of("web/1 eth0")) > 100
    check_with_tools(folder / "x.pcapng")


@pytest.mark.breaks
def test_instance_that_appears_is_joined(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*process.instances)
        foundation.scale(process, 4)
        process.instances[3].wait_for_agents(1, 20)
        request([process.instances[3]], REQUESTS)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert len(result.pcapng("x.pcapng").of("web/3 eth0")) > REQUESTS


@pytest.mark.breaks
def test_instance_that_is_taken_away_is_no_failure(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*process.instances)
        foundation.scale(process, 2)
        running.wait_for_message("web/2")
        time.sleep(3)
        result = running.stop()
    assert "Saved capture to 'capture.pcap'." in result.lines


@pytest.mark.breaks
def test_moved_instance_is_joined_where_it_is_now(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        instances[1].replace()
        instances[1].wait_for_agents(1, 20)
        request([instances[1]], REQUESTS)
        result = running.stop()
    capture = result.pcapng("x.pcapng")
    assert len(capture.of("web/1 eth0")) > REQUESTS
    assert any(instances[1].guid in interface.description for interface in capture.interfaces)


def test_session_that_ends_at_once_is_tried_again(foundation, demo, folder, tmp_path):
    """It happens rarely, and never with a capture."""
    instance = demo.processes[0].instances[0]
    once = tmp_path / "once"
    once.write_text("#!/bin/sh\nrm -- \"$0\"\necho FAILED\necho EOF >&2\nexit 1\n")
    once.chmod(0o755)
    instance.ssh_answer = {"run": [str(once)]}
    with Client(foundation, folder, "demo") as running:
        running.wait_until(lambda: not once.exists(), 10, "the first session has ended")
        instance.ssh_answer = None
        running.wait_until_capturing(*demo.processes[0].instances)
        assert running.stop().status == 0


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
