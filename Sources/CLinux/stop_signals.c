#include "include/stop_signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/time.h>

static _Atomic uint64_t arrived;
static sigset_t noted;
static sigset_t while_waiting;

static pcap_t *interrupted;

static void note(int signal) {
    atomic_fetch_or(&arrived, UINT64_C(1) << signal);
    if (interrupted != NULL) pcap_breakloop(interrupted);
}

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

void cf_pcap_hold_signals(bool hold) { sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &noted, NULL); }

void cf_pcap_let_signals_in(void) {
    cf_pcap_hold_signals(false);
    cf_pcap_hold_signals(true);
}

void cf_pcap_leave_loop_on_signals(pcap_t *handle) {
    const struct timeval tenth = {.tv_usec = 100000};
    interrupted = handle;
    cf_pcap_note(SIGALRM);
    setitimer(ITIMER_REAL, &(struct itimerval){tenth, tenth}, NULL);
}

int cf_pcap_wait(struct pollfd *descriptors, unsigned count, int64_t microseconds) {
    struct timespec limit = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    return ppoll(descriptors, count, microseconds < 0 ? NULL : &limit, &while_waiting);
}
