// The system headers that the agent uses, and functions for calls that Swift cannot import or express.
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "sandbox.h"

// Swift does not import variadic functions, macros that are expressions, or members of a union of functions.

// Returns the error number of the thread's last failed call (errno(3)).
static inline int cf_pcap_errno(void) { return errno; }

// Opens a file that exists. Returns a descriptor, or -1 with errno (open(2)).
static inline int cf_pcap_open(const char *path, int flags) { return open(path, flags); }

// Returns the access mode and the status flags of a descriptor, or -1 with errno (fcntl(2), F_GETFL).
static inline int cf_pcap_status_flags(int descriptor) { return fcntl(descriptor, F_GETFL); }

// Returns the capacity of a pipe in bytes, or -1 with errno (fcntl(2), F_GETPIPE_SZ).
static inline int cf_pcap_pipe_capacity(int descriptor) { return fcntl(descriptor, F_GETPIPE_SZ); }

// Enlarges a pipe to at least that many bytes. Returns the capacity, or -1 with errno (fcntl(2), F_SETPIPE_SZ).
static inline int cf_pcap_widen_pipe(int descriptor, int bytes) { return fcntl(descriptor, F_SETPIPE_SZ, bytes); }

// Returns the number of unread bytes in a pipe, or -1 with errno (pipe(7), FIONREAD).
static inline int cf_pcap_unread_bytes(int descriptor) {
    int bytes;
    return ioctl(descriptor, FIONREAD, &bytes) == 0 ? bytes : -1;
}

// Ignores a signal (signal(2)).
static inline void cf_pcap_ignore(int number) { signal(number, SIG_IGN); }

// Returns whether the process ignores a signal (sigaction(2)).
static inline bool cf_pcap_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Each of the following calls prctl(2) with the option in its name, and returns the result of the call: -1 with errno if
// it has failed.

static inline int cf_pcap_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static inline int cf_pcap_no_new_privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }
static inline int cf_pcap_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
static inline int cf_pcap_set_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static inline int cf_pcap_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }
