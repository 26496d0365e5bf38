// The system calls that are left to the process, in two steps (seccomp(2)).
#pragma once

// Keeps this process and its children for good from sending on the descriptor `socket`, from duplicating it and from passing
// it on, and from calls by which others could be made to do so (the table is in sandbox.c). Such calls fail with EPERM.
// Sets no-new-privileges. Returns 0, or -1 with errno.
int cf_pcap_deny_sending(int socket);

// The descriptors that a process in the sandbox uses besides the standard streams; -1 stands for none.
struct cf_pcap_descriptors {
    // The packet socket, and the descriptor from which signals are read.
    int capture, signals;
    // `/proc/net/tcp` and `/proc/net/tcp6`.
    int socket_tables[2];
};

// Has any system call but those in the table in sandbox.c kill the process from here on (SECCOMP_RET_KILL_PROCESS).
// No-new-privileges must be set. Returns 0, or -1 with errno.
int cf_pcap_enter_sandbox(struct cf_pcap_descriptors used);
