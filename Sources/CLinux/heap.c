#include "include/heap.h"

#include <malloc.h>
#include <stdlib.h>

enum { RESERVE = 64 * 1024 };

void cf_pcap_set_memory_aside(void) {
    mallopt(M_TRIM_THRESHOLD, -1);
    // Below glibc's mmap threshold (128 kB, mallopt(3)), so that it comes from the heap and returns to it.
    void *volatile reserve = malloc(RESERVE);
    free(reserve);
}
