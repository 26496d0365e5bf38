#include "include/socket_lookup.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

struct answer {
    struct nlmsghdr header;
    union {
        struct nlmsgerr error;
        struct inet_diag_msg socket;
    } body;
    // Attributes that nobody asked for (INET_DIAG_SHUTDOWN and the like).
    uint8_t rest[512];
};

int cf_pcap_open_sock_diag(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG); }

static struct request request_for(const struct cf_pcap_connection *ends) {
    static uint32_t number;
    struct request request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_seq = ++number},
        .body = {.sdiag_family = (uint8_t)ends->family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = UINT32_MAX},
    };
    request.header.nlmsg_flags = NLM_F_REQUEST;
    struct inet_diag_sockid *id = &request.body.id;
    id->idiag_sport = ends->local_port;
    id->idiag_dport = ends->remote_port;
    memcpy(id->idiag_src, ends->local, sizeof ends->local);
    memcpy(id->idiag_dst, ends->remote, sizeof ends->remote);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return request;
}

int cf_pcap_look_up_socket(int lookup, const struct cf_pcap_connection *ends, uint8_t *state, uint32_t *inode) {
    struct request request = request_for(ends);
    struct answer answer;
    if (send(lookup, &request, sizeof request, 0) < 0) return errno;
    // The kernel has answered when send(2) returns (net/core/sock_diag.c, sock_diag_rcv).
    ssize_t size;
    do {
        size = recv(lookup, &answer, sizeof answer, MSG_DONTWAIT);
        if (size < 0) return errno;
    } while (answer.header.nlmsg_seq != request.header.nlmsg_seq);
    if (answer.header.nlmsg_type == NLMSG_ERROR && size >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)))
        return answer.body.error.error < 0 ? -answer.body.error.error : EPROTO;
    if (answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY || size < (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
        return EPROTO;
    *state = answer.body.socket.idiag_state;
    *inode = answer.body.socket.idiag_inode;
    return 0;
}
