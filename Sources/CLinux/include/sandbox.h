// The system calls that are left, in two steps (seccomp(2)).
#pragma once

// From here on this process and its children cannot send on the descriptor `socket`, duplicate it or pass it on, nor make
// calls by which others could be made to (sandbox.c): they fail with EPERM. Sets no-new-privileges. 0, or -1 with errno.
int cf_pcap_disarm(int socket);

// What a process in the sandbox uses besides the standard streams; -1 stands for what it does not have.
struct cf_pcap_descriptors {
    // The packet socket, and where signals are read.
    int capture, signals;
    // `/proc/net/tcp` and `/proc/net/tcp6`.
    int socket_tables[2];
};

// From here on anything but the calls listed in sandbox.c kills the process (SECCOMP_RET_KILL_PROCESS).
// No-new-privileges must be set. 0, or -1 with errno.
int cf_pcap_enter_sandbox(struct cf_pcap_descriptors used);
