#include "include/stop_signals.h"

#include <errno.h>
#include <stdatomic.h>

static _Atomic uint64_t arrived;

static void note(int signal) { atomic_fetch_or(&arrived, UINT64_C(1) << signal); }

int cf_pcap_note(int signal) {
    struct sigaction action = {.sa_handler = note};
    sigfillset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

int cf_pcap_ignore(int signal) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    return sigaction(signal, &action, NULL);
}

bool cf_pcap_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

uint64_t cf_pcap_take_signals(void) { return atomic_exchange(&arrived, 0); }

uint64_t cf_pcap_pending_signals(void) { return atomic_load(&arrived); }

int cf_pcap_wait(struct pollfd *descriptors, unsigned count, int64_t milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = (milliseconds % 1000) * 1000000};
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    int ready = -1;
    if (atomic_load(&arrived) != 0)
        errno = EINTR;
    else
        ready = ppoll(descriptors, count, milliseconds < 0 ? NULL : &limit, &before);
    int reason = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = reason;
    return ready;
}
