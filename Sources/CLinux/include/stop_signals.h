// Signals that have arrived, as a set of bits: bit N stands for signal N.
#ifndef CF_PCAP_STOP_SIGNALS_H
#define CF_PCAP_STOP_SIGNALS_H

#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

// Notes `signal` when it arrives, without restarting the interrupted call. From then on it is blocked but for the moments
// named below, so that it is never missed between a look and a wait. 0, or -1 with errno.
int cf_pcap_note(int signal);
int cf_pcap_ignore(int signal);
bool cf_pcap_is_ignored(int signal);

// From now on noted signals also leave the loop of pcap_dispatch(3PCAP) on that handle, and do so 10 times a second.
// For a handle that applies a filter by itself, and does not return while there are packets that it rejects.
void cf_pcap_leave_loop_on_signals(pcap_t *handle);

// Whether noted signals arrive at any time, or only at the moments named here.
void cf_pcap_hold_signals(bool hold);

// Lets blocked signals arrive. cf_pcap_wait does so too, but only if it has to wait.
void cf_pcap_let_signals_in(void);

// The signals that have arrived since the last call; each is given once.
uint64_t cf_pcap_take_signals(void);

// Those that the next call of cf_pcap_take_signals would give.
uint64_t cf_pcap_pending_signals(void);

// ppoll(2), during which noted signals arrive and end the wait with EINTR. Negative microseconds wait without limit.
int cf_pcap_wait(struct pollfd *descriptors, unsigned count, int64_t microseconds);

#endif
