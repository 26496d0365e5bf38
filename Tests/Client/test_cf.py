"""The small cf behaves as the real one does, without the client."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cf import gob
from checks import same_packets
from foundation import AGENT, Foundation, Tcpdump, request
from harness import parse_log, read_pcap
from sessions.container import wait_until

DATA = Path(__file__).parent / "data"
STOPPABLE = (
    f"exec 3<&0; {AGENT} -interface eth0 3<&- </dev/null & p=$!; (read -r _ <&3; kill -TERM $p) >/dev/null 2>&1 & w=$!; "
    "wait $p; r=$?; kill $w 2>/dev/null; exit $r")


def cf(foundation: Foundation, *words: object, environment: dict[str, str] | None = None, **options):
    return subprocess.run([foundation.program, *map(str, words)], env=foundation.environment | (environment or {}),
                          capture_output=True, timeout=30, **options)


def ssh(foundation: Foundation, command: str, **options):
    return cf(foundation, "ssh", "demo", "-c", command, **options)


def test_command_runs_with_three_pipes_and_its_exit_status_is_that_of_cf(foundation, demo):
    done = ssh(foundation, "cat; echo problem >&2; exit 3", input=b"typed")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"typed", b"problem\n")
    assert ssh(foundation, "head -c 3000000 /dev/zero").stdout == bytes(3_000_000)
    assert ssh(foundation, "readlink /proc/self/fd/{0,1,2}").stdout.count(b"pipe:[") == 3


@pytest.mark.parametrize("words, error", [
    (["ssh", "nix", "-c", "id"], "App 'nix' not found."),
    (["ssh", "demo", "-i", "7", "-c", "id"], "Instance 7 of process web not found"),
    (["ssh", "demo", "--process", "nix", "-c", "id"], "Process nix not found"),
    (["app", "nix", "--guid"], "App 'nix' not found."),
])
def test_errors(foundation, demo, words, error):
    done = cf(foundation, *words)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"FAILED\n", error + "\n")


def test_states(foundation, demo):
    demo.processes[0].instances[0].state = "CRASHED"
    assert ssh(foundation, "id").stderr == b"Instance 0 of process web not running\n"
    demo.state = "STOPPED"
    assert ssh(foundation, "id").stderr == b"Application 'demo' is not in the STARTED state\n"


def test_wrong_option_brings_help_on_standard_output(foundation, demo):
    done = cf(foundation, "ssh", "demo", "--nix")
    assert done.returncode == 1
    assert done.stdout.startswith(b"NAME:") and done.stderr.startswith(b"Incorrect Usage: unknown flag `nix'")


def test_killed_command(foundation, demo):
    done = ssh(foundation, "kill -KILL $$")
    assert (done.returncode, done.stdout) == (137, b"Process terminated by signal: KILL. Exited with 137\n")


@pytest.mark.breaks
def test_session_that_is_cut(foundation, demo):
    instance = demo.processes[0].instances[0]
    with subprocess.Popen([foundation.program, "ssh", "demo", "-c", "echo started; sleep 60"], env=foundation.environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"started\n"
        instance.kill_daemon()
        output, errors = running.communicate(timeout=10)
    assert (running.returncode, output) == (1, b"FAILED\n")
    assert errors == b"wait: remote command exited without exit status or exit signal\n"


@pytest.mark.breaks
def test_cut_network_is_not_noticed(foundation, demo):
    with subprocess.Popen([foundation.program, "ssh", "demo", "-c", "echo started; sleep 60"], env=foundation.environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"started\n"
        demo.processes[0].instances[0].cut()
        time.sleep(6)
        assert running.poll() is None
        running.kill()


def test_signal_ends_cf_and_tells_nobody(foundation, demo):
    instance = demo.processes[0].instances[0]
    with subprocess.Popen([foundation.program, "ssh", "demo", "-c", f"{AGENT} -interface eth0"], env=foundation.environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.read(24)
        running.send_signal(signal.SIGINT)
        assert running.wait(5) == -signal.SIGINT
        assert running.stdout.read() == b""
    wait_until(lambda: not instance.agents(), 10, "the agent has noticed")


def test_standard_input_that_ends_stops_the_agent_in_order(foundation, demo, tmp_path):
    instance = demo.processes[0].instances[0]
    with Tcpdump(instance, tmp_path / "beside") as beside:
        with subprocess.Popen([foundation.program, "ssh", "demo", "-c", STOPPABLE], env=foundation.environment,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            instance.wait_for_agents(1)
            request([instance], 50)
            output, errors = running.communicate(b"", timeout=20)
        expected = beside.stop()
    assert running.returncode == 0
    packets = read_pcap(output).packets
    same_packets(packets, expected)
    assert parse_log(errors)[-1]["packets"] == str(len(packets)) != "0"


def test_merged_streams_of_two_are_those_of_tcpdump(foundation, demo, tmp_path):
    """What the client is for, by hand: cf ssh twice, and mergecap."""
    instances = demo.processes[0].instances[:2]
    files = [tmp_path / f"{index}.pcap" for index in range(2)]
    with Tcpdump(instances[0], tmp_path / "b0") as one, Tcpdump(instances[1], tmp_path / "b1") as other:
        running = []
        for index, file in enumerate(files):
            with open(file, "wb") as output:
                running.append(subprocess.Popen([foundation.program, "ssh", "demo", "-i", str(index), "-c", STOPPABLE],
                                                env=foundation.environment, stdin=subprocess.PIPE, stdout=output,
                                                stderr=subprocess.DEVNULL))
        for instance in instances:
            instance.wait_for_agents(1)
        request(instances, 50)
        for each in running:
            each.communicate(b"", timeout=10)
        expected = [*one.stop().packets, *other.stop().packets]
    subprocess.run(["mergecap", "-F", "pcap", "-w", tmp_path / "all.pcap", *files], check=True)
    merged = read_pcap((tmp_path / "all.pcap").read_bytes()).packets
    assert sorted(packet.data for packet in merged) == sorted(packet.data for packet in expected)
    assert len(merged) > 100


def test_configuration_is_written_anew_from_what_was_read(foundation, demo):
    file = foundation.home / ".cf/config.json"
    with subprocess.Popen([foundation.program, "ssh", "demo", "-c", "echo started; read line"], env=foundation.environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        running.stdout.readline()
        before = file.read_text()
        file.write_text(before.replace("test-space", "other-space"))
        running.communicate(b"\n", timeout=10)
    assert json.loads(file.read_text()) == json.loads(before)


def test_refresh_tokens_rotate(foundation, demo):
    foundation.rotates = True
    foundation.expire_tokens()
    file = foundation.home / ".cf/config.json"
    before = file.read_text()
    assert cf(foundation, "oauth-token").stdout.startswith(b"bearer ")
    assert cf(foundation, "app", "demo", "--guid").returncode == 0
    file.write_text(before)
    done = cf(foundation, "oauth-token")
    assert done.returncode == 1 and b"revoked" in done.stderr


def test_trace_goes_to_standard_output(foundation, demo):
    done = ssh(foundation, "echo packets", environment={"CF_TRACE": "true"})
    assert done.stdout.startswith(b"REQUEST: ") and done.stdout.endswith(b"packets\n")


def test_api(foundation, demo):
    def get(path: str) -> dict:
        return json.loads(cf(foundation, "curl", path).stdout)

    assert cf(foundation, "app", "demo", "--guid").stdout.decode().strip() == demo.guid
    process = demo.processes[0]
    assert get(f"/v3/apps/{demo.guid}")["state"] == "STARTED"
    listed = get(f"/v3/apps/{demo.guid}/processes")["resources"]
    assert listed == [{"guid": process.guid, "type": "web", "instances": 3}]
    process.instances[0].state = "CRASHED"
    assert [each["state"] for each in get(f"/v3/processes/{process.guid}/stats")["resources"]] == ["CRASHED", "RUNNING", "RUNNING"]
    demo.ssh_disabled_by = "space"
    assert get(f"/v3/apps/{demo.guid}/ssh_enabled") == {"enabled": False, "reason": "Disabled for space"}
    assert get("/v3/apps/nix/processes")["errors"][0]["title"] == "CF-ResourceNotFound"


def test_gob_as_go_writes_it():
    stream = io.BytesIO(bytes.fromhex((DATA / "set-plugin-metadata.hex").read_text()))
    decoder = gob.Decoder(stream.read)
    assert decoder.next() == {"ServiceMethod": "CliRpcCmd.SetPluginMetadata"}
    assert decoder.next() == {
        "Name": "pcap", "Version": {"Major": 1}, "LibraryVersion": {}, "MinCliVersion": {},
        "Commands": [{
            "Name": "pcap", "HelpText": "Capture packets of an app's container",
            "UsageDetails": {
                "Usage": "cf pcap APP [-i INDEX] [-o FILE]",
                "Options": {"i": "instance index, default 0", "o": "output file, default standard output"},
            },
        }],
    }
    assert stream.read() == b""
    assert gob.answer("CliRpcCmd.SetPluginMetadata", 0) == bytes.fromhex((DATA / "reply.hex").read_text())


def test_gob_that_is_cut_is_an_error():
    whole = bytes.fromhex((DATA / "set-plugin-metadata.hex").read_text())
    for end in range(len(whole)):
        decoder = gob.Decoder(taker(whole[:end]))
        with pytest.raises(EOFError):
            decoder.next(), decoder.next()


def test_gob_with_a_wrong_length_is_an_error():
    """A string's length that leads into the next one."""
    whole = bytes.fromhex((DATA / "set-plugin-metadata.hex").read_text())
    decoder = gob.Decoder(taker(whole.replace(b"\x19instance index", b"\x16instance index")))
    decoder.next()
    with pytest.raises(gob.GobError):
        decoder.next()


def taker(data: bytes):
    stream = io.BytesIO(data)

    def take(count: int) -> bytes:
        taken = stream.read(count)
        if len(taken) < count:
            raise EOFError
        return taken

    return take
