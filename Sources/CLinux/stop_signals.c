#include "include/stop_signals.h"

#include <errno.h>
#include <stdatomic.h>

static _Atomic uint64_t arrived;
static sigset_t noted;
static sigset_t while_waiting;

static void note(int signal) { atomic_fetch_or(&arrived, UINT64_C(1) << signal); }

int cf_pcap_note(int signal) {
    struct sigaction action = {.sa_handler = note};
    sigfillset(&action.sa_mask);
    sigaddset(&noted, signal);
    sigprocmask(SIG_BLOCK, &noted, &while_waiting);
    for (int other = 1; other < NSIG; other++)
        if (sigismember(&noted, other) == 1) sigdelset(&while_waiting, other);
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

void cf_pcap_let_signals_in(void) {
    sigprocmask(SIG_UNBLOCK, &noted, NULL);
    sigprocmask(SIG_BLOCK, &noted, NULL);
}

int cf_pcap_wait(struct pollfd *descriptors, unsigned count, int64_t microseconds) {
    struct timespec limit = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    return ppoll(descriptors, count, microseconds < 0 ? NULL : &limit, &while_waiting);
}
