"""What is linked in, and its terms, go with the binary."""

from __future__ import annotations

import hashlib
import json
import re

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from harness import REPOSITORY, run

BLOBS = REPOSITORY / ".build/blobs"

# What each file must hold, in the words of the terms.
WORDS = {
    "libpcap.txt": ["The Regents of the University of California", "Redistributions in binary form must reproduce"],
    "libcap.txt": ["Andrew G. Morgan", "Redistributions in binary form must reproduce"],
    "glibc.txt": ["Free Software Foundation", "Lesser General Public", "Regents of the University of California"],
    "LGPL-2.1.txt": ["GNU LESSER GENERAL PUBLIC LICENSE", "6. As an exception", "END OF TERMS AND CONDITIONS"],
    "swift.txt": ["Apache License", "Runtime Library Exception"],
}


def test_all_texts_are_there(package):
    for name, words in WORDS.items():
        text = (package.folder / "licenses" / name).read_text()
        for word in words:
            assert word in text, f"{name} lacks {word!r}"


def test_overview_names_every_text(package):
    overview = (package.folder / "licenses/README").read_text()
    texts = {path.name for path in (package.folder / "licenses").iterdir()} - {"README"}
    assert texts == set(re.findall(r"[\w.-]+\.txt", overview))


def versions(package) -> dict[str, dict]:
    document = json.loads(package.versions.read_text())
    return {one["name"]: one for one in document["packages"]}


def test_versions_are_an_spdx_document(package):
    document = parse_file(str(package.versions))
    assert validate_full_spdx_document(document) == []
    linked = {relation.related_spdx_element_id for relation in document.relationships
              if relation.relationship_type.name == "STATIC_LINK"}
    assert linked == {f"SPDXRef-{name}" for name in ("libpcap", "libcap", "glibc", "libgcc", "swift")}


def test_versions_are_those_of_this_executable(package):
    agent = versions(package)["cf-pcap"]
    assert agent["checksums"][0]["checksumValue"] == hashlib.sha256(package.agent.read_bytes()).hexdigest()
    assert agent["versionInfo"] in run(package.agent, "-version", text=True).stderr


def test_each_has_a_version_and_a_license(package):
    for name, one in versions(package).items():
        assert re.match(r"(\d+:)?\d+\.\d+", one["versionInfo"]), one
        if name != "cf-pcap":
            assert "NOASSERTION" not in (one["licenseDeclared"], one["licenseConcluded"])
            assert one["versionInfo"].replace("+", "%2B").replace(":", "%3A") in one["externalRefs"][0]["referenceLocator"]


def test_system_libraries_are_named_as_the_system_does(system):
    for name, binary in (("libpcap", "libpcap0.8-dev"), ("libcap", "libcap-dev"), ("glibc", "libc6-dev")):
        version = run("dpkg-query", "--show", "--showformat=${source:Version}", binary, text=True).stdout
        assert versions(system)[name]["versionInfo"] == version


def test_libraries_from_source_are_named_by_their_archives(packages):
    built = versions(packages["source"])
    for name in ("libpcap", "libcap"):
        blob, = (BLOBS / name).iterdir()
        assert f"{name}-{built[name]['versionInfo']}.tar" in blob.name
        assert built[name]["checksums"][0]["checksumValue"] == hashlib.sha256(blob.read_bytes()).hexdigest()
        assert built[name]["downloadLocation"].endswith(blob.name)


def test_built_twice_gives_the_same_versions(package, packages):
    assert packages[f"{package.name}-again"].versions.read_bytes() == package.versions.read_bytes()
