#include "include/packet_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/socket.h>

int cf_pcap_bind_to_all_protocols(int descriptor, int interface_index) {
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = interface_index,
    };
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return errno;
    int pending = 0;
    socklen_t size = sizeof pending;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &pending, &size) != 0) return errno;
    return pending;
}

int cf_pcap_lock_filter(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

int cf_pcap_set_filter(pcap_t *handle, struct bpf_program *program, char *warning, size_t capacity) {
    warning[0] = '\0';
    FILE *standard_error = stderr;
    FILE *collected = fmemopen(warning, capacity, "w");
    if (collected != NULL) stderr = collected;
    int result = pcap_setfilter(handle, program);
    stderr = standard_error;
    if (collected != NULL) fclose(collected);
    return result;
}
