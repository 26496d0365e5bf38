"""Instances that fail: the others lose nothing, what happened is said, and who comes back is joined again."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from checks import check_with_tools, in_order, same_packets
from client import Client, Result
from foundation import Application, Foundation, HTTPLoad, Tcpdump

RATE = 50


def sabotage_agent_missing(app: Application) -> None:
    app.processes[0].instances[1].agent.unlink()


def sabotage_agent_not_executable(app: Application) -> None:
    app.processes[0].instances[1].agent.chmod(0o644)


def sabotage_no_capability(app: Application) -> None:
    agent = app.processes[0].instances[1].agent
    contents = agent.read_bytes()
    agent.unlink()
    agent.write_bytes(contents)
    agent.chmod(0o755)


def sabotage_ssh_refused(app: Application) -> None:
    app.processes[0].instances[1].ssh_answer = {
        "error": "Error opening SSH connection: You are not authorized to perform the requested action."}


def sabotage_unreachable(app: Application) -> None:
    app.processes[0].instances[1].cut()


def sabotage_crashed(app: Application) -> None:
    app.processes[0].instances[1].crash()


def sabotage_down(app: Application) -> None:
    app.processes[0].instances[1].crash("DOWN")


FAULTS = {
    "agent missing": (sabotage_agent_missing, ["/tmp/lifecycle/cf-pcap", "enable_cf_pcap"]),
    "agent not executable": (sabotage_agent_not_executable, ["/tmp/lifecycle/cf-pcap"]),
    "no capability": (sabotage_no_capability, ["CAP_NET_RAW"]),
    "SSH refused": (sabotage_ssh_refused, ["not authorized"]),
    "unreachable": (sabotage_unreachable, []),
    "crashed": (sabotage_crashed, ["CRASHED"]),
    "down": (sabotage_down, ["DOWN"]),
}


def stopped_with_nothing_lost(foundation: Foundation, running: Client, app: Application, survivors: list[int],
                              beside: dict[int, Tcpdump], name: str) -> Result:
    time.sleep(0.2)
    result = running.stop()
    capture = result.pcapng(name)
    in_order(capture.packets)
    for index in survivors:
        expected = beside[index].stop()
        assert len(expected.packets) > RATE
        same_packets(capture.of(f"web/{index} eth0"), expected)
    check_with_tools(result.folder / name)
    return result


@pytest.mark.parametrize("fault", FAULTS)
def test_instance_that_cannot_be_captured(foundation, demo, folder, fault):
    sabotage, words = FAULTS[fault]
    sabotage(demo)
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 2)}
        running = stack.enter_context(Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng"))
        running.wait_until_capturing(instances[0], instances[2])
        running.wait_for_message("web/1", *words)
        with HTTPLoad(instances[0], RATE), HTTPLoad(instances[2], RATE):
            time.sleep(1)
        result = stopped_with_nothing_lost(foundation, running, demo, [0, 2], beside, "x.pcapng")
    assert result.status == 1
    assert "Saved capture to 'x.pcapng'." in result.lines


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_but_failures(foundation, folder, fault):
    """The client ends by itself, with a file only if there is something to be in it."""
    app = foundation.push("demo", web=2)
    sabotage, words = FAULTS[fault]
    sabotage(app)
    foundation.leave_only(app.processes[0], 1)
    with Client(foundation, folder, "demo", "--no-follow") as running:
        result = running.wait(30)
    assert result.status == 1
    result.line("web/0", *words)
    assert not (folder / "capture.pcap").exists()


def test_killed_instance_is_joined_again(foundation, demo, folder):
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 2)}
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], RATE), HTTPLoad(instances[2], RATE):
            before = HTTPLoad(instances[1], RATE)
            time.sleep(1)
            before.kill()
            instances[1].crash()
            running.wait_for_message("web/1")
            time.sleep(5)
            instances[1].start()
            instances[1].wait_for_agents(1, 20)
            again = stack.enter_context(Tcpdump(instances[1], folder / "beside-again"))
            with HTTPLoad(instances[1], RATE):
                time.sleep(1)
        result = stopped_with_nothing_lost(foundation, running, demo, [0, 2], beside, "x.pcapng")
        afterwards = again.stop().packets
    packets = result.pcapng("x.pcapng").of("web/1 eth0")
    assert len(packets) > len(afterwards) > RATE
    assert [packet.data for packet in packets[-len(afterwards):]] == [packet.data for packet in afterwards]
    # It was gone for five seconds, so that not all that was asked for was captured.
    assert result.status == 1


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


def test_cut_instance(foundation, demo, folder):
    """Nobody is told. The client misses the sign of life after 15 seconds and joins anew once the network is back."""
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 2)}
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng"))
        running.wait_until_capturing(*instances)
        cut = time.monotonic()
        instances[1].cut()
        with HTTPLoad(instances[0], RATE), HTTPLoad(instances[2], RATE):
            running.wait_for_message("web/1", timeout=30)
            assert 10 < time.monotonic() - cut < 22
            instances[1].mend()
            instances[1].wait_for_agents(1, 30)
        with HTTPLoad(instances[1], RATE):
            time.sleep(1)
        result = stopped_with_nothing_lost(foundation, running, demo, [0, 2], beside, "x.pcapng")
    assert len(result.pcapng("x.pcapng").of("web/1 eth0")) > RATE
    assert result.status == 1


def test_killed_daemon_ends_the_session_with_the_records_whole(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "--no-follow", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[1], 200):
            time.sleep(1)
            instances[1].kill_daemon()
            running.wait_for_message("web/1")
        result = running.stop()
    assert result.status == 1
    assert len(result.pcapng("x.pcapng").of("web/1 eth0")) > 100
    check_with_tools(folder / "x.pcapng")


def test_instance_that_appears_is_joined(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*process.instances)
        foundation.scale(process, 4)
        process.instances[3].wait_for_agents(1, 20)
        with HTTPLoad(process.instances[3], RATE):
            time.sleep(1)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert len(result.pcapng("x.pcapng").of("web/3 eth0")) > RATE


def test_instance_that_is_taken_away_is_no_failure(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*process.instances)
        foundation.scale(process, 2)
        running.wait_for_message("web/2")
        time.sleep(3)
        result = running.stop()
    assert "Saved capture to 'capture.pcap'." in result.lines


def test_moved_instance_is_joined_where_it_is_now(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        instances[1].replace()
        instances[1].wait_for_agents(1, 20)
        with HTTPLoad(instances[1], RATE):
            time.sleep(1)
        result = running.stop()
    capture = result.pcapng("x.pcapng")
    assert len(capture.of("web/1 eth0")) > RATE
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
        instance.crash("DOWN")
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


def test_rolling_deployment_captures_the_process_that_cf_ssh_takes(foundation, folder):
    app = foundation.push("demo", web=1)
    app.processes.append(foundation.push("new", web=1).processes[0])
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(app.processes[0].instances[0])
        time.sleep(1)
        assert app.processes[1].instances[0].agents() == []
        result = running.stop()
    assert [interface.name for interface in result.pcapng("x.pcapng").interfaces] == ["web/0 eth0"]
