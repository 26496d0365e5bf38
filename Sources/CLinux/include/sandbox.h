// The system calls that are left once packets flow.
#ifndef CF_PCAP_SANDBOX_H
#define CF_PCAP_SANDBOX_H

// What a process in the sandbox uses besides the standard streams; -1 stands for what it does not have.
struct cf_pcap_descriptors {
    // The packet socket.
    int capture;
    // Where to ask for the SSH session's connections: a netlink socket, or `/proc/net/tcp` and `/proc/net/tcp6`.
    int socket_lookup, socket_tables[2];
};

// From here on anything but the calls listed in sandbox.c kills the process (seccomp(2), SECCOMP_RET_KILL_PROCESS).
// No-new-privileges must be set. 0, or -1 with errno.
int cf_pcap_enter_sandbox(struct cf_pcap_descriptors descriptors);

#endif
