// Reads a pcap stream of pktgen's packets to its end and says what it held:
//
//   records=N runs=N missing=N whole=yes|no
//
// runs: how often the sequence numbers began anew; missing: how many were passed over within a run; whole: the stream
// ended behind a record. Exits with 1 at once where a record cannot be one. It reads as a well-behaved consumer would,
// in large parts; stop it with SIGSTOP to be one that stalls.

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { fileHeader = 24, recordHeader = 16, ethernetIPUDP = 14 + 20 + 8, capacity = 1 << 20 };

static struct {
    uint64_t records, runs, missing, next;
} seen;

static void fail(const char *what) {
    fprintf(stderr, "pcapcheck: record %llu: %s\n", (unsigned long long)seen.records, what);
    exit(1);
}

static void note(const uint8_t *packet, uint32_t kept) {
    seen.records++;
    if (kept < ethernetIPUDP + 8) return;
    uint64_t sequence;
    memcpy(&sequence, packet + ethernetIPUDP, sizeof sequence);
    sequence = be64toh(sequence);
    if (seen.runs == 0 || sequence < seen.next) {
        seen.runs++;
        seen.missing += sequence;
    } else {
        seen.missing += sequence - seen.next;
    }
    seen.next = sequence + 1;
}

// Notes the whole records among `length` bytes; returns how many bytes they take.
static size_t consume(const uint8_t *bytes, size_t length) {
    size_t done = 0;
    while (length - done >= recordHeader) {
        uint32_t words[4];
        memcpy(words, bytes + done, sizeof words);
        if (words[2] > words[3] || words[2] > 262144) fail("its lengths are impossible");
        if (words[1] >= 1000000) fail("it has more than a second of microseconds");
        if (length - done < recordHeader + (size_t)words[2]) break;
        note(bytes + done + recordHeader, words[2]);
        done += recordHeader + words[2];
    }
    return done;
}

int main(void) {
    static uint8_t buffer[capacity];
    size_t held = 0, skip = fileHeader;
    ssize_t count;
    while ((count = read(STDIN_FILENO, buffer + held, capacity - held)) > 0) {
        held += (size_t)count;
        if (held < skip) continue;
        size_t done = skip + consume(buffer + skip, held - skip);
        skip = 0;
        held -= done;
        memmove(buffer, buffer + done, held);
    }
    if (count < 0) perror("pcapcheck"), exit(1);
    printf("records=%llu runs=%llu missing=%llu whole=%s\n", (unsigned long long)seen.records,
           (unsigned long long)seen.runs, (unsigned long long)seen.missing, held == 0 && skip == 0 ? "yes" : "no");
    return 0;
}
