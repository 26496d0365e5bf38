#ifndef CMEMORY_PREFETCH_H
#define CMEMORY_PREFETCH_H

/// Has the processor bring the memory at an address near, without waiting for it. Any address is allowed.
static inline void prefetch(const void *address) { __builtin_prefetch(address); }

#endif
