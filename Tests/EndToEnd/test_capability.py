"""CAP_NET_RAW: used however it is granted, and where it is missing, the reason is told and what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import PIPE, Namespace, find, installed, start_agent


def refusal(namespace: Namespace, **options) -> str:
    """The `error` with which the agent refuses to capture."""
    with start_agent(namespace, "-interface", "lo", **options) as agent:
        result = agent.wait()
    assert result.status == 1 and result.stdout == b""
    error = find(result.log, "ERROR", "failed to set up capture")["error"]
    assert "CAP_NET_RAW" in error
    return error


# A second setpriv, for one that gives up root still has root's permitted set, which the execve would then leave.
NO_NEW_PRIVILEGES = ["setpriv", "--no-new-privs"]


def refused_for_nosuid(namespace: Namespace) -> str:
    folder = installed().parent
    return refusal(namespace, mounts=[f"mount --bind {folder} {folder}", f"mount -o remount,bind,nosuid {folder}"])


@pytest.mark.parametrize("capabilities", ["cap_net_raw=p", "cap_net_raw=ep", "cap_net_raw,cap_kill=ep"])
def test_file_capability_is_used(namespace, capabilities):
    with start_agent(namespace, "-interface", "lo", binary=installed(capabilities)) as agent:
        assert agent.stop().status == 0


def test_root_needs_no_file_capability(namespace):
    with start_agent(namespace, "-interface", "lo", user=0, binary=installed(None)) as agent:
        assert agent.stop().status == 0


def test_ambient_capability_is_used(namespace):
    options = ["--inh-caps=+net_raw", "--ambient-caps=+net_raw"]
    with start_agent(namespace, "-interface", "lo", setpriv=options, binary=installed(None)) as agent:
        assert agent.stop().status == 0


def test_no_file_capability_points_to_the_operator(namespace):
    error = refusal(namespace, binary=installed(None))
    assert "diego.rep.enable_cf_pcap" in error
    assert "cache" in error, "the cell may still have the archive from before it was enabled"
    assert "restart the app" in error and "another cell" not in error, "not what a developer can do"


def test_copy_made_by_a_user_points_to_the_platforms_executable(namespace, open_folder):
    copy = open_folder / "cf-pcap"
    shutil.copy(installed(), copy)
    error = refusal(namespace, binary=copy)
    assert "Run the one at /tmp/lifecycle/cf-pcap" in error and "diego.rep.enable_cf_pcap" in error


@pytest.mark.parametrize("start", ["/tmp/lifecycle/cf-pcap", "/tmp/shell/../link"])
def test_platforms_own_executable_is_not_called_a_copy(namespace, start):
    """By whichever path it is started."""
    mounts = ["mount -t tmpfs none /mnt", f"cp {installed(None)} /mnt", "mount -t tmpfs none /tmp",
              "mkdir -m 755 /tmp/lifecycle /tmp/shell", "cp /mnt/cf-pcap /tmp/lifecycle", "ln -s /tmp/lifecycle/cf-pcap /tmp/link"]
    error = refusal(namespace, mounts=mounts, binary=Path(start))
    assert "diego.rep.enable_cf_pcap" in error and "copy" not in error


def test_another_file_capability_is_not_enough(namespace):
    refusal(namespace, binary=installed("cap_net_admin=p"))


def test_no_new_privileges_is_explained(namespace):
    error = refusal(namespace, wrapper=NO_NEW_PRIVILEGES)
    assert re.search("no.?new.?priv", error, re.IGNORECASE) and "Garden's option NoNewPrivileges" in error
    assert "diego.rep.enable_cf_pcap" not in error


def test_nosuid_mount_is_explained(namespace):
    error = refused_for_nosuid(namespace)
    assert "nosuid" in error and "diego.rep.enable_cf_pcap" not in error


def test_bounding_set_without_the_capability_is_explained(namespace):
    error = refusal(namespace, setpriv=["--bounding-set=-net_raw"])
    assert "bounding set" in error and "diego.rep.enable_cf_pcap" not in error


def test_each_cause_has_its_own_error(namespace):
    errors = {
        refusal(namespace, binary=installed(None)),
        refusal(namespace, wrapper=NO_NEW_PRIVILEGES),
        refusal(namespace, setpriv=["--bounding-set=-net_raw"]),
        refused_for_nosuid(namespace),  # last, for the mount may stay
    }
    assert len(errors) == 4


def test_effective_file_capability_outside_the_bounding_set_does_not_even_start(namespace):
    """Why the package applies `p` and not `ep`: the kernel refuses the execve, and nothing can be explained."""
    words = namespace.command_line([installed("cap_net_raw=ep"), "-interface", "lo"],
                                   setpriv=["--bounding-set=-net_raw"])
    done = subprocess.run(words, capture_output=True, timeout=10)
    assert done.returncode not in (0, 1, 2) and b"Operation not permitted" in done.stderr
    assert b"level=" not in done.stderr


def test_missing_capability_is_reported_before_the_filter_is_compiled(namespace):
    """And before any name in it is looked up."""
    with start_agent(namespace, "-interface", "lo", "-filter", "host no-such-host.invalid", stdout=PIPE,
                     binary=installed(None)) as agent:
        result = agent.wait()
    assert "CAP_NET_RAW" in find(result.log, "ERROR", "failed to set up capture")["error"]


def test_error_in_the_command_line_is_reported_without_the_capability(namespace):
    with start_agent(namespace, "-interface", "lo", "-w", "file", binary=installed(None)) as agent:
        assert agent.wait().status == 2
    with start_agent(namespace, "-help", binary=installed(None)) as agent:
        assert agent.wait().status == 0


def test_path_of_the_binary_may_be_odd(namespace, open_folder):
    """The reason is found for the executable itself, however it is called."""
    folder = open_folder / "a b\n(c)"
    folder.mkdir()
    copy = Path(shutil.copy(installed(), folder / "cf pcap (deleted)"))
    assert "diego.rep.enable_cf_pcap" in refusal(namespace, binary=copy)
