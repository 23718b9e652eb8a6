/* settings_files.c */

#include "local/settings_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/trust.h"

static enum err open_reason(int reason)
{
    if (reason == ENOENT || reason == ENOTDIR)
        return ERR_NOT_FOUND;
    return reason == EACCES || reason == EPERM ? ERR_DENIED : ERR_IO;
}

static enum err check_folder(const char *path, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

    if (fd < 0) {
        *why = strerror(errno);
        return open_reason(errno);
    }
    (void)close(fd);
    return ERR_OK;
}

/* A pipe or a device could block for ever: look, do not read. */
static enum err check_file(const char *path, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    enum err e = ERR_OK;

    if (fd < 0) {
        *why = strerror(errno);
        return open_reason(errno);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        *why = "it is not a file";
        e = ERR_IO;
    }
    (void)close(fd);
    return e;
}

/* What is in a token is no file, and its URI can hold a PIN. */
static enum err check_named(
    const char *section, const char *path, const char **why)
{
    if (path == NULL || strcmp(path, TRUST_SYSTEM) == 0 ||
        strncmp(path, "pkcs11:", 7) == 0 || strncmp(path, "tpm2:", 5) == 0)
        return ERR_OK;
    if (strcmp(section, "jobs") == 0)
        return check_folder(path, why);
    return check_file(path + 5 * (strncmp(path, "file:", 5) == 0), why);
}

enum err settings_look_at_files(const struct config *config,
    settings_expected *expected, config_say *say, void *context)
{
    static const char *const files[][2] = {
        {"cloud",      "trust"              },
        {"network",    "proxy_password_file"},
        {"downloads",  "trust"              },
        {"revocation", "crl"                },
        {"identity",   "certificate"        },
        {"identity",   "key"                },
        {"enrolment",  "trust"              },
        {"enrolment",  "password_file"      },
        {"enrolment",  "claim_certificate"  },
        {"enrolment",  "claim_key"          },
        {"device",     "description"        },
        {"ownership",  "verifier"           },
        {"ownership",  "wipe"               },
        {"commands",   "identify"           },
        {"commands",   "restart"            },
        {"jobs",       "handlers"           },
    };
    enum err first = ERR_OK;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *section = files[i][0], *name = files[i][1], *why;
        const char *path = config_text(config, section, name);
        enum err e = check_named(section, path, &why);
        char line[2000];

        if (e == ERR_OK)
            continue;
        (void)snprintf(line, sizeof(line),
            "%s: %s = '%s' in [%s] cannot be read: %s; expected %s",
            config_where(config, section, name), name, path, section, why,
            expected(section, name));
        say(context, line);
        if (first == ERR_OK)
            first = e;
    }
    return first;
}
