#include "include/process.h"

#include <sys/resource.h>
#include <unistd.h>

static int argument_count;
static char **argument_values;

// glibc hands argc, argv and envp to every constructor (csu/libc-start.c), in static executables too.
__attribute__((constructor)) static void keep_arguments(int argc, char **argv, char **envp) {
    (void)envp;
    argument_count = argc;
    argument_values = argv;
}

char *const *cf_pcap_arguments(int *count) {
    *count = argument_count;
    return argument_values;
}

// More than anybody has open, where the limit is none.
enum { MOST = 1 << 20 };

static int close_range_of(unsigned first, unsigned last) {
    if (first > last || close_range(first, last, 0) == 0) return 0;
    // Linux before 5.9, or a system call filter that does not know it.
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    for (unsigned descriptor = first; descriptor <= last && descriptor < limit.rlim_max && descriptor < MOST; descriptor++)
        close((int)descriptor);
    return 0;
}

int cf_pcap_close_from(int first) { return close_range_of((unsigned)first, ~0U); }

int cf_pcap_close_all_but(int kept) {
    int below = close_range_of(STDERR_FILENO + 1, (unsigned)kept - 1);
    int above = close_range_of((unsigned)kept + 1, ~0U);
    return below == 0 ? above : below;
}
