// The heap while the sandbox lets the allocator ask the kernel for nothing.
#ifndef CF_PCAP_HEAP_H
#define CF_PCAP_HEAP_H

// Leaves enough free heap for the log lines of a running capture, and keeps the allocator from giving any back.
void cf_pcap_set_memory_aside(void);

#endif
