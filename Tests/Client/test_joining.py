"""Instances that go and come: the others lose nothing, and who is there again is joined again."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from checks import check_with_tools, first_fields, nothing_lost, same_packets
from client import Client
from foundation import HTTPLoad, Tcpdump, agents, request

REQUESTS = 50


@pytest.mark.breaks
def test_killed_instance_is_joined_again(foundation, demo, folder):
    instances = demo.processes[0].instances
    with ExitStack() as stack:
        beside = {index: stack.enter_context(Tcpdump(instances[index], folder / f"beside-{index}")) for index in (0, 2)}
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng", "--hold", "10"))
        running.wait_until_capturing(*instances)
        with HTTPLoad(instances[0], 30), HTTPLoad(instances[2], 30):
            before = HTTPLoad(instances[1])
            before.wait_for(REQUESTS)
            before.kill()
            instances[1].crash()
            running.wait_for_message("web/1")
            time.sleep(5)
            instances[1].start()
            instances[1].wait_for_agents(1, 60)
            again = stack.enter_context(Tcpdump(instances[1], folder / "beside-again"))
            request([instances[1]], REQUESTS)
        result = running.stop()
        nothing_lost(result, beside)
        afterwards = again.stop()
    packets = result.pcapng("x.pcapng").of("web/1 eth0")
    assert len(packets) > len(afterwards.packets) > REQUESTS
    same_packets(packets[-len(afterwards.packets):], afterwards)
    capture = result.pcapng("x.pcapng")
    assert [interface.name for interface in capture.interfaces].count("web/1 eth0") == 2, "one for each session"
    comments = [comment for comment in first_fields(folder / "x.pcapng", "frame.comment") if comment]
    assert len(comments) >= 2 and comments[0].startswith("web/1 eth0: "), comments
    assert comments[-1].endswith("web/1 eth0: joined again"), comments
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
        running = stack.enter_context(Client(foundation, folder, "demo", "-o", "x.pcapng", "--hold", "10"))
        running.wait_until_capturing(*instances)
        children = set(running.children())
        cut = time.monotonic()
        instances[1].cut()
        with HTTPLoad(instances[0], 30), HTTPLoad(instances[2], 30):
            running.wait_for_message("web/1", timeout=30)
            assert 8 < time.monotonic() - cut < 25
            instances[1].mend()
            instances[1].wait_for_agents(1, 30)
        request([instances[1]], REQUESTS)
        assert len(children & set(running.children())) == 2, "the dead session's cf is gone"
        result = running.stop()
        nothing_lost(result, beside)
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
        process.instances[3].wait_for_agents(1, 60)
        request([process.instances[3]], REQUESTS)
        result = running.stop()
    assert result.status == 0, result.stderr
    assert len(result.pcapng("x.pcapng").of("web/3 eth0")) > REQUESTS


@pytest.mark.breaks
def test_instance_that_is_taken_away_is_not_waited_for(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*process.instances)
        foundation.scale(process, 2)
        running.wait_for_message("web/2", "the platform no longer has it")
        result = running.stop()
    assert result.status == 0, result.stderr
    assert "Saved capture to 'capture.pcap'." in result.lines


@pytest.mark.breaks
def test_instance_that_was_asked_for_and_is_taken_away_is_missed(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo", "-i", "0,2") as running:
        running.wait_until_capturing(process.instances[0], process.instances[2])
        foundation.scale(process, 2)
        running.wait_for_message("web/2: error: the platform no longer has it")
        result = running.stop()
    assert result.status == 1
    assert "Saved capture to 'capture.pcap'." in result.lines


@pytest.mark.breaks
def test_scaling_to_none_ends_the_capture_in_order(foundation, demo, folder):
    process = demo.processes[0]
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*process.instances)
        foundation.scale(process, 0)
        result = running.wait(60)
    assert result.status == 0, result.stderr
    assert "web/0-2: the platform no longer has it, as after scaling down: it was captured until then" in result.lines
    assert "Saved capture to 'capture.pcap'." in result.lines


@pytest.mark.breaks
def test_deleted_app_ends_the_capture(foundation, demo, folder):
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        foundation.delete(demo)
        result = running.wait(60)
    assert result.status == 1
    assert any("app 'demo' is no longer there" in line for line in result.lines), result.stderr
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
    instance.ssh_answer = {"run": [str(once)], "once": True}
    with Client(foundation, folder, "demo") as running:
        running.wait_until(lambda: not once.exists(), 60, "the first session has ended")
        running.wait_until_capturing(*demo.processes[0].instances)
        assert running.stop().status == 0


@pytest.mark.breaks
def test_ssh_that_is_switched_off_and_on_again_is_joined_again(foundation, folder):
    demo = foundation.push("demo", web=2)
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        demo.ssh_disabled_by = "app"
        instances[1].kill_daemon()
        line = running.wait_for_message("web/1: warning: ", "SSH is disabled for app 'demo'")
        assert "'cf enable-ssh demo'" in line and "joined again" in line
        demo.ssh_disabled_by = ""
        instances[1].start_daemon()
        running.wait_for_message("web/1: capturing again")
        running.stop()


@pytest.mark.breaks
def test_app_that_is_renamed_is_joined_again_under_its_new_name_and_no_other_app(foundation, folder):
    """As a blue-green deployment does it: another app takes the name."""
    demo, other = foundation.push("demo", web=2), foundation.push("other", web=2)
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo", "-o", "x.pcapng") as running:
        running.wait_until_capturing(*instances)
        demo.name, other.name = "demo-old", "demo"
        time.sleep(5)
        instances[1].kill_daemon()
        instances[1].start_daemon()
        running.wait_for_message("web/1: app 'demo' is called 'demo-old' now")
        running.wait_for_message("web/1: capturing again")
        assert not agents(other.processes[0].instances)
        running.wait_until_capturing(*instances)
        running.stop()
