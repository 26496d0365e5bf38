"""A developer with sudo, or without, whose clone nobody else may enter, in a path with a space, with the umask 077."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.developer import Developer


@pytest.fixture
def developer() -> Iterator[Developer]:
    developer = Developer(sudo=True)
    yield developer
    developer.close()


@pytest.fixture
def developer_without_sudo() -> Iterator[Developer]:
    developer = Developer(sudo=False)
    yield developer
    developer.close()


def test_the_clone_is_closed_to_others_and_the_umask_is_strict(developer):
    """Else the tests below would prove little."""
    assert developer.run("sh", "-c", "id -un; umask; pwd; sudo id -un").stdout.split("\n")[:4] == [
        "developer", "0077", str(developer.clone), "root"]
    assert developer.run("sudo", "sh", "-c", "command -v swift").returncode != 0, "sudo hands on the PATH by itself"
    assert developer.clone.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", [(), ("sudo",)], ids=["uses sudo", "under sudo"])
def test_a_part_of_the_end_to_end_tests_passes(developer, how):
    done = developer.run(*how, "scripts/test", "end-to-end", "test_privilege.py", "sessions/test_signals.py", "-k",
                         "descriptors or child or INT")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b12 passed, \d+ deselected", done.stdout), done.stdout
    assert done.stdout.splitlines()[-1] == "scripts/test: all passed: end-to-end"
    assert developer.not_deletable() == []


def test_soak_finds_what_it_needs(developer):
    done = developer.run("scripts/soak", "2")
    assert done.returncode == 0 and "nothing lost but what is reported" in done.stdout, done.stdout + done.stderr
    assert developer.not_deletable() == []


@pytest.mark.parametrize("how", [(), ("sudo",)], ids=["uses sudo", "under sudo"])
def test_agent_is_given_its_capability_and_run(developer, how):
    done = developer.run(*how, "timeout", "-s", "INT", "15", "scripts/run", "-interface", "lo")
    assert len(done.stdout) >= 4 and 'msg="stopped capture"' in done.stderr, done.stderr
    assert developer.not_deletable() == []


def test_swift_is_found_under_sudo(developer):
    done = developer.run("sudo", "scripts/install", "build")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words, asks_for", [
    (["scripts/test"], "scripts/test"),
    (["scripts/test", "end-to-end", "test_log.py"], "scripts/test end-to-end test_log.py"),
    (["scripts/test-package"], "scripts/test-package"),
    (["scripts/soak", "5"], "scripts/soak 5"),
    (["scripts/bench", "--quick"], "scripts/bench --quick"),
    (["scripts/run", "-interface", "lo"], "setcap cap_net_raw=p "),
])
def test_without_sudo_it_is_said_what_root_must_run(developer_without_sudo, words, asks_for):
    done = developer_without_sudo.run(*words)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "As root, run: " in done.stderr
    assert asks_for in done.stderr.partition("As root, run: ")[2]


def test_a_first_build_is_announced(developer):
    (developer.clone / "dist/cf-pcap").unlink()
    done = developer.run("timeout", "15", "scripts/run", "-version")
    assert "scripts/run: building the agent" in done.stderr.splitlines()[0]
