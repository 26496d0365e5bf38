// The ring of a packet socket in memory, TPACKET_V3 (linux/if_packet.h; packet_mmap in the kernel's documentation).
#ifndef CF_PCAP_RING_H
#define CF_PCAP_RING_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdint.h>

struct cf_pcap_ring_geometry {
    uint32_t block_size, block_count;
};

// The shape of a socket's ring, as the kernel tells it through sock_diag(7). 0, or an errno: ENOENT where it does not, as
// without its module af_packet_diag, or where the ring is of another version.
int cf_pcap_ring_geometry(int descriptor, struct cf_pcap_ring_geometry *geometry);

// Whether the kernel has handed the block over. What stands in it may be read once this says so.
static inline bool cf_pcap_is_handed_over(const struct tpacket_block_desc *block) {
    return (__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0;
}

// Whether it was handed over because it was full, not because its time was up.
static inline bool cf_pcap_is_full(const struct tpacket_block_desc *block) {
    return (block->hdr.bh1.block_status & TP_STATUS_BLK_TMO) == 0;
}

// Gives the block back to the kernel, which will write to it.
static inline void cf_pcap_give_back(struct tpacket_block_desc *block) {
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

// Brings into the cache what will be read a few packets after `packet`, as the processor does not by itself: a small packet
// with its header takes 256 bytes.
static inline void cf_pcap_prefetch_behind(const void *packet) {
    for (int line = 0; line < 256; line += 64) __builtin_prefetch((const char *)packet + 1024 + line);
}

#endif
