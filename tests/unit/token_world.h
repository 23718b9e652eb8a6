/* token_world.h - a SoftHSM token and a software TPM, each in a folder of the
 * test's own. */

#ifndef TESTS_TOKEN_WORLD_H
#define TESTS_TOKEN_WORLD_H

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
#define PIN     "4711"

struct tokens {
    char path[64]; /* short: a UNIX socket's path has a limit */
    pid_t tpm;     /* 0: not running */
};

/* Run a command line; true when it ended well.  Its words go to a log. */
__attribute__((format(printf, 2, 3))) static inline bool tokens_run(
    const struct tokens *t, const char *format, ...)
{
    char line[1000];
    va_list args;
    int used;

    va_start(args, format);
    line[0] = '{';
    line[1] = ' ';
    used = 2 + vsnprintf(line + 2, sizeof(line) - 2, format, args);
    va_end(args);
    (void)snprintf(line + used, sizeof(line) - (size_t)used,
        "; } >>%s/log 2>&1 </dev/null", t->path);
    return system(line) == 0; /* NOLINT(cert-env33-c): a test's own tools */
}

static inline void tokens_write(
    const struct tokens *t, const char *name, const char *text)
{
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", t->path, name);
    (void)unlink(path);
    f = fopen(path, "w");
    if (f != NULL) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
    (void)chmod(path, 0600);
}

static inline bool tokens_add(const struct tokens *t, const char *label)
{
    return tokens_run(t,
        "softhsm2-util --init-token --free --label %s --so-pin 12345678 "
        "--pin " PIN,
        label);
}

/* A socket is in its folder a moment before anybody listens at it. */
static inline bool tokens_somebody_listens(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listens;

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    listens = fd >= 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        (void)close(fd);
    return listens;
}

/* The control channel is the last that swtpm opens. */
static inline bool tokens_start_tpm(struct tokens *t)
{
    char state[128], server[128], control[160];
    const struct timespec nap = {0, 20000000};

    (void)snprintf(state, sizeof(state), "dir=%s/tpm", t->path);
    (void)snprintf(server, sizeof(server), "type=unixio,path=%s/s", t->path);
    (void)snprintf(
        control, sizeof(control), "type=unixio,path=%s/s.ctrl", t->path);
    t->tpm = fork();
    if (t->tpm == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL &&
            freopen("/dev/null", "w", stderr) != NULL)
            (void)execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate",
                state, "--server", server, "--ctrl", control, "--flags",
                "not-need-init,startup-clear", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 250; i++) {
        if (tokens_somebody_listens(strchr(control, '/')))
            return true;
        (void)nanosleep(&nap, NULL);
    }
    return false;
}

static inline void tokens_stop_tpm(struct tokens *t)
{
    if (t->tpm <= 0)
        return;
    (void)kill(t->tpm, SIGTERM);
    (void)waitpid(t->tpm, NULL, 0);
    t->tpm = 0;
    (void)tokens_run(t, "rm -f %s/s %s/s.ctrl", t->path, t->path);
}

/* A token "factory" with PIN 4711, and a TPM; both empty. */
static inline bool tokens_make(struct tokens *t)
{
    char text[300], path[128];

    *t = (struct tokens){.path = "/tmp/nameplate-tokens-XXXXXX"};
    if (mkdtemp(t->path) == NULL)
        return false;
    (void)snprintf(text, sizeof(text),
        "directories.tokendir = %s/hsm\nobjectstore.backend = file\n"
        "log.level = ERROR\n",
        t->path);
    tokens_write(t, "softhsm2.conf", text);
    tokens_write(t, "pin", PIN "\n");
    (void)snprintf(path, sizeof(path), "%s/softhsm2.conf", t->path);
    (void)setenv("SOFTHSM2_CONF", path, 1);
    (void)snprintf(text, sizeof(text), "swtpm:path=%s/s", t->path);
    (void)setenv("TPM2TOOLS_TCTI", text, 1);
    return tokens_run(t, "mkdir %s/hsm %s/tpm", t->path, t->path) &&
        tokens_add(t, "factory") && tokens_start_tpm(t);
}

static inline void tokens_remove(struct tokens *t)
{
    tokens_stop_tpm(t);
    (void)tokens_run(t, "rm -rf %s", t->path);
}

#endif
