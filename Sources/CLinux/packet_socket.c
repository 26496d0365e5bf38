#include "include/packet_socket.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

// A packet on lo comes twice, once sent and once received, and libpcap hands on the received one only (pcap-linux.c,
// linux_check_direction). With the other rejected here the ring holds twice as many, and the kernel counts what is handed
// on. `program` has room for BPF_MAXINSNS instructions; returns false where they would be more.
static bool reject_sent_on_loopback(struct sock_fprog *program) {
    const struct sock_filter prefix[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, if_nametoindex("lo"), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    unsigned short length = sizeof prefix / sizeof *prefix;
    if (program->len + length > BPF_MAXINSNS) return false;
    memmove(program->filter + length, program->filter, program->len * sizeof *prefix);
    memcpy(program->filter, prefix, sizeof prefix);
    program->len += length;
    return true;
}

static int attach(int descriptor, struct sock_fprog program) {
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

// libpcap applies its own copy of the filter to packets in the ring's first blocks, in case they came before the filter
// was set (pcap-linux.c, blocks_to_filter_in_userland). Here none can, and libpcap would see packets that are cut to the
// snaplen and without their direction. So libpcap is left with a filter that lets everything pass, and the kernel with
// the real one, as libpcap has adapted it.
// `instructions` and `longer` have room for BPF_MAXINSNS each.
static int leave_to_kernel(pcap_t *handle, struct sock_filter *instructions, struct sock_filter *longer) {
    socklen_t count = BPF_MAXINSNS;
    int descriptor = pcap_fileno(handle);
    if (getsockopt(descriptor, SOL_SOCKET, SO_GET_FILTER, instructions, &count) != 0) return -1;
    if (count == 0) return CF_PCAP_IN_LIBPCAP;
    struct bpf_insn everything = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
    if (pcap_setfilter(handle, &(struct bpf_program){1, &everything}) != 0) return -1;

    struct sock_fprog program = {(unsigned short)count, longer};
    memcpy(longer, instructions, count * sizeof *instructions);
    // A socket has memory for a filter of a certain size only (socket(7), optmem_max).
    if (reject_sent_on_loopback(&program) && attach(descriptor, program) == 0) return CF_PCAP_IN_KERNEL;
    program = (struct sock_fprog){(unsigned short)count, instructions};
    return attach(descriptor, program) == 0 ? CF_PCAP_IN_KERNEL_AND_LIBPCAP : -1;
}

// A stack may have no room for 64 kB (ulimit -s).
static int leave_filtering_to_kernel(pcap_t *handle) {
    struct sock_filter *instructions = calloc(2 * BPF_MAXINSNS, sizeof *instructions);
    if (instructions == NULL) return -1;
    int result = leave_to_kernel(handle, instructions, instructions + BPF_MAXINSNS);
    free(instructions);
    return result;
}

int cf_pcap_set_filter(pcap_t *handle, struct bpf_program *program) {
    char unread[256];
    FILE *standard_error = stderr;
    FILE *quiet = fmemopen(unread, sizeof unread, "w");
    if (quiet == NULL) return -1;
    stderr = quiet;
    int result = pcap_setfilter(handle, program);
    stderr = standard_error;
    fclose(quiet);
    return result == 0 ? leave_filtering_to_kernel(handle) : -1;
}

static pcap_t *busy;

static void leave_loop(int signal) {
    (void)signal;
    pcap_breakloop(busy);
}

int cf_pcap_leave_loop_at_times(pcap_t *handle) {
    const struct timeval tenth = {.tv_usec = 100000};
    busy = handle;
    if (sigaction(SIGALRM, &(struct sigaction){.sa_handler = leave_loop}, NULL) != 0) return -1;
    return setitimer(ITIMER_REAL, &(struct itimerval){tenth, tenth}, NULL);
}
