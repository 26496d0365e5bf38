// The kernel's answer to what became of one TCP socket (sock_diag(7)). No privilege is needed.
#ifndef CF_PCAP_SOCKET_LOOKUP_H
#define CF_PCAP_SOCKET_LOOKUP_H

#include <stdint.h>

// The two ends of a connection: IPv4 addresses in the first four bytes, all in network order.
struct cf_pcap_connection {
    int family;
    uint8_t local[16], remote[16];
    uint16_t local_port, remote_port;
};

// A netlink socket for questions to sock_diag(7), which sees the network namespace that the process is in. -1 with errno.
int cf_pcap_open_sock_diag(void);

// The socket with these ends, or one that listens for such connections. Its state is one of include/net/tcp_states.h, its
// inode number 0 when no process holds it. 0, or an errno: ENOENT where there is none.
int cf_pcap_look_up_socket(int lookup, const struct cf_pcap_connection *ends, uint8_t *state, uint32_t *inode);

#endif
