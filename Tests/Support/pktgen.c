// A load generator for tests and benchmarks: UDP/IPv4 packets through a packet socket.
//
// Each payload starts with a 64-bit big-endian sequence number (from 0) and a 64-bit big-endian CLOCK_REALTIME send
// time in nanoseconds, so that a reader of the capture finds what is missing and how long the rest took.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    batchMax = 64,          // packets per sendmmsg
    batchesPerSecond = 2000, // at a given rate, a batch goes out this often, or each packet alone if that is rarer
    sourcePort = 40000,
    discardPort = 9,
};

struct stamp {
    uint64_t sequence;
    uint64_t sentAt;
};

struct frame {
    struct ether_header ethernet;
    struct iphdr ip;
    struct udphdr udp;
    struct stamp stamp;
} __attribute__((packed));

enum { sizeMin = sizeof(struct frame), sizeMax = sizeof(struct ether_header) + IP_MAXPACKET };

struct options {
    const char *interface;
    uint64_t count;
    size_t size;
    uint64_t rate;
    uint16_t port;
    // Zero is the address of lo; on any other interface it is nobody's, so that the packet is seen by captures and
    // costs the receiver nothing more.
    uint8_t destination[ETH_ALEN];
};

struct batch {
    uint8_t *bytes;
    struct iovec vectors[batchMax];
    struct mmsghdr messages[batchMax];
};

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "pktgen: %s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void usage(void) {
    fprintf(stderr,
            "usage: pktgen -i IFACE -n COUNT -s SIZE [-r RATE_PPS] [-p UDP_PORT] [-d DST_MAC]\n"
            "  SIZE is the length of the frame, %d to %d; a rate of 0 is flat out\n",
            sizeMin, sizeMax);
    exit(2);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max) {
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < min || value > max) usage();
    return value;
}

static void parseMAC(const char *text, uint8_t mac[ETH_ALEN]) {
    int end = 0;
    int parts = sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                       &mac[5], &end);
    if (parts != ETH_ALEN || text[end] != '\0') usage();
}

static struct options parse(int argc, char **argv) {
    struct options options = {.port = discardPort};
    int option;
    while ((option = getopt(argc, argv, "i:n:s:r:p:d:")) != -1) {
        switch (option) {
        case 'i': options.interface = optarg; break;
        case 'n': options.count = number(optarg, 1, UINT64_MAX); break;
        case 's': options.size = number(optarg, sizeMin, sizeMax); break;
        case 'r': options.rate = number(optarg, 0, 1000000000); break;
        case 'p': options.port = (uint16_t)number(optarg, 1, UINT16_MAX); break;
        case 'd': parseMAC(optarg, options.destination); break;
        default: usage();
        }
    }
    if (optind != argc || options.interface == NULL || options.count == 0 || options.size == 0) usage();
    return options;
}

/// A packet socket that sends on the interface and receives nothing.
static int openSocket(const char *interface) {
    int socketFD = socket(AF_PACKET, SOCK_RAW, 0);
    if (socketFD < 0) fail("socket");
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
    if (address.sll_ifindex == 0) fail(interface);
    if (bind(socketFD, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
    int sendBuffer = 8 << 20;
    if (setsockopt(socketFD, SOL_SOCKET, SO_SNDBUFFORCE, &sendBuffer, sizeof sendBuffer) != 0) fail("SO_SNDBUFFORCE");
    return socketFD;
}

/// The checksum of a header whose check field is zero.
static uint16_t checksum(const struct iphdr *ip) {
    uint16_t words[sizeof *ip / 2];
    memcpy(words, ip, sizeof words);
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) sum += words[i];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/// The headers are the same in every packet. The addresses are those reserved for documentation (RFC 5737).
static struct frame template(const struct options *options) {
    uint16_t ipLength = (uint16_t)(options->size - sizeof(struct ether_header));
    struct frame frame = {
        .ethernet = {.ether_shost = {2, 0, 0, 0, 0, 1}, .ether_type = htons(ETHERTYPE_IP)},
        .ip = {.version = 4, .ihl = 5, .tot_len = htons(ipLength), .ttl = 64, .protocol = IPPROTO_UDP,
               .saddr = htonl(0xc0000201), .daddr = htonl(0xc0000202)},
        .udp = {.source = htons(sourcePort), .dest = htons(options->port),
                .len = htons((uint16_t)(ipLength - sizeof(struct iphdr)))},
    };
    memcpy(frame.ethernet.ether_dhost, options->destination, ETH_ALEN);
    struct iphdr ip = frame.ip;
    frame.ip.check = checksum(&ip);
    return frame;
}

static void prepare(struct batch *batch, const struct options *options) {
    struct frame frame = template(options);
    batch->bytes = calloc(batchMax, options->size);
    if (batch->bytes == NULL) fail("calloc");
    for (size_t i = 0; i < batchMax; i++) {
        uint8_t *bytes = batch->bytes + i * options->size;
        memcpy(bytes, &frame, sizeof frame);
        batch->vectors[i] = (struct iovec){bytes, options->size};
        batch->messages[i].msg_hdr = (struct msghdr){.msg_iov = &batch->vectors[i], .msg_iovlen = 1};
    }
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void sleepUntil(uint64_t deadline) {
    struct timespec time = {(time_t)(deadline / 1000000000), (long)(deadline % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) continue;
}

/// Sends the first packets of the batch, numbered from `sequence`, all of them.
static void sendPackets(int socketFD, struct batch *batch, unsigned packets, uint64_t sequence) {
    uint64_t now = nanoseconds(CLOCK_REALTIME);
    for (unsigned i = 0; i < packets; i++) {
        struct stamp stamp = {htobe64(sequence + i), htobe64(now)};
        memcpy((uint8_t *)batch->vectors[i].iov_base + offsetof(struct frame, stamp), &stamp, sizeof stamp);
    }
    for (unsigned sent = 0; sent < packets;) {
        int result = sendmmsg(socketFD, batch->messages + sent, packets - sent, 0);
        if (result > 0) sent += (unsigned)result;
        else if (errno != ENOBUFS && errno != EINTR) fail("sendmmsg");
    }
}

static void run(int socketFD, struct batch *batch, const struct options *options) {
    uint64_t batchSize = batchMax;
    if (options->rate != 0) batchSize = options->rate / batchesPerSecond;
    if (batchSize < 1) batchSize = 1;
    if (batchSize > batchMax) batchSize = batchMax;

    uint64_t start = nanoseconds(CLOCK_MONOTONIC);
    for (uint64_t sent = 0; sent < options->count; sent += batchSize) {
        if (options->rate != 0) {
            sleepUntil(start + (uint64_t)((double)sent * 1e9 / (double)options->rate));
        }
        uint64_t left = options->count - sent;
        sendPackets(socketFD, batch, (unsigned)(left < batchSize ? left : batchSize), sent);
    }
    double seconds = (double)(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
    printf("sent=%llu seconds=%.6f\n", (unsigned long long)options->count, seconds);
}

int main(int argc, char **argv) {
    struct options options = parse(argc, argv);
    int socketFD = openSocket(options.interface);
    struct batch batch = {0};
    prepare(&batch, &options);
    prctl(PR_SET_TIMERSLACK, 1);
    run(socketFD, &batch, &options);
    free(batch.bytes);
    close(socketFD);
}
