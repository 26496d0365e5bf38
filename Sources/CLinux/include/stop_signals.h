// Signals that have arrived, as a set of bits: bit N stands for signal N.
#ifndef CF_PCAP_STOP_SIGNALS_H
#define CF_PCAP_STOP_SIGNALS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

// Notes `signal` when it arrives, without restarting the interrupted call. 0, or -1 with errno.
int cf_pcap_note(int signal);
int cf_pcap_ignore(int signal);
bool cf_pcap_is_ignored(int signal);

// The signals that have arrived since the last call; each is given once.
uint64_t cf_pcap_take_signals(void);

// Those that the next call of cf_pcap_take_signals would give.
uint64_t cf_pcap_pending_signals(void);

// ppoll(2) that misses no noted signal: one that came before the wait ends it at once, as one that comes during it does.
// Milliseconds; negative waits without limit.
int cf_pcap_wait(struct pollfd *descriptors, unsigned count, int64_t milliseconds);

#endif
