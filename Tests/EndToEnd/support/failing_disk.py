"""A file system whose files take only so much, and then fail as the caller wishes: FUSE, so the kernel's own errors.

Usage: failing_disk.py FOLDER LIMIT ERROR
"""
import errno
import stat
import sys

import mfusepy


class FailingDisk(mfusepy.Operations):
    use_ns = True

    def __init__(self, limit: int, error: int) -> None:
        self._limit = limit
        self._error = error
        self._files: dict[str, bytearray] = {}

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        return {"st_mode": stat.S_IFREG | 0o644, "st_nlink": 1, "st_size": len(self._contents(path))}

    def create(self, path: str, mode: int, fi=None) -> int:
        self._files[path] = bytearray()
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._contents(path)[offset:offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """As on a disk that fills up: the last write that takes anything is short."""
        taken = data[:max(self._limit - offset, 0)]
        if not taken:
            raise mfusepy.FuseOSError(self._error)
        self._contents(path)[offset:offset + len(taken)] = taken
        return len(taken)

    def chown(self, path: str, uid: int, gid: int) -> None:
        """Done for nobody: runc hands a container's user its standard streams."""

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        contents = self._contents(path)
        contents[:] = contents[:length].ljust(length, b"\0")
        return 0

    def _contents(self, path: str) -> bytearray:
        if path not in self._files:
            raise mfusepy.FuseOSError(errno.ENOENT)
        return self._files[path]


if __name__ == "__main__":
    folder, limit, error = sys.argv[1:]
    mfusepy.FUSE(FailingDisk(int(limit), int(error)), folder, foreground=True, nothreads=True, allow_other=True)
