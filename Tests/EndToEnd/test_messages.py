"""What the agent says of what it is given, word for word."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness import UID, Namespace, find, installed, start_agent
from harness.log import LogLine, parse_line, parse_log
from harness.refusal import refusal

# What it says does not depend on the container.
pytestmark = pytest.mark.home("namespace")

LO = ("-interface", "lo")


def wrong_command_line(namespace: Namespace, *arguments: object) -> str:
    """The message of the ERROR line before the usage."""
    with start_agent(namespace, *arguments, live=False) as agent:
        result = agent.wait()
    assert (result.status, result.stdout) == (2, b"")
    return parse_line(result.stderr.decode().splitlines()[0]).message


@pytest.mark.parametrize("arguments, message", [
    (["-snaplen", "1x"], 'invalid value "1x" for flag -snaplen: give 1 to 262144, or 0 for the default'),
    (["-v=maybe"], 'invalid boolean value "maybe" for -v: parse error'),
    (["---x"], "bad flag syntax: ---x"),
    (["-filter"], "flag needs an argument: -filter"),
    (["-w", "x"], "flag provided but not defined: -w: the capture goes to standard output, which '> FILE' puts into a file"),
    (["-D"], "flag provided but not defined: -D: the interfaces are lo, any"),
    (["udp"], "unexpected argument 'udp': did you mean -filter 'udp'?"),
])
def test_wrong_command_line(namespace, arguments, message):
    assert wrong_command_line(namespace, *LO, *arguments) == message


USAGE = """\
Usage: cf-pcap -interface NAME [-filter EXPRESSION] [-snaplen BYTES] [-v] > capture.pcap

Writes the packets of one network interface to standard output, in the pcap format that Wireshark, tshark and
tcpdump read, until it is interrupted. The SSH session that it runs in is left out.

  -interface NAME      lo (plain text, between the platform's proxy and the app), eth0 (what enters and leaves the
                       container), any other interface of the container, or any for all of them
  -filter EXPRESSION   which packets: 'tcp port 8080', 'host db.example.com and not icmp'; see pcap-filter(7)
  -snaplen BYTES       how much of each packet is kept, 1 to 262144; 0 for the default, 65535
  -v                   say what is found and decided, and every 5 seconds what was captured
  -version, -help      print the version, or this

Inside the container:
  /tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080' > capture.pcap      (stop with Ctrl-C)
From your own machine, straight into Wireshark:
  cf ssh APP -c "/tmp/lifecycle/cf-pcap -interface lo -filter 'tcp port 8080'" | wireshark -k -i -
