"""Mistakes in what the agent is given: refused in words that help, with nothing on standard output."""

from __future__ import annotations

import os
import pty
import time
from pathlib import Path

import pytest

from harness import Namespace, Result, Sink, find, read_pcap, send_numbered, start_agent
from harness.log import LogLine, parse_log

LO = ("-interface", "lo")
# Cheap to compile: libpcap's optimizer takes half a minute for as many of "udp port N".
LONG = " or ".join(f"len={length}" for length in range(61, 1850))
SLOW_TO_COMPILE = " or ".join(f"udp port {port}" for port in range(1200))


def run_agent(namespace: Namespace, *arguments: str, **options) -> Result:
    """The result of an agent that is expected to end by itself."""
    with start_agent(namespace, *arguments, **options) as agent:
        return agent.wait(10)


def usage_error(result: Result) -> LogLine:
    """The line that stands before the usage, having checked the rest."""
    assert result.status == 2
    assert result.stdout == b""
    first, _, usage = result.stderr.partition(b"\n")
    assert b"-interface" in usage and b"-filter" in usage and b"-snaplen" in usage
    line, = parse_log(first + b"\n")
    assert line.level == "ERROR"
    return line


def setup_error(result: Result) -> str:
    """The `error` of the one line that says why it does not capture, having checked the rest."""
    assert result.status == 1
    assert result.stdout == b""
    errors = [line for line in result.log if line.level == "ERROR"]
    assert [line.message for line in errors] == ["failed to set up capture"]
    return errors[0]["error"]


@pytest.mark.parametrize("arguments", [
    [], ["-interface", ""], ["-interface="], ["-interface", "lo", "-interface", ""], ["-filter", "port 80"],
])
def test_no_interface(namespace, arguments):
    result = run_agent(namespace, *arguments)
    assert result.status == 1 and result.stdout == b""
    log, usage, _ = result.stderr.partition(b"Usage: ")
    assert find(parse_log(log), "ERROR", "interface flag is required")["interfaces"] == "lo, any"
    assert usage


@pytest.mark.parametrize("interface", [
    "eth9", "LO", "lo ", " lo", "lo0", "-", "any0", "../lo", "/etc/passwd", "/dev/net/tun", "%s%n", "lo\n", "l\xf6",
    "usbmon0", "nflog", "nflog:1", "nfqueue", "bluetooth0", "bluetooth-monitor", "dbus-system", "dbus-session",
    "rpcap://host/lo", "lo;id", "1",
])
def test_unknown_interface(namespace, interface):
    error = setup_error(run_agent(namespace, "-interface", interface))
    assert error.startswith(f"failed to open device {interface}: ")


def test_interface_name_of_5000_characters(namespace):
    result = run_agent(namespace, "-interface", "x" * 5000)
    assert setup_error(result).startswith("failed to open device x")


def test_interface_of_another_namespace_is_unknown(container):
    with Namespace() as elsewhere:
        assert "eth0" in setup_error(run_agent(elsewhere, "-interface", "eth0"))


@pytest.mark.parametrize("value, snaplen", [
    ("0", 65535), ("1", 1), ("96", 96), ("65535", 65535), ("262144", 262144), ("064", 64),
])
def test_snaplen_in_range(namespace, value, snaplen):
    with start_agent(namespace, *LO, "-snaplen", value) as agent:
        assert agent.stop().pcap.snaplen == snaplen


@pytest.mark.parametrize("value", [
    "262145", "-1", "abc", str(2**64), str(2**63), str(2**32), str(2**32 + 96), "", " 96", "96 ", "1e3", "96.0",
    "0x40", "+96", "1_000", "\u0661",
])
def test_snaplen_out_of_range_or_no_number(namespace, value):
    line = usage_error(run_agent(namespace, *LO, f"-snaplen={value}"))
    assert "snaplen" in line.message
    assert value in line.message


@pytest.mark.parametrize("filter", [
    "port", "port 80 and", "tcp port 8080)", "(port 80", "prot 80", "port 99999", "net 10.0.0.0/33",
    "not", "and", "\x01", "port 80 \xff", "a" * 20_000, "(" * 5_000,
    "port 80) or (tcp port 2222", "port 80) or (port 2222", ") or (", "port 80) or tcp port 2222 or (port 81",
])
def test_filter_with_an_error(namespace, filter):
    result = run_agent(namespace, *LO, "-filter", filter)
    error = setup_error(result)
    assert "2222) and (" not in error and "not tcp port" not in error, "not the user's words"


