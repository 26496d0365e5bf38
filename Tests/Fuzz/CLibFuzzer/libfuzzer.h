// libFuzzer as a library (llvm.org/docs/LibFuzzer.html).
#ifndef CF_PCAP_LIBFUZZER_H
#define CF_PCAP_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *bytes, size_t count));

#endif
