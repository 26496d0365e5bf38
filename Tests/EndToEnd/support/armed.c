// What a process could do with its packet socket if someone else's code ran in it before it is in its sandbox.
//
//   armed MOMENT with|without INTERFACE COMMAND [ARGUMENT ...]
//       Runs the command up to MOMENT: `open`, when its packet socket has just been opened; `bound`, when that has just
//       been bound; `sandbox`, when it is about to install its second seccomp filter. There it tries every way to send a
//       frame of type 0x88B5 on the socket, or to give it another number or holder. Prints a line for each: its name, and
//       what the call returned. `without` takes away the process's first seccomp filter, for comparison.

#define _GNU_SOURCE
#include "tracing.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

// What the calls point to, in the process's own memory, below its stack's red zone.
struct material {
    unsigned char frame[64];
    struct sockaddr_ll address;
    struct iovec part;
    struct mmsghdr message, passing;
    struct {
        struct cmsghdr head;
        int descriptor;
    } rights;
    int ends[2];
    aio_context_t context;
    struct iocb request;
    struct iocb *requests[1];
    char path[16];
    char ring[256];
};

static unsigned long place;
#define IN_PLACE(field) ((void *)(place + offsetof(struct material, field)))
#define ADDRESS(field) ((long)(place + offsetof(struct material, field)))

static int memory;

static struct material readMaterial(void) {
    struct material material;
    if (pread(memory, &material, sizeof material, (off_t)place) != sizeof material) fail("reading its memory");
    return material;
}

static void writeMaterial(struct material material) {
    if (pwrite(memory, &material, sizeof material, (off_t)place) != sizeof material) fail("writing its memory");
}

static void prepare(int socket, int interface) {
    place = (registers().rsp - 65536) & ~63ul;
    struct material material = {
        .frame = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5},
        .address = {.sll_family = AF_PACKET, .sll_ifindex = interface, .sll_halen = 6, .sll_addr = {255, 255, 255, 255, 255, 255}},
        .part = {IN_PLACE(frame), sizeof material.frame},
        .message.msg_hdr = {IN_PLACE(address), sizeof material.address, IN_PLACE(part), 1, NULL, 0, 0},
        .passing.msg_hdr = {NULL, 0, IN_PLACE(part), 1, IN_PLACE(rights), sizeof material.rights, 0},
        .rights = {{CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}, socket},
        .request = {.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (uint32_t)socket,
                    .aio_buf = (uint64_t)ADDRESS(frame), .aio_nbytes = sizeof material.frame},
        .requests = {IN_PLACE(request)},
        .path = "/proc/self/exe",
    };
    writeMaterial(material);
}

static long make(long number, long a, long b, long c, long d, long e, long f) {
    struct user_regs_struct before = registers();
    setRegisters(callRegisters(before, number, (long[6]){a, b, c, d, e, f}));
    int status = next();
    if (!isAtEntry(status)) fail("the call is not entered");
    status = next();
    if (!WIFSTOPPED(status)) fail("the call ended the process");
    long result = (long)registers().rax;
    setRegisters(before);
    return result;
}

#define CALL(number, ...) make(number, __VA_ARGS__)
#define TRY(number, ...) printf("%s %ld\n", #number, CALL(SYS_##number, __VA_ARGS__))

