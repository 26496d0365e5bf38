// The arguments that the process was started with.
#pragma once

// Returns the arguments of the process, of which the first is the program's name, and sets `count` to their number.
char *const *cf_pcap_arguments(int *count);
