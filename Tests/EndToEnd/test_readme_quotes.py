"""The agent's words that README quotes, word for word."""

from __future__ import annotations

import re

import pytest

from harness import REPOSITORY, find, http_exchange, parse_log, start_agent

README = (REPOSITORY / "README.md").read_text()
LINES = re.findall(r"^    (level=.*)$", README, re.MULTILINE)
DIEGO = {"CF_INSTANCE_PORTS": '[{"internal":8080,"internal_tls_proxy":61001},{"internal":2222,"internal_tls_proxy":61002}]'}


def test_readme_quotes_lines_of_the_log():
    assert len(LINES) >= 2


@pytest.mark.parametrize("line", LINES)
def test_quoted_line_has_the_attributes_of_a_real_one(namespace, line):
    """With these attributes in this order; only their values differ."""
    quoted, = parse_log(f"time=2026-01-01T00:00:00.000Z {line}\n".encode())
    with start_agent(namespace, "-interface", "lo") as agent:
        http_exchange(namespace, namespace, "127.0.0.1", 8080)
        result = agent.stop()
    logged = find(result.log, quoted.level, quoted.message)
    assert list(logged.attributes) == list(quoted.attributes)


@pytest.mark.parametrize("message, arguments", [
    ("set filter to avoid capturing SSH session", []), ("adjusted filter to avoid capturing SSH session", ["-filter", "port 8080"])])
def test_message_about_the_session(namespace, message, arguments):
    start = re.match(r"set filter to avoid capturing SSH session|adjusted filter", message)[0]
    assert f"`{start}" in README
    with start_agent(namespace, "-interface", "lo", *arguments, env=DIEGO) as agent:
        result = agent.stop()
    assert find(result.log, "INFO", message)
