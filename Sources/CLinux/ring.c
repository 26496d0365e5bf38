#include "include/ring.h"

#include "include/socket_lookup.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
    struct nlmsghdr header;
    struct packet_diag_req body;
};

static int ask_for_rings(int netlink) {
    struct request request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY},
        .body = {.sdiag_family = AF_PACKET, .pdiag_show = PACKET_SHOW_RING_CFG},
    };
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    return send(netlink, &request, sizeof request, 0) < 0 ? errno : 0;
}

// Returns whether the message is about the socket, and has a ring for received packets.
static bool read_ring(const struct nlmsghdr *message, uint32_t inode, struct cf_pcap_ring_geometry *geometry) {
    const struct packet_diag_msg *body = NLMSG_DATA(message);
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *body) || body->pdiag_ino != inode) return false;
    size_t length = message->nlmsg_len - NLMSG_SPACE(sizeof *body);
    const struct rtattr *attribute = (const void *)((const char *)body + NLMSG_ALIGN(sizeof *body));
    for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
        struct packet_diag_ring ring;
        if (attribute->rta_type != PACKET_DIAG_RX_RING || RTA_PAYLOAD(attribute) < sizeof ring) continue;
        memcpy(&ring, RTA_DATA(attribute), sizeof ring);
        *geometry = (struct cf_pcap_ring_geometry){ring.pdr_block_size, ring.pdr_block_nr};
        return true;
    }
    return false;
}

// Reads the answers up to the last.
static int find_ring(int netlink, uint32_t inode, struct cf_pcap_ring_geometry *geometry) {
    _Alignas(struct nlmsghdr) char answers[8192];
    int result = ENOENT;
    while (1) {
        ssize_t size = recv(netlink, answers, sizeof answers, 0);
        if (size < 0) return errno;
        size_t left = (size_t)size;
        for (const struct nlmsghdr *message = (void *)answers; NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) return result;
            if (read_ring(message, inode, geometry)) result = 0;
        }
    }
}

int cf_pcap_ring_geometry(int descriptor, struct cf_pcap_ring_geometry *geometry) {
    int version;
    socklen_t size = sizeof version;
    struct stat information;
    if (getsockopt(descriptor, SOL_PACKET, PACKET_VERSION, &version, &size) != 0 || fstat(descriptor, &information) != 0)
        return errno;
    if (version != TPACKET_V3) return ENOENT;

    int netlink = cf_pcap_open_sock_diag();
    if (netlink < 0) return errno;
    int result = ask_for_rings(netlink);
    if (result == 0) result = find_ring(netlink, (uint32_t)information.st_ino, geometry);
    close(netlink);
    return result;
}
