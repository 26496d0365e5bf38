// Makes one system call of a program's start fail, which the kernel cannot be brought to from outside.
//
//   fail_call PROGRAMS NUMBER FIRST NTH ERROR COMMAND [ARGUMENT ...]
//       Runs the command, in which PROGRAMS replace each other by execve(2). In the last of them the NTH call of that number
//       whose first argument is FIRST (-1: any) fails with the error number and does nothing. Ends with its status.
//
// strace's own injection replaces the call's number by -1, which a seccomp filter answers by killing.

#include "tracing.h"

static void failOne(int programs, long number, int first, long nth, long error) {
    for (long count = 0;;) {
        int status = next();
        if (!WIFSTOPPED(status)) {
            fprintf(stderr, "it ended before that call\n");
            exit(99);
        }
        struct user_regs_struct call = registers();
        if (!isAtEntry(status)) {
            if (call.orig_rax == SYS_execve && call.rax == 0) programs--;
            continue;
        }
        if (programs > 0 || (long)call.orig_rax != number || (first >= 0 && (int)call.rdi != first) || ++count != nth) continue;
        call.orig_rax = SYS_getpid;
        setRegisters(call);
        if (!WIFSTOPPED(next())) fail("it ended");
        struct user_regs_struct result = registers();
        result.rax = -error;
        setRegisters(result);
        return;
    }
}

int main(int count, char **words) {
    if (count < 7) return 2;
    traced = fork();
    if (traced == 0) {
        raise(SIGSTOP);
        execv(words[6], words + 6);
        _exit(127);
    }
    int status;
    if (waitpid(traced, NULL, WUNTRACED) < 0) fail("waitpid");
    if (ptrace(PTRACE_SEIZE, traced, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0) fail("PTRACE_SEIZE");
    kill(traced, SIGCONT);
    failOne(atoi(words[1]), atol(words[2]), atoi(words[3]), atol(words[4]), atol(words[5]));
    if (ptrace(PTRACE_DETACH, traced, 0, 0) < 0) fail("PTRACE_DETACH");
    if (waitpid(traced, &status, 0) < 0) fail("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
