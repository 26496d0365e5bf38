// What is done to a capture besides libpcap's own calls.
#pragma once

#include <pcap/pcap.h>

// A protocol number for pcap_set_protocol_linux(3PCAP) of which the low 16 bits, all that bind(2) gets, are 0: the
// socket takes no packet yet (packet(7)).
#define CF_PCAP_NO_PROTOCOL 0x10000

// Where a filter is applied: in the kernel alone, which then counts the packets that libpcap hands on; in the kernel, and
// libpcap leaves out what lo sends, which comes again as received; in libpcap alone. Filter.Place has the same values.
enum { CF_PCAP_IN_KERNEL, CF_PCAP_IN_KERNEL_AND_LIBPCAP, CF_PCAP_IN_LIBPCAP };

// pcap_setfilter(3PCAP) on a socket that has taken no packet yet, without what libpcap prints where the kernel does not
// take the filter. One of the above, or -1 with the reason in pcap_geterr(3PCAP) or errno.
int cf_pcap_set_filter(pcap_t *handle, struct bpf_program *program);

// Leaves the loop of pcap_dispatch(3PCAP) on that handle 10 times a second, by SIGALRM: while libpcap applies a filter by
// itself it does not return as long as there are packets that it rejects. 0, or -1 with errno.
int cf_pcap_leave_loop_at_times(pcap_t *handle);
