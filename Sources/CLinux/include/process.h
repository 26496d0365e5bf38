// What the process was started with.
#ifndef CF_PCAP_PROCESS_H
#define CF_PCAP_PROCESS_H

// argv as main(3) would get it; `count` entries, the first of which is the program's name.
char *const *cf_pcap_arguments(int *count);

// Closes every descriptor from `first` upwards. 0, or -1 where neither close_range(2) nor a limit is to be had.
int cf_pcap_close_from(int first);

// The same for all from 3 upwards but `kept`, which is one of those.
int cf_pcap_close_all_but(int kept);

#endif
