#include "include/process.h"

static int argument_count;
static char **argument_values;

// Keeps the arguments of the process. glibc passes argc, argv and envp to each constructor, also in static executables
// (csu/libc-start.c).
__attribute__((constructor)) static void keep_arguments(int argc, char **argv, char **envp) {
    (void)envp;
    argument_count = argc;
    argument_values = argv;
}

char *const *cf_pcap_arguments(int *count) {
    *count = argument_count;
    return argument_values;
}
