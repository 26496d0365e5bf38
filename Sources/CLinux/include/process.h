// What the process was started with.
#pragma once

// argv as main(3) would get it; `count` entries, the first of which is the program's name.
char *const *cf_pcap_arguments(int *count);
