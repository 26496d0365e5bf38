// Tracing one process by ptrace(2), from one system call to the next. For x86-64.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "knows the registers of x86-64 only"
#endif

enum { syscallInstructionSize = 2, syscallStop = SIGTRAP | 0x80 };

static pid_t traced __attribute__((unused));

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline struct user_regs_struct registers(void) {
    struct user_regs_struct values;
    if (ptrace(PTRACE_GETREGS, traced, 0, &values) < 0) fail("PTRACE_GETREGS");
    return values;
}

static inline void setRegisters(struct user_regs_struct values) {
    if (ptrace(PTRACE_SETREGS, traced, 0, &values) < 0) fail("PTRACE_SETREGS");
}

// Goes on to the next stop, passing on signals; returns the wait status.
static inline int next(void) {
    int status, signal = 0;
    while (1) {
        if (ptrace(PTRACE_SYSCALL, traced, 0, signal) < 0 && errno != ESRCH) fail("PTRACE_SYSCALL");
        while (waitpid(traced, &status, 0) < 0) {
            if (errno != EINTR) fail("waitpid");
        }
        if (!WIFSTOPPED(status) || WSTOPSIG(status) == syscallStop || status >> 16 == PTRACE_EVENT_STOP) return status;
        signal = WSTOPSIG(status);
    }
}

// Whether it is about to enter the kernel, with a call's number in orig_rax.
static inline int isAtEntry(int status) {
    return WIFSTOPPED(status) && WSTOPSIG(status) == syscallStop && (long)registers().rax == -ENOSYS;
}

// Its next instruction is the call, where one has just returned or waits: the instruction lies just before rip.
static inline struct user_regs_struct callRegisters(struct user_regs_struct now, long number, const long arguments[6]) {
    now.rip -= syscallInstructionSize;
    now.rax = number;
    now.orig_rax = -1;
    now.rdi = arguments[0];
    now.rsi = arguments[1];
    now.rdx = arguments[2];
    now.r10 = arguments[3];
    now.r8 = arguments[4];
    now.r9 = arguments[5];
    return now;
}
