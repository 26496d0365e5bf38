// The system calls that are left once packets flow.
#ifndef CF_PCAP_SANDBOX_H
#define CF_PCAP_SANDBOX_H

// From here on anything but the calls listed in sandbox.c kills the process (seccomp(2), SECCOMP_RET_KILL_PROCESS).
// `capture` is the packet socket: nothing can be sent on it any more. No-new-privileges must be set.
// 0, or -1 with errno.
int cf_pcap_enter_sandbox(int capture);

#endif
