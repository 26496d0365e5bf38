// What the process was started with.
#ifndef CF_PCAP_PROCESS_H
#define CF_PCAP_PROCESS_H

// argv as main(3) would get it; `count` entries, the first of which is the program's name.
char *const *cf_pcap_arguments(int *count);

#endif