@pytest.mark.parametrize("filter", ["port 80) or (port 2222", "port 80) or (tcp port 2222", ") or ("])
def test_parentheses_cannot_undo_what_is_excluded(namespace, filter):
    """Put between parentheses, as the whole filter is, each of these would be well-formed."""
    assert "parentheses do not match" in setup_error(run_agent(namespace, *LO, "-filter", filter))


def test_filter_error_names_the_mistake(namespace):
    assert "prot" in setup_error(run_agent(namespace, *LO, "-filter", "prot 80"))


def test_filter_with_an_unknown_host(namespace):
    assert "no-such-host.invalid" in setup_error(run_agent(namespace, *LO, "-filter", "host no-such-host.invalid"))


def test_filter_that_selects_only_what_is_excluded(namespace):
    error = setup_error(run_agent(namespace, *LO, "-filter", "tcp port 2222"))
    assert "SSH" in error


@pytest.mark.parametrize("filter", ["tcp and udp", "port 1 and port 2 and port 3", "less 10 and greater 20"])
def test_filter_that_selects_nothing_by_itself(namespace, filter):
    """libpcap may see it and refuse, or not; either way it is said or empty, and never about the SSH session."""
    with start_agent(namespace, *LO, "-filter", filter) as agent:
        if agent.running:
            assert agent.stop().pcap.packets == []
        else:
            assert "SSH" not in setup_error(agent.wait())


def capture_by_length(namespace: Namespace, filter: str) -> tuple[Result, list[int]]:
    """The result of a capture of packets that are short but for every third, and the numbers of the short ones."""
    with Sink(namespace), start_agent(namespace, *LO, "-filter", filter) as agent:
        assert agent.running, agent.stderr.decode()
        for number in range(100):
            send_numbered(namespace, "127.0.0.1", 1, size=32 if number % 3 else 3000, first=number)
        time.sleep(0.1)
        result = agent.stop()
    assert result.status == 0
    assert find(result.log, "INFO", "stopped capture")["packets"] == str(len(result.pcap.packets))
    return result, [number for number in range(100) if number % 3]


def test_filter_of_20000_characters_works(namespace):
    assert len(LONG) >= 20_000
    result, wanted = capture_by_length(namespace, LONG)
    assert result.pcap.numbers == wanted


def hosts(count: int) -> str:
    """A filter for that many hosts. libpcap's optimizer takes 6 s for 450."""
    return " or ".join(f"host 10.{number // 250}.{number % 250}.1" for number in range(count))


def test_filter_of_more_instructions_than_the_kernel_takes_is_refused(namespace):
    result = run_agent(namespace, *LO, "-filter", " or ".join(f"len={length}" for length in range(61, 2362)))
    error = setup_error(result)
    assert "it needs 4376 instructions, and the kernel takes 4096: write it shorter" in error
    assert b"Warning" not in result.stderr, "libpcap has tried it by itself"


def test_filter_for_which_a_socket_has_too_little_memory_is_refused(namespace):
    namespace.run("sysctl", "-qw", "net.core.optmem_max=20480")
    with start_agent(namespace, *LO, "-filter", hosts(450), live=False) as agent:
        result = agent.wait(60)
    assert "it needs 2477 instructions, for which a socket has too little" in setup_error(result)
    assert "(net.core.optmem_max, 20480 bytes here): write it shorter" in setup_error(result)
    assert b"Warning" not in result.stderr, "libpcap has tried it by itself"


def test_filter_that_just_fits_the_memory_of_a_socket_works(namespace):
    """Found by halving. The kernel counts the program that is replaced together with the new one."""
    namespace.run("sysctl", "-qw", "net.core.optmem_max=20480")
    works, refused = 600, 1800
    while refused - works > 1:
        middle = (works + refused) // 2
        expression = "udp and (" + " or ".join(f"len={length}" for length in range(61, 61 + middle)) + ")"
        with Sink(namespace), start_agent(namespace, *LO, "-filter", expression) as agent:
            if agent.running:
                numbers = send_numbered(namespace, "127.0.0.1", 3, size=100)
                time.sleep(0.1)
                result = agent.stop()
                assert result.pcap.numbers == numbers
                works = middle
            else:
                result = agent.wait(10)
                assert "too little of the kernel's memory" in setup_error(result)
                refused = middle
        assert b"Warning" not in result.stderr, "libpcap has tried it by itself"


@pytest.mark.parametrize("filter", ["ip6 protochain 6", "ip protochain 6", "udp or protochain 6"])
def test_filter_that_loops_is_refused(namespace, filter):
    result = run_agent(namespace, *LO, "-filter", filter)
    assert "the kernel takes no loop, which protochain makes: write 'ip6 proto 6'" in setup_error(result)
    assert b"Warning" not in result.stderr, "libpcap has tried it by itself"


