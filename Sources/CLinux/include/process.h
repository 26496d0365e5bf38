// The arguments that the process was started with.
#pragma once

// Returns argv as main(3) would get it, and its number of entries. The first is the program's name.
char *const *cf_pcap_arguments(int *count);
