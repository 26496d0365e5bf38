// Filters for the process's system calls (seccomp(2)). Each remains for the rest of the process's life.
#pragma once

// Forbids the process and its children to send on a socket, to duplicate its descriptor, and to pass it to other processes.
//
// Forbidden calls fail with EPERM; they are in a table in sandbox.c. `socket` is the number of the descriptor, which need
// not be open yet. Sets no-new-privileges. Returns 0, or -1 with errno.
int cf_pcap_deny_sending(int socket);

// The descriptors that are used in the sandbox besides the standard streams; -1 stands for none.
struct cf_pcap_descriptors {
    // The packet socket, and the descriptor from which signals are read.
    int capture, signals;
    // `/proc/net/tcp` and `/proc/net/tcp6`.
    int socket_tables[2];
};

// Enters the sandbox: any system call but those of a table in sandbox.c kills the process from now on.
//
// No-new-privileges must be set. Returns 0, or -1 with errno.
int cf_pcap_enter_sandbox(struct cf_pcap_descriptors used);