def test_filter_for_a_header_that_only_files_have_is_refused(namespace):
    """It looks at a part of the cooked header that libpcap makes up."""
    error = setup_error(run_agent(namespace, "-interface", "any", "-filter", "link[13] = 0 and udp"))
    assert "part of the link-layer header that only files have" in error and "capture on one interface" in error


def test_filter_that_leaves_no_space_for_the_rule_of_lo_is_refused(namespace):
    """4094 instructions with the exclusion, and 5 that show each packet of lo once."""
    expression = " or ".join(["udp port 9999", *(f"ip[4:2]={number}" for number in range(1, 2156))])
    error = setup_error(run_agent(namespace, "-interface", "any", "-filter", expression))
    assert "it needs 4099 instructions, and the kernel takes 4096" in error


@pytest.mark.parametrize("name", ["lo:0", "loopy"])
def test_other_name_of_lo_is_lo(namespace, name):
    namespace.run("ip", "link", "property", "add", "dev", "lo", "altname", "loopy")
    with start_agent(namespace, "-interface", name) as agent:
        log = agent.stop().log
    assert find(log, "INFO", "set filter to avoid capturing SSH session")["filter"] == "not tcp port 2222"


def test_snaplen_is_the_last_one_given(namespace):
    with start_agent(namespace, *LO, "-snaplen", 300000, "-snaplen", 100) as agent:
        assert agent.stop().pcap.snaplen == 100


def test_signal_ends_the_compilation_of_a_filter_that_takes_long(namespace):
    with start_agent(namespace, *LO, "-filter", SLOW_TO_COMPILE, live=False) as agent:
        time.sleep(0.5)
        assert agent.running
        result = agent.stop(timeout=10)
    assert result.seconds < 5
    assert result.stdout == b"" or result.pcap.packets == []


def test_filter_that_takes_too_much_memory_to_compile_is_refused(namespace):
    """Else the app's quota of memory would pay, and perhaps the app."""
    result = run_agent(namespace, *LO, "-filter", " or ".join(f"host 10.0.{n >> 8}.{n & 255}" for n in range(3000)))
    assert result.status == 1 and result.stdout == b""
    assert result.log[-1]["error"].endswith("malloc, compiling it takes too much memory")


@pytest.mark.parametrize("filter", ["", " ", "\n\t"])
def test_blank_filter_is_none(namespace, filter):
    with Sink(namespace), start_agent(namespace, *LO, "-filter", filter) as agent:
        assert agent.running, agent.stderr.decode()
        numbers = send_numbered(namespace, "127.0.0.1", 3)
        assert agent.stop().pcap.numbers == numbers


@pytest.mark.parametrize("arguments, words", [
    (["-w", "file"], "-w"), (["-i", "lo"], "-i"), (["--interfaces=lo"], "interfaces"), (["-vv"], "-vv"),
    (["-n"], "-n"), (["-Interface", "lo"], "-Interface"), (["-\n"], "-"), (["---v"], "---v"), (["-=1"], "-=1"),
    (["--=1"], "--=1"),
])
def test_unknown_flag(namespace, arguments, words):
    assert words in usage_error(run_agent(namespace, *LO, *arguments)).message


@pytest.mark.parametrize("flag", ["-interface", "--interface", "-filter", "-snaplen"])
def test_flag_without_its_value(namespace, flag):
    assert flag.lstrip("-") in usage_error(run_agent(namespace, *LO, flag)).message


@pytest.mark.parametrize("value", ["maybe", "", "yes", "2", "tRUE"])
def test_v_with_no_boolean(namespace, value):
    message = usage_error(run_agent(namespace, *LO, f"-v={value}")).message
    assert f'"{value}"' in message and "v" in message


@pytest.mark.parametrize("arguments, meant", [
    (["-interface", "lo", "port 8080"], "did you mean -filter 'port 8080'?"),
    (["-interface", "lo", "port", "8080"], "did you mean -filter 'port 8080'?"),
    (["-interface", "lo", "--", "port 8080"], "did you mean -filter 'port 8080'?"),
    (["-interface", "lo", "tcp", "port", "8080", "-v"], "did you mean -filter 'tcp port 8080'?"),
])
def test_filter_without_its_flag(namespace, arguments, meant):
    assert meant in usage_error(run_agent(namespace, *arguments)).message


