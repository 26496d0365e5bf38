// Lowers the limit on descriptors of an agent at a chosen system call of its start.
//
//   lower PID FIRST LAST LIMIT
//       PID is stopped, and execs the agent when it goes on. Follows it and its children from one entry or return of a
//       system call to the next. From the one with the number FIRST (from 1 on, 0 is none) to LAST each process that gets
//       there has that RLIMIT_NOFILE, and its old one again later, unless LAST is below FIRST. Kills all when the agent writes to its standard output.
//       Prints the number of stops.

#define _GNU_SOURCE
#include "tracing.h"

#include <sys/resource.h>

static void setLimit(rlim_t soft, rlim_t hard) {
    if (prlimit(traced, RLIMIT_NOFILE, &(struct rlimit){soft, hard}, NULL) != 0) fail("prlimit");
}

int main(int count, char **words) {
    if (count < 5) return 2;
    pid_t agent = atoi(words[1]);
    long first = atol(words[2]), last = atol(words[3]), stops = 0;
    rlim_t limit = (rlim_t)atol(words[4]);
    int status, isAgent = 0;
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
        PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, agent, 0, options) < 0) fail("PTRACE_SEIZE");
    kill(agent, SIGCONT);
    while ((traced = waitpid(-1, &status, __WALL)) > 0) {
        if (!WIFSTOPPED(status)) continue;
        int signal = 0;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) isAgent = 1;
        if (WSTOPSIG(status) == syscallStop && isAgent) {
            struct user_regs_struct call = registers();
            if (traced == agent && call.orig_rax == SYS_write && call.rdi == STDOUT_FILENO) break;
            stops++;
            if (first > 0 && stops >= first && last < first) setLimit(limit, limit);
            if (first > 0 && stops >= first && last >= first) setLimit(stops <= last ? limit : 1024, 1024);
        } else if (status >> 16 == 0 && WSTOPSIG(status) != syscallStop) {
            signal = WSTOPSIG(status);
        }
        if (ptrace(PTRACE_SYSCALL, traced, 0, signal) < 0 && errno != ESRCH) fail("PTRACE_SYSCALL");
    }
    kill(agent, SIGKILL);
    printf("%ld\n", stops);
    return 0;
}