"""


def test_usage(namespace):
    with start_agent(namespace, "-help", live=False) as agent:
        assert agent.wait().stderr.decode() == USAGE


LOOP = "the kernel takes no loop, which protochain makes: write 'ip6 proto 6', without chains of headers"
ONLY_IN_FILES = (
    "it looks at a part of the link-layer header that only files have, such as link[12], and the kernel cannot. "
    "Leave that part out, or capture on one interface, such as eth0")
SHORTER = "write it shorter, with 'net 10.0.0.0/24' for hosts and 'portrange 8000-8100' for ports"
CAPTURE_FILTER = "it is a capture filter that is wanted, such as 'tcp port 8080 and host 10.0.0.1', see pcap-filter(7)"
SYNTAX = "syntax error in filter expression"
MEANT = "? It is a capture filter that is wanted, see pcap-filter(7)"


@pytest.mark.parametrize("interface, filter, error", [
    ("lo", "udp)", "filter 'udp)': its parentheses do not match"),
    ("lo", "tcp port 2222", "filter 'tcp port 2222' selects nothing but the SSH session, which is never captured "
     "(not tcp port 2222): expression rejects all packets"),
    ("lo", "ip proto nosuch", "filter 'ip proto nosuch': unknown ip proto 'nosuch'; write its number, as in 'ip proto 47'"),
    ("any", "ip broadcast", "filter 'ip broadcast': netmask not known, so 'ip broadcast' not supported; "
     "write the address, as in 'dst host 10.0.0.255'"),
    ("lo", "tcp.port == 80", f"filter 'tcp.port == 80': {SYNTAX}; did you mean 'tcp port 80'" + MEANT),
    ("lo", "frame.len == 80", f"filter 'frame.len == 80': {SYNTAX}; " + CAPTURE_FILTER),
    ("lo", "ip6 protochain 6", "filter 'ip6 protochain 6': " + LOOP),
    ("any", "link[13] = 0", "filter 'link[13] = 0': " + ONLY_IN_FILES),
    ("lo", " or ".join(f"len={length}" for length in range(61, 2362)),
     f"it needs 4376 instructions, and the kernel takes 4096: {SHORTER}"),
])
def test_filter_that_is_refused(namespace, interface, filter, error):
    said = refusal(namespace, "-interface", interface, "-filter", filter)
    assert (said if len(filter) < 100 else said.partition("': ")[2]) == error


def test_filter_for_which_a_socket_has_too_little_memory(namespace):
    namespace.run("sysctl", "-qw", "net.core.optmem_max=2048")
    error = refusal(namespace, *LO, "-filter", " or ".join(f"len={length}" for length in range(61, 361)))
    assert error.partition("': ")[2] == (
        "it needs 374 instructions, for which a socket has too little of the kernel's memory "
        f"(net.core.optmem_max, 2048 bytes here): {SHORTER}")


NO_FILE_CAPABILITY = "this executable carries no file capability. "
OPERATOR = ("The platform's operator enables it with diego.rep.enable_cf_pcap; where that has just been done, restart the app: "
            "it still runs with what the cell had in its cache")
NOSUID = ("the executable lies on a file system that is mounted nosuid, where file capabilities have no effect. "
          "Run the one at /tmp/lifecycle/cf-pcap, not a copy")
NO_NEW_PRIVILEGES = (
    "the process runs with no-new-privileges set, so that file capabilities have no effect. Start it from a shell of cf ssh; "
    "where that has it set too, the platform's operator has chosen Garden's option NoNewPrivileges")
NOT_BOUND = ("the container's capability bounding set leaves it out. "
             "Only the platform's operator can change which capabilities containers may have")
NOT_GRANTED = (
    "the kernel did not grant the file capability that the executable carries. It may belong to another user namespace, or "
    "the process is being traced; run it directly, and tell the platform's operator if that fails")


def nosuid() -> list[str]:
    folder = installed().parent
    return [f"mount --bind {folder} {folder}", f"mount -o remount,bind,nosuid {folder}"]


@pytest.mark.parametrize("options, reason", [
    (lambda: {"binary": installed(None)}, NO_FILE_CAPABILITY + "Run the one at /tmp/lifecycle/cf-pcap, not a copy. " + OPERATOR),
    (lambda: {"binary": Path("/tmp/lifecycle/cf-pcap"),
              "mounts": ["mount -t tmpfs none /mnt", f"cp {installed(None)} /mnt", "mount -t tmpfs none /tmp",
                         "mkdir -m 755 /tmp/lifecycle", "cp /mnt/cf-pcap /tmp/lifecycle"]}, NO_FILE_CAPABILITY + OPERATOR),
    (lambda: {"mounts": nosuid()}, NOSUID),
    (lambda: {"wrapper": ["setpriv", "--no-new-privs"]}, NO_NEW_PRIVILEGES),
    (lambda: {"setpriv": ["--bounding-set=-net_raw"]}, NOT_BOUND),
    (lambda: {"wrapper": ["strace", "--output=/dev/null"]}, NOT_GRANTED),
], ids=["no file capability", "of the platform", "nosuid", "no new privileges", "bounding set", "traced"])
def test_missing_capability(namespace, options, reason):
    assert refusal(namespace, **options()) == f"CAP_NET_RAW is missing: {reason}"


def shell(redirection: str) -> list[str]:
    return ["sh", "-c", f'exec "$@" {redirection}', "sh"]


CLOSED = "standard output is closed: send it to a file or a pipe (> capture.pcap)"
NOT_WRITABLE = "standard output is not open for writing: send it to a file or a pipe (> capture.pcap)"


@pytest.mark.parametrize("redirection, user, error", [
    (">&-", 0, CLOSED),
    # Before a program with a file capability begins, glibc opens what is closed, for the wrong direction.
    (">&-", UID, NOT_WRITABLE),
    ("1</dev/null", UID, NOT_WRITABLE),
])
def test_standard_output_that_cannot_be_written(namespace, redirection, user, error):
    assert refusal(namespace, user=user, wrapper=shell(redirection)) == error


def test_standard_output_that_must_not_get_packets(namespace, tmp_path):
    master, terminal = os.openpty()
    assert refusal(namespace, stdout=terminal) == (
        "standard output is a terminal: send it to a file or a pipe (> capture.pcap)")
    os.close(master)
    os.close(terminal)
    with namespace.socket() as datagrams:
        datagrams.connect(("127.0.0.1", 9999))
        assert refusal(namespace, stdout=datagrams) == (
            "standard output is a UDP socket, which may lose parts of a capture: send it to a TCP one")
    (tmp_path / "capture.pcap").write_bytes(b"x")
    with open(tmp_path / "capture.pcap", "ab") as file:
        error = refusal(namespace, stdout=file)
    assert error == "standard output is appended to a file that is not empty: start a new one (> capture.pcap)"


def test_debug_lines(namespace, tmp_path):
    with start_agent(namespace, *LO, "-v") as agent:
        log = agent.stop().log
    assert find(log, "DEBUG", "no SSH session found")["reason"] == "no SSH daemon among the parent processes"
    assert find(log, "DEBUG", "chose ports to exclude").attributes == {
        "interface": "lo", "ports": "2222", "daemon_ports_from": "the platform's default", "proxy_ports_from": "nothing"}
    daemon = installed().parent / "sshd"
    if not daemon.exists():
        daemon.symlink_to("/bin/sh")
    words = namespace.command_line([daemon, "-c", 'timeout -s INT 1 "$@"; exit 0', "sh", installed(), *LO, "-v"])
    lines = run_and_read(words)
    assert find(lines, "DEBUG", "no SSH session found")["reason"] == (
        "neither its descriptors nor SSH_CONNECTION nor port 2222 tell its connections")


def run_and_read(words: list[str]) -> list[LogLine]:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=True)
    return parse_log(done.stderr)


def test_limits_of_an_interface_are_logged(container):
    with start_agent(container, *LO, "-filter", "outbound") as agent:
        log = agent.stop().log
    warning = find(log, "WARN", "'outbound' selects nothing on this interface, which shows each packet once, as inbound")
    assert warning["hint"] == "leave 'outbound' out; 'src port' and 'dst port' tell requests from answers"
    with start_agent(container, "-interface", "any") as agent:
        log = agent.stop().log
    assert find(log, "INFO", "VLAN tags are not kept on all interfaces at once, -interface NAME keeps them")
    assert find(log, "WARN", "failed to determine default filter, capture may include SSH session")["hint"] == (
        "-filter 'not tcp port PORT' leaves it out, where PORT is the one through which SSH enters the container: "
        "usually 61002 with the platform's proxy, 2222 without")
