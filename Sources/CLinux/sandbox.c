#include "include/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the sandbox knows x86-64 and aarch64"
#endif

// Which value the low 32 bits of an argument must have. Descriptors and ioctl requests are 32 bits wide in the kernel,
// which ignores the rest.
struct argument {
    enum { ANYTHING, ONLY } rule;
    uint32_t value;
};

struct allowed_call {
    uint32_t number;
    struct argument first, second;
};

#define MOST_CALLS 24

#define NO_DESCRIPTOR UINT32_MAX

// Every call that the loop makes, with its reason. `calls` has room for MOST_CALLS; returns their number.
static size_t list_allowed_calls(struct allowed_call *calls, struct cf_pcap_descriptors descriptors) {
    const struct argument standard_output = {ONLY, STDOUT_FILENO};
    const struct argument the_capture = {ONLY, (uint32_t)descriptors.capture};
    const struct argument the_lookup = {ONLY, (uint32_t)descriptors.socket_lookup};
    const struct allowed_call list[] = {
        // Waiting for packets, for room in the output, for its reader to go.
        {.number = SYS_ppoll},
#ifdef SYS_poll
        // Room for a log line; errors on the packet socket, where libpcap reads the ring. aarch64 has only ppoll.
        {.number = SYS_poll},
#endif
        // Records and log lines. Never the packet socket: a write there would send a packet.
        {.number = SYS_write, .first = standard_output},
        {.number = SYS_write, .first = {ONLY, STDERR_FILENO}},
        // Records of large packets, straight from the ring.
        {.number = SYS_writev, .first = standard_output},
        // Records to a standard output that is a socket, without waiting and without SIGPIPE.
        {.number = SYS_sendto, .first = standard_output},
        // How much a pipe holds.
        {.number = SYS_ioctl, .first = standard_output, .second = {ONLY, FIONREAD}},
        // What the kernel captured and dropped; what became of the interface.
        {.number = SYS_getsockopt, .first = the_capture},
        {.number = SYS_getsockname, .first = the_capture},
        {.number = SYS_ioctl, .first = the_capture, .second = {ONLY, SIOCGIFNAME}},
        {.number = SYS_ioctl, .first = the_capture, .second = {ONLY, SIOCGIFFLAGS}},
        // Whether the SSH session is still there: asked, or read.
        {.number = SYS_sendto, .first = the_lookup},
        {.number = SYS_recvfrom, .first = the_lookup},
        {.number = SYS_pread64, .first = {ONLY, (uint32_t)descriptors.socket_tables[0]}},
        {.number = SYS_pread64, .first = {ONLY, (uint32_t)descriptors.socket_tables[1]}},
        // Cutting a file that takes no more back to its last whole record.
        {.number = SYS_lseek, .first = standard_output},
        {.number = SYS_ftruncate, .first = standard_output},
        // Signals, and no gap between looking for one and waiting.
        {.number = SYS_rt_sigprocmask},
        {.number = SYS_rt_sigreturn},
        // Going on behind SIGSTOP and SIGCONT, if they meet a poll(2).
        {.number = SYS_restart_syscall},
        // The time of day and the monotonic clock, where the kernel offers no vDSO for them.
        {.number = SYS_clock_gettime},
        // The end.
        {.number = SYS_exit_group},
    };
    _Static_assert(sizeof list / sizeof *list <= MOST_CALLS, "calls has room for fewer");
    size_t count = 0;
    for (size_t index = 0; index < sizeof list / sizeof *list; index++)
        if (list[index].first.rule == ANYTHING || list[index].first.value != NO_DESCRIPTOR) calls[count++] = list[index];
    return count;
}

struct program {
    struct sock_filter instructions[8 + MOST_CALLS * 8];
    unsigned short length;
};

static void emit(struct program *program, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    program->instructions[program->length++] = (struct sock_filter)BPF_JUMP(code, value, if_true, if_false);
}

static void emit_load(struct program *program, size_t offset) {
    emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

// Compares argument `index`; `rest` instructions follow until the next call's.
static void emit_argument(struct program *program, int index, struct argument argument, uint8_t rest) {
    if (argument.rule == ANYTHING) return;
    emit_load(program, offsetof(struct seccomp_data, args[index]));
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, argument.value, 0, rest);
}

static uint8_t length_of(struct argument argument) { return argument.rule == ANYTHING ? 0 : 2; }

static void emit_call(struct program *program, const struct allowed_call *call) {
    uint8_t first = length_of(call->first), second = length_of(call->second);
    emit_load(program, offsetof(struct seccomp_data, nr));
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, (uint8_t)(first + second + 1));
    emit_argument(program, 0, call->first, (uint8_t)(second + 1));
    emit_argument(program, 1, call->second, 1);
    emit(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int cf_pcap_enter_sandbox(struct cf_pcap_descriptors descriptors) {
    struct allowed_call calls[MOST_CALLS];
    size_t count = list_allowed_calls(calls, descriptors);
    struct program program = {.length = 0};

    emit_load(&program, offsetof(struct seccomp_data, arch));
    emit(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    emit(&program, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    for (size_t index = 0; index < count; index++) emit_call(&program, &calls[index]);
    emit(&program, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);

    struct sock_fprog filter = {.len = program.length, .filter = program.instructions};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
