// Replaces the C library's look-up of protocols by name.
//
// A container need not have /etc/protocols. The library's function then fails, and libpcap takes a failed look-up for
// protocol 0, so that a filter would select the wrong packets (nametoaddr.c, pcap_nametoproto). The function here never
// fails: for an unknown name it returns 0 without an entry, which libpcap reports as an unknown protocol. The linker
// prefers this function to the library's. The table contains the names in pcap-filter(7) and other protocols that carry
// an app's traffic, with IANA's numbers.
#include <netdb.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    int number;
} protocols[] = {
    {"icmp", 1},   {"igmp", 2},  {"ipencap", 4}, {"tcp", 6},       {"igp", 9},   {"udp", 17},       {"dccp", 33},
    {"ipv6", 41},  {"rsvp", 46}, {"gre", 47},    {"esp", 50},      {"ah", 51},   {"ipv6-icmp", 58}, {"icmp6", 58},
    {"eigrp", 88}, {"ospf", 89}, {"pim", 103},   {"ipcomp", 108},  {"vrrp", 112}, {"carp", 112},    {"l2tp", 115},
    {"sctp", 132}, {"udplite", 136},
};

// Finds a protocol by name (getprotobyname_r(3)). Returns 0, and sets `result` to NULL for an unknown name. Does not
// use `buffer`: the entry refers to the caller's name and has no aliases.
int getprotobyname_r(const char *name, struct protoent *entry, char *buffer, size_t size, struct protoent **result) {
    static char *no_aliases[] = {NULL};
    (void)buffer, (void)size;
    *result = NULL;
    for (size_t index = 0; index < sizeof protocols / sizeof *protocols; index++) {
        if (strcmp(name, protocols[index].name) != 0) continue;
        *entry = (struct protoent){(char *)name, no_aliases, protocols[index].number};
        *result = entry;
        break;
    }
    return 0;
}
