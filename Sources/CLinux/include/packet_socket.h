// What is done to a capture besides libpcap's own calls.
#ifndef CF_PCAP_PACKET_SOCKET_H
#define CF_PCAP_PACKET_SOCKET_H

#include <pcap/pcap.h>
#include <stdint.h>

// A protocol number for pcap_set_protocol_linux(3PCAP) of which the low 16 bits, all that bind(2) gets, are 0: the
// socket takes no packet yet (packet(7)).
#define CF_PCAP_NO_PROTOCOL 0x10000

// Lets the socket take packets of every protocol on the interface of that index; 0 stands for all interfaces.
// 0, or an errno: ENETDOWN where the interface is down, ENODEV where it is gone.
int cf_pcap_bind_to_all_protocols(int descriptor, int interface_index);

// Takes no packets that the interface sends, PACKET_IGNORE_OUTGOING (packet(7)): the kernel does not even copy them.
// 0, or -1 with errno, as before Linux 4.20.
int cf_pcap_ignore_outgoing(int descriptor);

// Makes the filter unchangeable, SO_LOCK_FILTER (socket(7)). 0, or -1 with errno.
int cf_pcap_lock_filter(int descriptor);

// Who applies a filter. The kernel alone: it counts the packets that are handed on. The kernel, and libpcap has to leave
// out what lo sends, which lo also receives. libpcap alone.
enum { CF_PCAP_FILTERED_ONCE, CF_PCAP_FILTERED_TWICE, CF_PCAP_FILTERED_BY_LIBPCAP };

// pcap_setfilter(3PCAP) on a socket that has taken no packet yet. What libpcap would print on standard error is returned
// in `warning`, at most `capacity` bytes with the final NUL; it says why where libpcap alone applies the filter.
// One of the above, or -1 with the reason in pcap_geterr(3PCAP) or errno.
int cf_pcap_set_filter(pcap_t *handle, struct bpf_program *program, char *warning, size_t capacity);

// The header that a file of the handle's packets begins with (pcap-savefile(5)).
// 0, or -1 where the handle's link type has no number in files.
int cf_pcap_file_header(pcap_t *handle, uint8_t header[24]);

// Leaves the loop of pcap_dispatch(3PCAP) on that handle 10 times a second, by SIGALRM: while libpcap applies a filter by
// itself it does not return as long as there are packets that it rejects. 0, or -1 with errno.
int cf_pcap_leave_loop_at_times(pcap_t *handle);

#endif
