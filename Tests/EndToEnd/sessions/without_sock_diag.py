"""Runs a command as on a kernel without sock_diag(7). To be started as root with CAP_SYS_ADMIN, which installing a
seccomp filter takes where file capabilities are to work; the command has neither.

Usage: without_sock_diag.py UID COMMAND [ARGUMENT ...]
"""
import ctypes
import errno
import os
import socket
import struct
import sys

NETLINK_SOCK_DIAG = 4
SYS_SOCKET = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_CAPBSET_DROP, CAP_SYS_ADMIN = 24, 21
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT, THIRD_ARGUMENT = 0, 16, 32

PROGRAM = [
    (LOAD, 0, 0, NUMBER), (JUMP_IF_EQUAL, 0, 5, SYS_SOCKET),
    (LOAD, 0, 0, FIRST_ARGUMENT), (JUMP_IF_EQUAL, 0, 3, socket.AF_NETLINK),
    (LOAD, 0, 0, THIRD_ARGUMENT), (JUMP_IF_EQUAL, 0, 1, NETLINK_SOCK_DIAG),
    (RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EPROTONOSUPPORT),
    (RETURN, 0, 0, SECCOMP_RET_ALLOW),
]


def prctl(*arguments) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(*arguments) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    user, *command = sys.argv[1:]
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in PROGRAM))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(PROGRAM), ctypes.addressof(instructions)))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)
    prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)
    os.setgroups([])
    os.setresgid(int(user), int(user), int(user))
    os.setresuid(int(user), int(user), int(user))
    os.execvp(command[0], command)