static void tryAll(long socket) {
    const long size = sizeof((struct material *)0)->frame, freeNumber = 60;
    TRY(write, socket, ADDRESS(frame), size, 0, 0, 0);
    TRY(writev, socket, ADDRESS(part), 1, 0, 0, 0);
    TRY(pwrite64, socket, ADDRESS(frame), size, 0, 0, 0);
    TRY(pwritev, socket, ADDRESS(part), 1, 0, 0, 0);
    TRY(pwritev2, socket, ADDRESS(part), 1, -1, 0, 0);
    TRY(sendto, socket, ADDRESS(frame), size, 0, ADDRESS(address), sizeof(struct sockaddr_ll));
    TRY(sendmsg, socket, ADDRESS(message), 0, 0, 0, 0);
    TRY(sendmmsg, socket, ADDRESS(message), 1, 0, 0, 0);
    long file = CALL(SYS_open, ADDRESS(path), O_RDONLY, 0, 0, 0, 0);
    TRY(sendfile, socket, file, 0, size, 0, 0);
    CALL(SYS_pipe2, ADDRESS(ends), 0, 0, 0, 0, 0);
    struct material material = readMaterial();
    CALL(SYS_write, material.ends[1], ADDRESS(frame), size, 0, 0, 0);
    TRY(splice, material.ends[0], 0, socket, 0, size, 0);
    CALL(SYS_io_setup, 1, ADDRESS(context), 0, 0, 0, 0);
    material = readMaterial();
    TRY(io_submit, (long)material.context, 1, ADDRESS(requests), 0, 0, 0);
    TRY(io_uring_setup, 1, ADDRESS(ring), 0, 0, 0, 0);
    TRY(io_uring_enter, -1, 0, 0, 0, 0, 0);
    TRY(connect, socket, ADDRESS(address), sizeof(struct sockaddr_ll), 0, 0, 0);
    TRY(dup, socket, 0, 0, 0, 0, 0);
    TRY(dup2, socket, freeNumber, 0, 0, 0, 0);
    TRY(dup3, socket, freeNumber + 1, 0, 0, 0, 0);
    TRY(fcntl, socket, F_DUPFD, 0, 0, 0, 0);
    TRY(fcntl, socket, F_DUPFD_CLOEXEC, 0, 0, 0, 0);
    CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ADDRESS(ends), 0, 0);
    material = readMaterial();
    TRY(sendmsg, material.ends[0], ADDRESS(passing), 0, 0, 0, 0);
    TRY(sendmmsg, material.ends[0], ADDRESS(passing), 1, 0, 0, 0);
    long self = CALL(SYS_pidfd_open, traced, 0, 0, 0, 0, 0);
    TRY(pidfd_getfd, self, socket, 0, 0, 0, 0);
    TRY(ptrace, PTRACE_ATTACH, 999999999, 0, 0, 0, 0);
    TRY(process_vm_writev, traced, ADDRESS(part), 1, ADDRESS(part), 1, 0);
}

// Runs it to the moment. Returns its packet socket.
static long runTo(const char *moment, int hasFilter) {
    long socket = -1;
    int filters = 0;
    for (;;) {
        int status = next();
        if (!WIFSTOPPED(status)) fail("it ended before that moment");
        struct user_regs_struct call = registers();
        int isFilter = call.orig_rax == SYS_prctl && call.rdi == PR_SET_SECCOMP;
        if (isAtEntry(status)) {
            filters += isFilter;
            int isLast = isFilter && filters == 2 && strcmp(moment, "sandbox") == 0;
            if (isLast || (isFilter && filters == 1 && !hasFilter)) {
                call.orig_rax = SYS_getpid;
                setRegisters(call);
                if (!WIFSTOPPED(next())) fail("it ended");
                if (isLast) return socket;
                call = registers();
                call.rax = 0;
                setRegisters(call);
            }
            continue;
        }
        if (call.orig_rax == SYS_socket && call.rdi == AF_PACKET && (long)call.rax >= 0) {
            socket = (long)call.rax;
            if (strcmp(moment, "open") == 0) return socket;
        }
        if (call.orig_rax == SYS_bind && socket >= 0 && (long)call.rdi == socket && strcmp(moment, "bound") == 0) return socket;
    }
}

int main(int count, char **words) {
    if (count < 5) return 2;
    traced = fork();
    if (traced == 0) {
        raise(SIGSTOP);
        execv(words[4], words + 4);
        _exit(127);
    }
    if (waitpid(traced, NULL, WUNTRACED) < 0) fail("waitpid");
    if (ptrace(PTRACE_SEIZE, traced, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0) fail("PTRACE_SEIZE");
    kill(traced, SIGCONT);
    long socket = runTo(words[1], strcmp(words[2], "with") == 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", traced);
    memory = open(path, O_RDWR);
    prepare((int)socket, atoi(words[3]));
    tryAll(socket);
    return 0;
}
