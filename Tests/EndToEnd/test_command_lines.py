"""The command lines of a person's first hour, and the agent's answers: an exit status and a line on standard error."""

from __future__ import annotations

import shlex

import pytest

from harness import Namespace, parse_log, start_agent

CAPTURES, FAILS, REFUSES = 0, 1, 2

ADJUSTED = "INFO adjusted filter to avoid capturing SSH session: (not tcp port 2222) and "
SET = "INFO set filter to avoid capturing SSH session: not tcp port 2222"
NO_INTERFACE = "ERROR interface flag is required: lo, eth0, any"
UNKNOWN = "ERROR flag provided but not defined: "
LEFT_OVER = "ERROR unexpected argument "
SETUP = "ERROR failed to set up capture: "
SNAPLEN = "for flag -snaplen: give 1 to 262144, or 0 for the default"

COMMAND_LINES = [
    # As in the usage.
    ("-interface lo", CAPTURES, SET),
    ("-interface lo -filter 'tcp port 8080'", CAPTURES, ADJUSTED + "(tcp port 8080)"),
    ("-interface=lo -filter='tcp port 8080'", CAPTURES, ADJUSTED + "(tcp port 8080)"),
    ("--interface lo --filter 'host 10.77.0.1 and not icmp'", CAPTURES, ADJUSTED + "(host 10.77.0.1 and not icmp)"),
    ("-interface any -v", CAPTURES, "DEBUG parsed flags"),
    ("-interface eth0 -v=1", CAPTURES, "DEBUG parsed flags"),
    ("-v -interface lo --", CAPTURES, "DEBUG parsed flags"),
    ("-interface eth9 -interface lo", CAPTURES, SET),
    ("-interface lo -snaplen 96", CAPTURES, SET),
    ("-interface lo -snaplen 0 -v", CAPTURES, "DEBUG parsed flags"),
    ("-interface lo -filter ''", CAPTURES, SET),
    ("-interface eth0", CAPTURES, "WARN failed to determine default filter, capture may include SSH session"),
    ("-version", CAPTURES, "cf-pcap "),
    ("--version", CAPTURES, "cf-pcap "),
    ("-h", CAPTURES, "Usage: cf-pcap -interface NAME"),
    ("-help", CAPTURES, "Usage: cf-pcap -interface NAME"),
    ("--help", CAPTURES, "Usage: cf-pcap -interface NAME"),
    # No interface, or none of that name.
    ("", FAILS, NO_INTERFACE),
    ("-v", FAILS, NO_INTERFACE),
    ("-filter 'port 80'", FAILS, NO_INTERFACE),
    ("-interface ''", FAILS, NO_INTERFACE),
    ("-interface eth9", FAILS, SETUP + "failed to open device eth9: no such interface, there are lo, eth0, any"),
    ("-interface all", FAILS, SETUP + "failed to open device all: no such interface, there are lo, eth0, any"),
    ("-interface ETH0", FAILS, SETUP + "failed to open device ETH0: no such interface, there are lo, eth0, any"),
    ("-interface usbmon0", FAILS, SETUP + "failed to open device usbmon0: no such interface"),
    # The interface without its flag.
    ("eth0", REFUSES, LEFT_OVER + "'eth0': did you mean -interface eth0?"),
    ("lo -v", REFUSES, LEFT_OVER + "'lo': did you mean -interface lo?"),
    ("any", REFUSES, LEFT_OVER + "'any': did you mean -interface any?"),
    ("-interface lo eth0", REFUSES, LEFT_OVER + "'eth0': did you mean -interface eth0?"),
    # A filter without its flag, or without quotes.
    ("-interface lo 'port 8080'", REFUSES, LEFT_OVER + "'port 8080': did you mean -filter 'port 8080'?"),
    ("-interface lo port 8080", REFUSES, LEFT_OVER + "'port': did you mean -filter 'port 8080'?"),
    ("-interface lo tcp port 8080 -v", REFUSES, LEFT_OVER + "'tcp': did you mean -filter 'tcp port 8080'?"),
    ("-interface lo 8080", REFUSES, LEFT_OVER + "'8080': did you mean -filter 'port 8080'?"),
    ("-interface lo -filter not port 443", REFUSES, LEFT_OVER + "'port': did you mean -filter 'not port 443'?"),
    ("-interface lo -filter tcp port 8080", REFUSES, LEFT_OVER + "'port': did you mean -filter 'tcp port 8080'?"),
    ("-filter host 10.0.0.1 -interface lo", REFUSES, LEFT_OVER + "'10.0.0.1': did you mean -filter 'host 10.0.0.1'?"),
    ("-filter=tcp port 80 -interface lo", REFUSES, LEFT_OVER + "'port': did you mean -filter 'tcp port 80'?"),
    # Wireshark's display filters.
    ("-interface lo -filter http", FAILS, "did you mean 'tcp port 8080'? It is a capture filter that is wanted"),
    ("-interface lo -filter tls", FAILS, "did you mean 'tcp port 443'? It is a capture filter that is wanted"),
    ("-interface lo -filter 'tcp.port == 8080'", FAILS, "did you mean 'tcp port 8080'? It is a capture filter"),
    ("-interface lo -filter tcp.port==8080", FAILS, "did you mean 'tcp port 8080'? It is a capture filter"),
    ("-interface lo -filter 'ip.addr == 10.0.0.1 && dns'", FAILS, "did you mean 'host 10.0.0.1 && port 53'?"),
    ("-interface lo -filter 'http.host contains x'", FAILS, "a capture filter that is wanted, such as 'tcp port 8080 and"),
    ("-interface lo -filter 8080", FAILS, "did you mean 'port 8080'? It is a capture filter that is wanted"),
    ("-interface lo http", REFUSES, LEFT_OVER + "'http': did you mean -filter 'tcp port 8080'?"),
    # Mistakes in capture filters.
    ("-interface lo -filter 'prot 80'", FAILS, SETUP + "filter 'prot 80': syntax error in filter expression"),
    ("-interface lo -filter 'port 99999'", FAILS, SETUP + "filter 'port 99999': illegal port number 99999 > 65535"),
    ("-interface lo -filter 'tcp port 2222'", FAILS, "selects nothing but the SSH session, which is never captured"),
    ("-interface lo -filter 'tcp and udp'", FAILS, SETUP + "filter 'tcp and udp': expression rejects all packets"),
    # Other tools' flags.
    ("-i eth0", REFUSES, UNKNOWN + "-i: did you mean -interface?"),
    ("-i lo -w capture.pcap", REFUSES, UNKNOWN + "-i: did you mean -interface?"),
    ("-iface eth0", REFUSES, UNKNOWN + "-iface"),
    ("-Interface eth0", REFUSES, UNKNOWN + "-Interface: did you mean -interface?"),
    ("--inteface eth0", REFUSES, UNKNOWN + "-inteface: did you mean -interface?"),
    ("--interfaces=lo", REFUSES, UNKNOWN + "-interfaces: did you mean -interface?"),
    ("-interface lo -w capture.pcap", REFUSES, UNKNOWN + "-w: the capture goes to standard output, which '> FILE' puts"),
    ("-interface lo -c 10", REFUSES, UNKNOWN + "-c: 'timeout -s INT SECONDS' in front of the command ends a capture"),
    ("-interface lo -duration 60", REFUSES, UNKNOWN + "-duration"),
    ("-interface lo -s 0", REFUSES, UNKNOWN + "-s: did you mean -snaplen?"),
    ("-interface lo -s0", REFUSES, UNKNOWN + "-s0: did you mean -snaplen?"),
    ("-interface lo -filters 'tcp port 80'", REFUSES, UNKNOWN + "-filters: did you mean -filter?"),
    ("-D", REFUSES, UNKNOWN + "-D: the interfaces are lo, eth0, any"),
    ("-interface lo -n", REFUSES, UNKNOWN + "-n: leave it out, packets are written as they come"),
    ("-interface lo -nn", REFUSES, UNKNOWN + "-nn: leave it out, packets are written as they come"),
    ("-interface lo -A", REFUSES, UNKNOWN + "-A: leave it out, packets are written as they come"),
    ("-interface lo -X", REFUSES, UNKNOWN + "-X: leave it out, packets are written as they come"),
    ("-interface lo -vv", REFUSES, UNKNOWN + "-vv: did you mean -v?"),
    ("-interface lo --verbose", REFUSES, UNKNOWN + "-verbose"),
    ("-interface lo -y", REFUSES, UNKNOWN + "-y"),
    # Flags that are not written as they should be.
    ("-interface lo -v true", REFUSES, LEFT_OVER + "'true': did you mean -v=true?"),
    ("-interface lo -v false", REFUSES, LEFT_OVER + "'false': did you mean -v=false?"),
    ("-interface lo -v=yes", REFUSES, 'ERROR invalid boolean value "yes" for -v: parse error'),
    ("-interface", REFUSES, "ERROR flag needs an argument: -interface"),
    ("-interface lo -filter", REFUSES, "ERROR flag needs an argument: -filter"),
    ("---interface lo", REFUSES, "ERROR bad flag syntax: ---interface"),
    ("-interface lo -", REFUSES, LEFT_OVER + "'-'"),
    ("-interface lo -snaplen 64k", REFUSES, f'ERROR invalid value "64k" {SNAPLEN}'),
    ("-interface lo -snaplen 0x40", REFUSES, f'ERROR invalid value "0x40" {SNAPLEN}'),
    ("-interface lo -snaplen -1", REFUSES, f'ERROR invalid value "-1" {SNAPLEN}'),
    ("-interface lo -snaplen 262145", REFUSES, f'ERROR invalid value "262145" {SNAPLEN}'),
]


