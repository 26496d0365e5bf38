// Another process of the agent's user, which takes descriptors away from it at random moments of its start.
//
//   race TRIES SEED COMMAND [ARGUMENT ...]
//       Starts the command as often, lowers RLIMIT_NOFILE of it or of its child by prlimit(2) on the way to its first
//       output, and ends it. The limit is lowered for good, just below what the process has to close, or the soft limit is,
//       and raised again for what it opens later, several times. The moment is any, or about that of the fork.
//       Prints how often it captured, and in how many tries a limit of the agent and one of the child was lowered.

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static double randomPartOf(double whole) {
    return whole * (double)random() / RAND_MAX;
}

static void pass(double seconds) {
    for (double end = now() + seconds; now() < end;) {
    }
}

static pid_t start(char **words, int *output) {
    int ends[2];
    if (pipe(ends) != 0) exit(1);
    pid_t process = fork();
    if (process == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(words[0], words);
        _exit(127);
    }
    close(ends[1]);
    *output = ends[0];
    return process;
}

// Its child, 0 where it has none.
static pid_t childOf(pid_t process) {
    char path[64], text[32] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", process, process);
    int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) < 0) text[0] = '\0';
    if (file >= 0) close(file);
    return atoi(text);
}

static int hasOutput(int output, int milliseconds) {
    struct pollfd source = {.fd = output, .events = POLLIN};
    return poll(&source, 1, milliseconds) > 0;
}

// Whether it captures: its output begins before it ends.
static int finish(pid_t process, int output) {
    char header[24];
    int captures = hasOutput(output, 10000) && read(output, header, sizeof header) > 0;
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    close(output);
    return captures;
}

static int setLimit(pid_t process, rlim_t soft, rlim_t hard) {
    return prlimit(process, RLIMIT_NOFILE, &(struct rlimit){soft, hard}, NULL) == 0;
}

enum { USUAL = 1024 };

static int lower(pid_t process) {
    rlim_t limit = (rlim_t)(3 + random() % 8);
    if (random() % 2) return setLimit(process, limit, limit);
    int lowered = 0;
    for (double end = now() + randomPartOf(2e-3); now() < end;) {
        lowered |= setLimit(process, limit, USUAL);
        pass(randomPartOf(200e-6));
        setLimit(process, USUAL, USUAL);
        pass(randomPartOf(50e-6));
    }
    return lowered;
}

static pid_t awaitChild(pid_t process, int output) {
    pid_t child = 0;
    while (child == 0 && !hasOutput(output, 0)) child = childOf(process);
    return child;
}

int main(int count, char **words) {
    if (count < 4) return 2;
    int tries = atoi(words[1]), captured = 0, ofAgent = 0, ofChild = 0, output;
    srandom((unsigned)atoi(words[2]));
    if (!setLimit(getpid(), USUAL, USUAL)) return 1;

    double toFork = 1, toOutput = 1;
    for (int index = 0; index < 5; index++) {
        double begin = now();
        pid_t process = start(words + 3, &output);
        awaitChild(process, output);
        if (now() - begin < toFork) toFork = now() - begin;
        if (hasOutput(output, 10000) && now() - begin < toOutput) toOutput = now() - begin;
        if (!finish(process, output)) return 1;
    }

    for (int index = 0; index < tries; index++) {
        pid_t process = start(words + 3, &output);
        switch (random() % 3) {
        case 0:
            pass(randomPartOf(toOutput));
            ofAgent += lower(process);
            break;
        case 1:
            pass(toFork * 0.9 + randomPartOf(toFork * 0.2));
            ofAgent += lower(process);
            break;
        default: {
            pid_t child = awaitChild(process, output);
            if (random() % 2) pass(randomPartOf(500e-6));
            if (child != 0) ofChild += lower(child);
        }
        }
        captured += finish(process, output);
    }
    printf("tries %d captured %d agent %d child %d\n", tries, captured, ofAgent, ofChild);
    return 0;
}
