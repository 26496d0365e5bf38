"""Unpacks a .tgz as the platform's extractor does: each regular file, then the SCHILY.xattr.* records it came with.

Usage: unpack.py ARCHIVE.tgz FOLDER
"""

import os
import shutil
import sys
import tarfile

PREFIX = "SCHILY.xattr."


def unpack(archive: str, folder: str) -> None:
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            if not member.isreg():
                continue
            path = os.path.join(folder, member.name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with tar.extractfile(member) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)
            os.chmod(path, member.mode)
            for key, value in member.pax_headers.items():
                if key.startswith(PREFIX):
                    os.setxattr(path, key[len(PREFIX):], value.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    unpack(*sys.argv[1:])
