// A name-service module that writes down what it could get at in the process that loaded it and what it was asked, and
// says that every name is 10.77.0.1. With STAYS defined a process of its own stays behind for 8 s, with all that it could
// keep open but the standard streams.

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <net/ethernet.h>
#include <netdb.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void reportStatus(FILE *report) {
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "NoNewPrivs", 10) == 0) fputs(line, report);
    }
    if (status) fclose(status);
    fprintf(report, "uid %u\n", geteuid());
}

static void reportSockets(FILE *report) {
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        int domain;
        socklen_t size = sizeof domain;
        if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0) {
            fprintf(report, "socket domain %d\n", domain);
        }
    }
}

static void reportAttempts(FILE *report) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{
        .effective = 1 << CAP_NET_RAW, .permitted = 1 << CAP_NET_RAW,
    }};
    fprintf(report, "raise %s\n", syscall(SYS_capset, &head, sets) == 0 ? "done" : "denied");
    int packets = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    fprintf(report, "packet socket %s\n", packets >= 0 ? "opened" : "denied");
    if (packets >= 0) close(packets);
}

__attribute__((constructor)) static void spy(void) {
    FILE *report = fopen(REPORT, "a");
    if (!report) return;
    reportStatus(report);
    reportSockets(report);
    reportAttempts(report);
    fclose(report);
#ifdef STAYS
    if (fork() == 0) {
        for (int descriptor = 0; descriptor <= 2; descriptor++) close(descriptor);
        sleep(8);
        _exit(0);
    }
#endif
}

enum nss_status _nss_hesiod_gethostbyname2_r(
    const char *name, int family, struct hostent *host, char *buffer, size_t size, int *error, int *hostError
) {
    struct answer {
        char *addresses[2];
        char *aliases[1];
        struct in_addr address;
    } *answer = (void *)(((size_t)buffer + 15) & ~(size_t)15);
    FILE *report = fopen(REPORT, "a");
    if (report) {
        fprintf(report, "asked %s family %d\n", name, family);
        fclose(report);
    }
    if (family != AF_INET) {
        *error = ENOENT;
        *hostError = HOST_NOT_FOUND;
        return NSS_STATUS_NOTFOUND;
    }
    if (size < sizeof *answer + 16) {
        *error = ERANGE;
        *hostError = NETDB_INTERNAL;
        return NSS_STATUS_TRYAGAIN;
    }
    inet_aton("10.77.0.1", &answer->address);
    answer->addresses[0] = (char *)&answer->address;
    answer->addresses[1] = NULL;
    answer->aliases[0] = NULL;
    *host = (struct hostent){
        .h_name = (char *)name, .h_aliases = answer->aliases, .h_addrtype = AF_INET,
        .h_length = sizeof(struct in_addr), .h_addr_list = answer->addresses,
    };
    return NSS_STATUS_SUCCESS;
}