def answers(standard_error: bytes) -> list[str]:
    """Its lines; of a log line the level, the message, and what explains that."""
    lines = []
    for text in standard_error.splitlines(keepends=True):
        if not text.startswith(b"time="):
            lines.append(text.decode())
            continue
        line, = parse_log(text)
        reason = [value for key, value in line.attributes.items() if key in ("error", "interfaces", "filter")]
        lines.append(": ".join([f"{line.level} {line.message}", *reason[-1:]]))
    return lines


def test_at_least_sixty_command_lines_are_tested():
    assert len({words for words, _, _ in COMMAND_LINES}) >= 60


@pytest.mark.parametrize("words, status, answer", COMMAND_LINES, ids=[row[0] or "nothing" for row in COMMAND_LINES])
def test_command_line(container: Namespace, words: str, status: int, answer: str):
    with start_agent(container, *shlex.split(words)) as agent:
        is_capturing = agent.running
        result = agent.stop() if is_capturing else agent.wait()
    assert result.status == status, result.stderr.decode()
    assert is_capturing == (result.stdout != b"")
    assert any(answer in line for line in answers(result.stderr)), result.stderr.decode()
    if status == REFUSES:
        assert answer in answers(result.stderr)[0] and b"\nUsage: cf-pcap" in result.stderr
    if status == FAILS:
        assert (b"\nUsage: cf-pcap" in result.stderr) == (answer == NO_INTERFACE)
