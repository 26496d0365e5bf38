"""Logins that end, tokens that are renewed, and failures of the platform that pass."""

from __future__ import annotations

import subprocess
import time

import pytest

from client import Client
from foundation import Foundation, agents
from sessions.container import wait_until
from test_faults import configure

REFUSED = "Error opening SSH connection: You are not authorized to perform the requested action."


def is_logged_in(foundation: Foundation) -> bool:
    """Whether the person's own configuration still renews its tokens."""
    foundation.expire_tokens()
    return subprocess.run([foundation.program, "oauth-token"], env=foundation.environment, capture_output=True).returncode == 0


def stats_asked(foundation: Foundation) -> int:
    return sum(path.endswith("/stats") for path in foundation.requests)


def test_long_capture_where_refresh_tokens_rotate_leaves_the_person_logged_in(foundation, demo, folder):
    foundation.rotates, foundation.token_seconds = True, 64  # cf renews them 60 seconds before their end
    foundation.log_in()
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        time.sleep(5)
        asked = stats_asked(foundation)
        running.wait_until(lambda: stats_asked(foundation) > asked, 20, "the platform is asked with a token that was renewed")
        assert running.stop().status == 0
    assert is_logged_in(foundation)


@pytest.mark.breaks
def test_login_that_ends_is_told_and_a_new_one_is_taken(foundation, demo, folder):
    instances = demo.processes[0].instances
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*instances)
        foundation.revoke_tokens()
        instances[1].crash()
        running.wait_for_message("no longer logged in", "'cf login'")
        instances[1].start()
        time.sleep(3)
        assert not instances[1].agents()
        foundation.log_in()
        running.wait_until(instances[1].live_agents, 40, "the instance is joined with the new login")
        result = running.stop()
    assert sum("cf login" in line for line in result.lines) == 1, result.stderr


def test_login_that_has_ended_before_is_told_with_its_remedy(foundation, demo, folder):
    configure(foundation, RefreshToken="revoked", AccessToken="bearer expired", UAAGrantType="client_credentials")
    with Client(foundation, folder, "demo") as running:
        result = running.wait()
    assert result.status == 1
    assert "'cf auth CLIENT_ID CLIENT_SECRET --client-credentials'" in result.stderr


def test_revoked_token_is_told_with_the_login(foundation, demo, folder):
    """cf takes it for good, since its end is far away."""
    foundation.revoke_tokens()
    with Client(foundation, folder, "demo") as running:
        result = running.wait()
    assert result.status == 1
    assert "cf is no longer logged in: 'cf login'" in result.stderr


def test_one_failure_of_every_answer_is_no_failure_of_the_capture(foundation, demo, folder):
    app, process = f"/v3/apps/{demo.guid}", f"/v3/processes/{demo.processes[0].guid}"
    foundation.failing = dict.fromkeys((app, "/v3/apps", f"{app}/ssh_enabled", f"{app}/processes", f"{process}/stats"), 1)
    with Client(foundation, folder, "demo") as running:
        running.wait_until_capturing(*demo.processes[0].instances)
        assert running.stop().status == 0
    assert set(foundation.failing.values()) == {0}


def test_one_refusal_of_the_ssh_proxy_is_no_failure_of_the_capture(foundation, demo, folder):
    instances = demo.processes[0].instances
    for instance in instances[1:]:
        instance.ssh_answer = {"error": REFUSED, "once": True}
    with Client(foundation, folder, "demo", "--no-follow") as running:
        running.wait_until_capturing(*instances)
        assert running.stop().status == 0


def test_instance_that_the_ssh_proxy_refuses_for_a_while_is_joined_afterwards(foundation, demo, folder):
    instances = demo.processes[0].instances
    instances[1].ssh_answer = {"error": REFUSED}
    with Client(foundation, folder, "demo") as running:
        running.wait_for_message("web/1", "though SSH is enabled")
        instances[1].ssh_answer = None
        running.wait_until_capturing(*instances)
        running.stop()


@pytest.mark.parametrize("change, words", [
    ({"ssh_disabled_by": "app"}, "cf enable-ssh demo"), ({"may_be_entered": False}, "role of a space developer"),
])
def test_ssh_that_the_platform_itself_refuses_is_not_tried_again(foundation, demo, folder, change, words):
    for name, value in change.items():
        setattr(demo, name, value)
    with Client(foundation, folder, "demo") as running:
        result = running.wait(30)
    assert result.status == 1
    assert words in result.stderr
    assert not agents(demo.processes[0].instances)


def test_port_that_refuses_is_told_with_the_proxy_that_counts(foundation, demo, folder):
    demo.processes[0].instances[0].ssh_answer = {"error": "dial tcp 10.0.0.1:2222: connect: connection refused"}
    with Client(foundation, folder, "demo", "-i", "0", "--no-follow", environment={"https_proxy": "http://proxy"}) as running:
        line = running.wait(30).told("web/0")
    assert all(word in line for word in ("10.0.0.1:2222", "ALL_PROXY", "cf ssh ignores it")), line


def test_processes_without_instances_are_not_asked_about(foundation, demo, folder):
    from foundation import Process

    demo.processes += [Process(f"task-{number}", []) for number in range(50)]
    try:
        with Client(foundation, folder, "demo", "--process", "all") as running:
            running.wait_until_capturing(*demo.processes[0].instances)
            assert stats_asked(foundation) == 1
            assert running.stop().status == 0
    finally:
        del demo.processes[1:]
        wait_until(lambda: not agents(demo.processes[0].instances), 10, "no agent is left")
