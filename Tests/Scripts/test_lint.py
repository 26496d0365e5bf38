"""What scripts/lint finds, in a small tree of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import REPOSITORY
from harness.paths import WORK

PACKAGE = """// swift-tools-version: 6.2
import PackageDescription

let package = Package(name: "small", targets: [.target(name: "Agent")])
"""
FILES = {
    "System/Clock.swift": "enum Clock {\n    static let now = 0\n}\n",
    "Log/Line.swift": "struct Line {\n    var time = Clock.now\n}\n",
    "Run/Loop.swift": "struct Loop {\n    var last = Line()\n}\n",
}


@pytest.fixture(scope="module")
def _tree() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        tree = Path(name)
        shutil.copytree(REPOSITORY / "scripts", tree / "scripts")
        shutil.copy(REPOSITORY / ".swift-format", tree)
        (tree / "Package.swift").write_text(PACKAGE)
        (tree / "Tests").mkdir()
        yield tree


@pytest.fixture
def lint(_tree: Path):
    """Runs the script with the file that is given in place of, or beside, those of a tree without faults."""
    sources = _tree / "Sources/Agent"
    shutil.rmtree(sources, ignore_errors=True)

    def run(**files: str) -> subprocess.CompletedProcess:
        for path, text in (FILES | files).items():
            (sources / path).parent.mkdir(parents=True, exist_ok=True)
            (sources / path).write_text(text)
        return subprocess.run([_tree / "scripts/lint"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=os.environ, timeout=150)

    return run


def test_tree_without_faults(lint):
    done = lint()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("path, text, line", [
    ("System/Later.swift", "let later: Line? = nil\n", "System/Later.swift:1:12: error: cannot find type 'Line' in scope"),
    ("System/Later.swift", "let first = 0\n\nfunc later() -> Int {\n    return Line().time\n}\n",
     "System/Later.swift:4:12: error: cannot find 'Line' in scope"),
    ("Log/Later.swift", "extension Line {\n    func later() {\n        _ = Loop()\n    }\n}\n",
     "Log/Later.swift:3:13: error: cannot find 'Loop' in scope"),
], ids=["a type", "a value", "an extension"])
def test_use_of_a_later_folder_is_named_with_its_line(lint, path, text, line):
    done = lint(**{path: text})
    assert done.returncode == 1
    assert f"Sources/Agent/{line}" in done.stdout + done.stderr
    assert f"Sources/Agent/{path.partition('/')[0]}: error: it uses what comes after it" in done.stderr


@pytest.mark.parametrize("folder", ["Misc", "System/Misc"])
def test_folder_without_a_place_in_the_order(lint, folder):
    done = lint(**{f"{folder}/Thing.swift": "struct Thing {}\n"})
    assert done.returncode == 1 and f"Sources/Agent/{folder}: error: scripts/lint does not name the folder" in done.stderr


def function(lines: int, head: str, indentation: str = "    ") -> str:
    filler = f"{indentation}    // filler\n" * (lines - 2 - len(head.splitlines()))
    head = head.replace("\n", f"\n{indentation}")
    return f"{indentation}{head}\n{filler}{indentation}    fatalError()\n{indentation}}}\n"


HEADS = ["func long() {", "func long<T>(\n    _ value: T\n) {", "static func long<T>() -> T where T: Sendable {", "init() {",
         "private var long: Int {", "subscript(index: Int) -> Int {", "deinit {"]


@pytest.mark.parametrize("lines, found", [(40, 0), (41, len(HEADS))])
def test_length_of_functions(lint, lines, found):
    files = {f"System/Long{number}.swift": f"class Long{number} {{\n{function(lines, head)}}}\n" for number, head in enumerate(HEADS)}
    done = lint(**files)
    errors = sorted(line for line in done.stdout.splitlines() if "lines, more than" in line)
    assert errors == [f"Sources/Agent/{path}:2: error: the function has 41 lines, more than 40" for path in sorted(files)][:found]
    assert done.returncode == (1 if found else 0), done.stdout + done.stderr


def test_what_is_no_long_function(lint):
    filler = "    // filler\n" * 60
    done = lint(**{
        "System/Requirements.swift": "protocol Long {\n    func short()\n    var value: Int { get }\n    init()\n" + filler + "}\n",
        "System/Property.swift": "struct Stored {\n    var value = 0\n" + filler + "}\n",
        "System/List.swift": "let values = [\n" + "    1,\n" * 60 + "]\n",
        "System/Two.swift": "struct Two {\n" + function(21, "func first() {") + "\n" + function(31, "func second() {") + "}\n",
    })
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_length_of_files(lint):
    assert "more than 250" not in lint(**{"System/Long.swift": "// filler\n" * 250}).stdout
    done = lint(**{"System/Long.swift": "// filler\n" * 251})
    assert done.returncode == 1
    assert "Sources/Agent/System/Long.swift:251: error: the file has more than 250 lines" in done.stdout


def test_fix_formats(_tree, lint):
    lint()
    file = _tree / "Sources/Agent/Log/Line.swift"
    file.write_text("struct Line{ var time=Clock.now }\n")
    assert subprocess.run([_tree / "scripts/lint", "--fix"], stdin=subprocess.DEVNULL).returncode == 0
    assert file.read_text() == "struct Line { var time = Clock.now }\n"
