// Makes things happen to a running process that cannot be brought about from outside, by tracing it.
//
//   inject fail PID DESCRIPTOR ERROR FIRST EVERY
//       Its writes to the descriptor fail with the error number and write nothing: the FIRST one from then on, and each
//       EVERY-th after that. Says "attached"; ends with the process, or lets go of it on SIGTERM.
//   inject call PID NUMBER [ARGUMENT ...]
//       It makes a system call of its own. Says "returned N" or "killed by N".
//   inject filter PID
//       Prints the instructions of its last seccomp filter (linux/bpf_common.h): code, jumps and operand, one a line.
//
// strace's own injection replaces the call's number by -1, which a seccomp filter answers by killing.

#include "tracing.h"

#include <linux/filter.h>

static volatile sig_atomic_t isToEnd;

static void noteEnd(int signal) {
    (void)signal;
    isToEnd = 1;
    ptrace(PTRACE_INTERRUPT, traced, 0, 0);
}

static void interrupt(void) {
    if (ptrace(PTRACE_INTERRUPT, traced, 0, 0) < 0) fail("PTRACE_INTERRUPT");
    if (waitpid(traced, NULL, 0) < 0) fail("waitpid");
}

static void attach(void) {
    if (ptrace(PTRACE_SEIZE, traced, 0, PTRACE_O_TRACESYSGOOD) < 0) fail("PTRACE_SEIZE");
    interrupt();
}

// Lets it run until it waits inside a call, so that a system call instruction lies just before rip.
static void awaitCall(void) {
    while ((long)registers().orig_rax == -1) {
        if (ptrace(PTRACE_CONT, traced, 0, 0) < 0) fail("PTRACE_CONT");
        usleep(10000);
        interrupt();
    }
}

static int isWriteTo(struct user_regs_struct call, long descriptor) {
    return (call.orig_rax == SYS_write || call.orig_rax == SYS_sendto) && (long)call.rdi == descriptor;
}

static int failWrites(long descriptor, long error, long first, long every) {
    struct sigaction action = {.sa_handler = noteEnd};
    sigaction(SIGTERM, &action, NULL);
    attach();
    puts("attached");
    fflush(stdout);
    for (long count = 0; !isToEnd;) {
        int status = next();
        if (!WIFSTOPPED(status)) return 0;
        struct user_regs_struct call = registers();
        if (!isAtEntry(status) || !isWriteTo(call, descriptor)) continue;
        count++;
        if (count < first || (count - first) % every != 0) continue;
        call.rdx = 0;
        setRegisters(call);
        if (!WIFSTOPPED(next())) return 0;
        struct user_regs_struct result = registers();
        result.rax = -error;
        setRegisters(result);
    }
    ptrace(PTRACE_DETACH, traced, 0, 0);
    return 0;
}

static int makeCall(long number, const long arguments[6]) {
    attach();
    awaitCall();
    struct user_regs_struct before = registers();
    setRegisters(callRegisters(before, number, arguments));
    int status;
    do status = next();
    while (WIFSTOPPED(status) && !isAtEntry(status));
    // A seccomp filter that kills does so on the way out of the call.
    long long result = 0;
    if (WIFSTOPPED(status)) status = next();
    if (WIFSTOPPED(status)) {
        result = (long long)registers().rax;
        setRegisters(before);
        status = next();
    }
    if (WIFSIGNALED(status)) printf("killed by %d\n", WTERMSIG(status));
    else if (WIFEXITED(status)) printf("exited with %d\n", WEXITSTATUS(status));
    else printf("returned %lld\n", result);
    ptrace(PTRACE_DETACH, traced, 0, 0);
    return 0;
}

static int printFilter(void) {
    struct sock_filter instructions[BPF_MAXINSNS];
    attach();
    // The first is the one that was installed first; a container's own comes before the process's.
    long count = -1, size;
    for (long number = 0; (size = ptrace(PTRACE_SECCOMP_GET_FILTER, traced, number, instructions)) >= 0; number++) count = size;
    if (count < 0) fail("PTRACE_SECCOMP_GET_FILTER");
    for (long index = 0; index < count; index++) {
        struct sock_filter one = instructions[index];
        printf("%u %u %u %u\n", one.code, one.jt, one.jf, one.k);
    }
    ptrace(PTRACE_DETACH, traced, 0, 0);
    return 0;
}

int main(int count, char **words) {
    if (count < 3) return 2;
    traced = atoi(words[2]);
    long numbers[7] = {0};
    for (int index = 3; index < count && index < 10; index++) numbers[index - 3] = strtol(words[index], NULL, 0);
    if (strcmp(words[1], "fail") == 0) return failWrites(numbers[0], numbers[1], numbers[2], numbers[3]);
    if (strcmp(words[1], "filter") == 0) return printFilter();
    return makeCall(numbers[0], numbers + 1);
}
