// The floor of the benchmark: what a capture through libpcap into a pipe costs at least.
//
// libpcap's memory-mapped ring is drained until it is empty, each record is copied once behind the last, and a full
// buffer or a drained ring is one write. Ring and block timeout are the agent's. No privileges are dropped, nothing is
// excluded, nothing is explained.
//
// With -w a record is written only where the pipe is sure to accept it as a whole, as the agent does it, so that a reader
// that stops reading never splits one: what that costs shows in the difference.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct fileHeader {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snaplen, linkType;
};

struct recordHeader {
    uint32_t seconds, microseconds, captured, length;
};

// The pipe's pages, in bytes that are sure to be free, and where the last writes ended, the oldest first.
struct pipe {
    size_t capacity, free, written, ends[512], writes;
};

struct output {
    uint8_t *bytes;
    size_t used, size;
    uint64_t packets;
    int isWhole;
    struct pipe pipe;
};

enum { pageSize = 4096 };

static volatile sig_atomic_t stopped;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

static size_t writeBytes(const uint8_t *bytes, size_t count) {
    ssize_t result = write(STDOUT_FILENO, bytes, count);
    if (result < 0) fail("write", strerror(errno));
    return (size_t)result;
}

static size_t pagesOf(size_t bytes) {
    return (bytes + pageSize - 1) / pageSize;
}

// A write occupies the pages that it fills and at most one more; one page more is read in part.
static void updateFree(struct pipe *pipe) {
    int unread = 0;
    if (ioctl(STDOUT_FILENO, FIONREAD, &unread) < 0) fail("FIONREAD", strerror(errno));
    size_t read = pipe->written - (size_t)unread, gone = 0;
    while (gone < pipe->writes && pipe->ends[gone] <= read) gone++;
    pipe->writes -= gone;
    memmove(pipe->ends, pipe->ends + gone, pipe->writes * sizeof *pipe->ends);
    size_t used = unread == 0 ? 0 : (pagesOf((size_t)unread) + pipe->writes + 1) * pageSize;
    pipe->free = used < pipe->capacity ? pipe->capacity - used : 0;
}

// The bytes of whole records at the front, `limit` at most.
static size_t wholeRecords(const uint8_t *bytes, size_t count, size_t limit) {
    if (count <= limit) return count;
    size_t end = 0;
    for (struct recordHeader record;; end += sizeof record + record.captured) {
        memcpy(&record, bytes + end, sizeof record);
        if (end + sizeof record + record.captured > limit) return end;
    }
}

// Writes records, and waits by time where none fits: nothing tells when a pipe has room for a certain number of bytes.
static void flushWhole(struct output *output) {
    struct pipe *pipe = &output->pipe;
    for (size_t written = 0; written < output->used;) {
        size_t left = output->used - written;
        if (pipe->free < left) updateFree(pipe);
        size_t count = wholeRecords(output->bytes + written, left, pipe->free);
        if (count == 0 || pipe->writes == sizeof pipe->ends / sizeof *pipe->ends) {
            nanosleep(&(struct timespec){.tv_nsec = 250000}, NULL);
            continue;
        }
        written += writeBytes(output->bytes + written, count);
        pipe->written += count;
        pipe->ends[pipe->writes++] = pipe->written;
        pipe->free -= pagesOf(count) * pageSize;
    }
    output->used = 0;
}

static void flush(struct output *output) {
    if (output->isWhole) return flushWhole(output);
    for (size_t written = 0; written < output->used;) {
        written += writeBytes(output->bytes + written, output->used - written);
    }
    output->used = 0;
}

static void append(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes) {
    struct output *output = (struct output *)context;
    struct recordHeader record = {(uint32_t)header->ts.tv_sec, (uint32_t)header->ts.tv_usec, header->caplen,
                                  header->len};
    if (output->size - output->used < sizeof record + header->caplen) flush(output);
    memcpy(output->bytes + output->used, &record, sizeof record);
    memcpy(output->bytes + output->used + sizeof record, bytes, header->caplen);
    output->used += sizeof record + header->caplen;
    output->packets += 1;
}

static pcap_t *openCapture(const char *interface, int snaplen, int ring, int timeout, const char *filter) {
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture = pcap_create(interface, error);
    if (capture == NULL) fail(interface, error);
    pcap_set_snaplen(capture, snaplen);
    pcap_set_buffer_size(capture, ring);
    pcap_set_timeout(capture, timeout);
    struct bpf_program program;
    if (pcap_activate(capture) < 0 || pcap_setnonblock(capture, 1, error) < 0 ||
        pcap_compile(capture, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0 || pcap_setfilter(capture, &program) < 0) {
        fail(interface, pcap_geterr(capture));
    }
    pcap_freecode(&program);
    return capture;
}

static void run(pcap_t *capture, struct output *output, const sigset_t *whileWaiting) {
    struct pollfd source = {.fd = pcap_get_selectable_fd(capture), .events = POLLIN};
    while (!stopped) {
        ppoll(&source, 1, NULL, whileWaiting);
        if (pcap_dispatch(capture, -1, append, (u_char *)output) < 0) fail("dispatch", pcap_geterr(capture));
        flush(output);
    }
}

int main(int argc, char **argv) {
    const char *interface = "any";
    int snaplen = 65535, ring = 20 << 20, timeout = 48, buffer = 256 << 10, isWhole = 0;
    for (int option; (option = getopt(argc, argv, "i:s:B:t:b:w")) != -1;) {
        switch (option) {
        case 'i': interface = optarg; break;
        case 's': snaplen = atoi(optarg); break;
        case 'B': ring = atoi(optarg) << 10; break;
        case 't': timeout = atoi(optarg); break;
        case 'b': buffer = atoi(optarg) << 10; break;
        case 'w': isWhole = 1; break;
        default: fail("usage", "floor [-w] [-i IFACE] [-s SNAPLEN] [-B RING_KIB] [-t BLOCK_MS] [-b BUFFER_KIB] [FILTER]");
        }
    }
    sigset_t whileWaiting, whileWorking;
    sigprocmask(SIG_SETMASK, NULL, &whileWaiting);
    sigemptyset(&whileWorking);
    sigaddset(&whileWorking, SIGINT);
    sigprocmask(SIG_BLOCK, &whileWorking, NULL);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = stop}, NULL);

    pcap_t *capture = openCapture(interface, snaplen, ring, timeout, optind < argc ? argv[optind] : "");
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
    struct output output = {.bytes = malloc((size_t)buffer), .size = (size_t)buffer};
    struct fileHeader header = {0xa1b2c3d4, 2, 4, 0, 0, (uint32_t)snaplen, (uint32_t)pcap_datalink(capture)};
    memcpy(output.bytes, &header, sizeof header);
    output.used = sizeof header;
    flush(&output);
    if (isWhole) {
        int capacity = fcntl(STDOUT_FILENO, F_GETPIPE_SZ);
        if (capacity < 0) fail("-w", "standard output is no pipe");
        output.isWhole = 1;
        output.pipe = (struct pipe){.capacity = (size_t)capacity, .written = sizeof header, .ends = {sizeof header}, .writes = 1};
    }
    run(capture, &output, &whileWaiting);

    struct pcap_stat statistics;
    pcap_stats(capture, &statistics);
    fprintf(stderr, "packets=%llu dropped=%u\n", (unsigned long long)output.packets, statistics.ps_drop);
    pcap_close(capture);
}
