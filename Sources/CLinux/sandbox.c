#include "include/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the numbers of the system calls are those of x86-64"
#endif

// A condition on an argument of a system call: its masked bits have a value. A mask of 0 stands for no condition.
//
// Only the low 32 bits are compared, because the kernel reads no more of descriptors, commands and protections.
struct condition {
    uint32_t argument, mask, value;
};

#define IS(argument, value) {argument, UINT32_MAX, (uint32_t)(value)}
#define LACKS(argument, bits) {argument, bits, 0}

// A rule: a system call, and the conditions under which the rule applies to it.
struct rule {
    uint32_t call;
    struct condition conditions[2];
};

// The largest number of rules in a table.
enum { MOST_RULES = 40 };

// A filter for seccomp(2), with space for a table of rules.
struct program {
    struct sock_filter instructions[8 + MOST_RULES * 9];
    unsigned short length;
};

// Appends an instruction.
static void emit(struct program *program, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    program->instructions[program->length++] = (struct sock_filter)BPF_JUMP(code, value, if_true, if_false);
}

// Appends an instruction that loads a word of struct seccomp_data.
static void emit_load(struct program *program, size_t offset) {
    emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

// Appends instructions that return `action` if the rule applies, and otherwise continue after the last of them.
static void emit_rule(struct program *program, const struct rule *rule, uint32_t action) {
    uint8_t rest = 1;
    for (int index = 0; index < 2; index++) rest += rule->conditions[index].mask == 0 ? 0 : 3;
    emit_load(program, offsetof(struct seccomp_data, nr));
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, rest);
    for (int index = 0; index < 2; index++) {
        const struct condition *condition = &rule->conditions[index];
        if (condition->mask == 0) continue;
        emit_load(program, offsetof(struct seccomp_data, args[condition->argument]));
        emit(program, BPF_ALU | BPF_AND | BPF_K, condition->mask, 0, 0);
        emit(program, BPF_JMP | BPF_JEQ | BPF_K, condition->value, 0, rest -= 3);
    }
    emit(program, BPF_RET | BPF_K, action, 0, 0);
}

// Installs a filter that returns `action` for a call to which a rule applies, and `otherwise` for any other call.
//
// Kills the process at a call of another architecture or of x32 (arch/x86/include/uapi/asm/unistd.h, __X32_SYSCALL_BIT).
static int install(const struct rule *rules, size_t count, uint32_t action, uint32_t otherwise) {
    struct program program = {.length = 0};
    emit_load(&program, offsetof(struct seccomp_data, arch));
    emit(&program, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    emit(&program, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    emit_load(&program, offsetof(struct seccomp_data, nr));
    emit(&program, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    emit(&program, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    for (size_t index = 0; index < count; index++) emit_rule(&program, &rules[index], action);
    emit(&program, BPF_RET | BPF_K, otherwise, 0, 0);
    struct sock_fprog filter = {.len = program.length, .filter = program.instructions};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

#define INSTALL(rules, action, otherwise)                                                       \
    _Static_assert(sizeof(rules) / sizeof *(rules) <= MOST_RULES, "a program has room for fewer"); \
    return install(rules, sizeof(rules) / sizeof *(rules), action, otherwise)

int cf_pcap_deny_sending(int socket) {
    const struct rule forbidden[] = {
        {SYS_write, {IS(0, socket)}},
        {SYS_writev, {IS(0, socket)}},
        {SYS_pwrite64, {IS(0, socket)}},
        {SYS_pwritev, {IS(0, socket)}},
        {SYS_pwritev2, {IS(0, socket)}},
        {SYS_sendto, {IS(0, socket)}},
        {SYS_sendfile, {IS(0, socket)}},
        {SYS_splice, {IS(2, socket)}},
        {SYS_connect, {IS(0, socket)}},
        // Calls that duplicate the descriptor.
        {SYS_dup, {IS(0, socket)}},
        {SYS_dup2, {IS(0, socket)}},
        {SYS_dup3, {IS(0, socket)}},
        {SYS_fcntl, {IS(0, socket), IS(1, F_DUPFD)}},
        {SYS_fcntl, {IS(0, socket), IS(1, F_DUPFD_CLOEXEC)}},
        // Calls that pass the descriptor to another process (unix(7), SCM_RIGHTS), take it from there, or have another
        // process or the kernel send.
        {.call = SYS_sendmsg},
        {.call = SYS_sendmmsg},
        {.call = SYS_pidfd_getfd},
        {.call = SYS_ptrace},
        {.call = SYS_process_vm_writev},
        {.call = SYS_io_submit},
        {.call = SYS_io_uring_setup},
        {.call = SYS_io_uring_enter},
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    INSTALL(forbidden, SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW);
}

int cf_pcap_enter_sandbox(struct cf_pcap_descriptors used) {
    const struct rule allowed[] = {
        // Waits for packets, for free space in the output, for its reader to go, for signals.
        {.call = SYS_ppoll},
        // Waits for standard error to accept a log line. Asks for errors of the packet socket (in libpcap), and whether
        // standard input is closed.
        {.call = SYS_poll},
        // Reads signals.
        {SYS_read, {IS(0, used.signals)}},
        // Writes records and log lines. Never the packet socket: a write there would send a packet.
        {SYS_write, {IS(0, STDOUT_FILENO)}},
        {SYS_write, {IS(0, STDERR_FILENO)}},
        // Writes records to a standard output that is a socket, without waiting and without SIGPIPE.
        {SYS_sendto, {IS(0, STDOUT_FILENO)}},
        // Asks how many bytes a pipe holds.
        {SYS_ioctl, {IS(0, STDOUT_FILENO), IS(1, FIONREAD)}},
        // Asks for the kernel's counts of packets, and for the state of the interface.
        {SYS_getsockopt, {IS(0, used.capture)}},
        {SYS_getsockname, {IS(0, used.capture)}},
        {SYS_ioctl, {IS(0, used.capture), IS(1, SIOCGIFFLAGS)}},
        // Reads the socket tables. A table that is not read has the number -1, which is never a descriptor.
        {SYS_pread64, {IS(0, used.socket_tables[0])}},
        {SYS_pread64, {IS(0, used.socket_tables[1])}},
        // Truncates a file that accepts no more to its last whole record.
        {SYS_lseek, {IS(0, STDOUT_FILENO)}},
        {SYS_ftruncate, {IS(0, STDOUT_FILENO)}},
        // Allocates memory that cannot be executed, in malloc(3).
        {.call = SYS_brk},
        {SYS_mmap, {LACKS(2, PROT_EXEC), IS(4, -1)}},
        {.call = SYS_munmap},
        // Continues a call after SIGSTOP and SIGCONT.
        {.call = SYS_restart_syscall},
        // Reads the clocks if the kernel has no vDSO.
        {.call = SYS_clock_gettime},
        // Ends the process.
        {.call = SYS_exit_group},
    };
    INSTALL(allowed, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS);
}
