"""The operator's manual, done on a cell as it stands there."""

from __future__ import annotations

import re
import shlex

import pytest

from harness import REPOSITORY, Namespace, installed, run

# Containers made of namespaces, in a process namespace of the test's own that stands for the cell.
pytestmark = pytest.mark.home("namespace")

def commands() -> list[str]:
    text = (REPOSITORY / "packaging/README.md").read_text()
    part = text.split("## See and end captures")[1].split("\n## ")[0]
    return re.findall(r"^    (.*)$", part, re.MULTILINE)


def test_operator_lists_and_ends_the_captures_of_all_containers(open_folder):
    function, see, end = commands()
    link = open_folder / "another-name"
    link.symlink_to(installed())
    with Namespace() as one, Namespace() as other:
        start = [shlex.join(["nsenter", f"--net={namespace.path}", "--", "setpriv", "--reuid=2000", "--regid=2000",
                             "--clear-groups", "--inh-caps=-all", str(program), "-interface", "lo", "-filter", filter])
                 + f" >/dev/null 2>{open_folder}/log-{port} &"
                 for namespace, program, filter, port in (
                     (one, installed(), "port 1", 1), (one, link, "port 2", 2), (other, link, "port 3", 3))]
        script = "\n".join([
            *start,
            f"until [ $(grep -l 'msg=.capturing' {open_folder}/log-* | wc -l) -eq 3 ]; do sleep 0.01; done",
            "mount -t proc proc /proc", function, see, "echo", end, "wait", "echo left: $(captures | wc -l)",
        ])
        done = run("unshare", "--pid", "--fork", "--mount", "bash", "-c", script, text=True)
    seen, left = done.stdout.split("\n\n")
    assert [line.split("-filter ")[1] for line in seen.splitlines()[1:]] == ["port 1", "port 2", "port 3"]
    assert left.strip() == "left: 0"
    for port in (1, 2, 3):
        assert "stopped capture" in (open_folder / f"log-{port}").read_text()
