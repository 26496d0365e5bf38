"""The terms of what is linked in go with the binary."""

from __future__ import annotations

import re

# What each file must hold, in the words of the terms.
WORDS = {
    "libpcap.txt": ["The Regents of the University of California", "Redistributions in binary form must reproduce"],
    "libcap.txt": ["Andrew G. Morgan", "Redistributions in binary form must reproduce"],
    "glibc.txt": ["Free Software Foundation", "Lesser General Public", "Regents of the University of California"],
    "LGPL-2.1.txt": ["GNU LESSER GENERAL PUBLIC LICENSE", "6. As an exception", "END OF TERMS AND CONDITIONS"],
    "swift.txt": ["Apache License", "Runtime Library Exception"],
    "unicode.txt": ["UNICODE, INC. LICENSE AGREEMENT", "Permission is hereby granted"],
}


def test_all_texts_are_there(package):
    for name, words in WORDS.items():
        text = (package.folder / "licenses" / name).read_text()
        for word in words:
            assert word in text, f"{name} lacks {word!r}"


def test_overview_names_every_text(package):
    overview = (package.folder / "licenses/README").read_text()
    texts = {path.name for path in (package.folder / "licenses").iterdir()} - {"README"}
    assert texts == set(re.findall(r"[\w.-]+\.txt", overview)) | {"linked-in"}


def test_versions_are_told(packages):
    system = (packages["system"].folder / "licenses/linked-in").read_text()
    source = (packages["source"].folder / "licenses/linked-in").read_text()
    for name in ("libpcap", "libcap", "glibc", "gcc", "Swift version"):
        assert re.search(rf"^{name}.*\d", system, re.MULTILINE), f"{name} is missing in:\n{system}"
    assert re.search(r"^libpcap-[\d.]+\.tar\.[gx]z$", source, re.MULTILINE)
    assert re.search(r"^libcap-[\d.]+\.tar\.[gx]z$", source, re.MULTILINE)