@pytest.mark.parametrize("arguments", [["lo"], ["-interface", "lo", "-"], ["-interface", "lo", "-v", "true"]])
def test_left_over_argument(namespace, arguments):
    usage_error(run_agent(namespace, *arguments))


@pytest.mark.parametrize("arguments", [
    ["--interface=lo"], ["-interface=lo", "--filter=udp"], ["-interface", "eth9", "-interface", "lo"],
    ["-v", "-interface", "lo"], ["-v=F", "-interface", "lo"], ["-interface", "lo", "--"],
    ["-snaplen", "5", "-snaplen=0", "-interface", "lo"],
])
def test_every_form_of_a_flag_is_taken(namespace, arguments):
    with start_agent(namespace, *arguments) as agent:
        result = agent.stop()
    assert result.status == 0 and result.pcap.snaplen == 65535


@pytest.mark.parametrize("flag", ["-version", "--version", "-h", "-help", "--help"])
def test_version_and_help_go_to_standard_error(namespace, flag):
    result = run_agent(namespace, flag)
    assert (result.status, result.stdout) == (0, b"")
    assert (b"-interface" in result.stderr) == ("version" not in flag)
    assert result.stderr.strip()


def shell(redirection: str) -> list[str]:
    """Starts the agent with a redirection of the shell's."""
    return ["sh", "-c", f'exec "$@" {redirection}', "sh"]


def test_standard_output_closed(namespace):
    result = run_agent(namespace, *LO, wrapper=shell(">&-"))
    assert "standard output" in setup_error(result)


def test_standard_output_that_is_read_only(namespace):
    result = run_agent(namespace, *LO, wrapper=shell("1</dev/null"))
    assert "standard output" in setup_error(result)


def test_standard_output_that_is_a_terminal(namespace):
    master, terminal = pty.openpty()
    result = run_agent(namespace, *LO, stdout=terminal, live=False)
    assert "terminal" in setup_error(result)
    os.close(terminal)
    os.set_blocking(master, False)
    with pytest.raises(OSError):  # EIO: the other end is closed, and nothing was written
        os.read(master, 1)
    os.close(master)


def test_standard_input_closed(namespace):
    with Sink(namespace), start_agent(namespace, *LO, wrapper=shell("<&-")) as agent:
        numbers = send_numbered(namespace, "127.0.0.1", 5)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == numbers


def test_standard_error_closed(namespace):
    """Log lines land nowhere, least of all in the capture or its socket."""
    with Sink(namespace), start_agent(namespace, *LO, "-v", "-filter", "udp", wrapper=shell("2>&-")) as agent:
        numbers = send_numbered(namespace, "127.0.0.1", 5)
        result = agent.stop()
    assert result.status == 0 and result.stderr == b""
    assert result.pcap.numbers == numbers


def test_standard_input_and_error_closed(namespace):
    with Sink(namespace), start_agent(namespace, *LO, "-v", "-filter", "udp", wrapper=shell("<&- 2>&-")) as agent:
        numbers = send_numbered(namespace, "127.0.0.1", 5)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == numbers


@pytest.mark.parametrize("redirection", ["<&- >&- 2>&-", ">&- 2>&-"])
def test_all_standard_streams_closed(namespace, redirection):
    result = run_agent(namespace, *LO, wrapper=shell(redirection))
    assert (result.status, result.stdout, result.stderr) == (1, b"", b"")


def test_file_is_empty_when_the_setup_fails(namespace, tmp_path: Path):
    with open(tmp_path / "capture.pcap", "wb") as file:
        assert run_agent(namespace, "-interface", "eth9", stdout=file).status == 1
    assert (tmp_path / "capture.pcap").read_bytes() == b""


def test_hostile_environment_changes_nothing(namespace):
    """A few variables that libraries look at; none changes what is captured or crashes the agent."""
    environment = {
        "LD_PRELOAD": "/nonexistent.so", "MALLOC_PERTURB_": "165", "PCAP_PERFORMANCE": "x", "TZ": "A" * 10_000,
        "LOCALDOMAIN": "x" * 1000, "RES_OPTIONS": "timeout:x", "LANG": "xx_XX", "HOSTALIASES": "/etc/passwd",
        "GLIBC_TUNABLES": "glibc.malloc.check=3:" + "x" * 1000, "CF_INSTANCE_PORTS": "{" * 1000,
    }
    with Sink(namespace), start_agent(namespace, *LO, "-filter", "udp", env=environment) as agent:
        numbers = send_numbered(namespace, "127.0.0.1", 5)
        result = agent.stop()
    assert result.status == 0 and result.pcap.numbers == numbers
    assert read_pcap(result.stdout).link_type == 1
