/* est_users.c - the file in one piece, its words found in place. */

#include "cloudd/est_users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cloudd/secret.h"
#include "core/file.h"
#include "core/log.h"
#include "identity/bytes.h"
#include "identity/pem.h"

#define FILE_LIMIT 65536
#define USERS_MOST 256
#define GIVEN_MOST 512 /* bytes of "user:password", in base64 */

struct line {
    const char *name, *password, *thing;
};

struct est_users {
    char *text;
    size_t len, count;
    struct line lines[USERS_MOST];
};

/* The next word of a line, ended with NUL; NULL: no more. */
static char *word(char **rest)
{
    char *at = *rest + strspn(*rest, " \t\r");
    size_t len = strcspn(at, " \t\r");

    if (len == 0)
        return NULL;
    *rest = at + len;
    if (**rest != '\0')
        *(*rest)++ = '\0';
    return at;
}

static bool take_line(struct est_users *users, char *text)
{
    struct line *line = &users->lines[users->count];

    if (*text == '#' || text[strspn(text, " \t\r")] == '\0')
        return true;
    if (users->count == USERS_MOST)
        return false;
    line->name = word(&text);
    line->password = word(&text);
    line->thing = word(&text);
    if (line->thing == NULL || strchr(line->name, ':') != NULL ||
        word(&text) != NULL)
        return false;
    users->count++;
    return true;
}

static enum err take_lines(struct est_users *users, const char *path)
{
    char *next = users->text;

    for (int number = 1; next != NULL; number++) {
        char *line = next;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (take_line(users, line))
            continue;
        log_error("est",
            "%s line %d: expected USER PASSWORD THING, at most %d of them",
            path, number, USERS_MOST);
        return ERR_INVALID;
    }
    return ERR_OK;
}

static bool is_private(const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return true; /* reading it says what is wrong */
    log_error("est",
        "%s holds passwords and can be read by others; chmod 600 %s", path,
        path);
    return false;
}

enum err est_users_open(const char *path, struct est_users **out)
{
    struct est_users *users;
    enum err e;

    if (!is_private(path))
        return ERR_DENIED;
    users = calloc(1, sizeof(*users));
    if (users == NULL)
        return ERR_NO_MEMORY;
    e = file_read(path, FILE_LIMIT, &users->text, &users->len);
    if (e != ERR_OK)
        log_error("est", "cannot read %s: %s", path, err_name(e));
    else
        e = take_lines(users, path);
    if (e != ERR_OK)
        est_users_free(users);
    else
        *out = users;
    return e;
}

void est_users_free(struct est_users *users)
{
    struct bytes text;

    if (users == NULL)
        return;
    text = (struct bytes){(unsigned char *)users->text, users->len};
    if (text.at != NULL)
        bytes_free(&text);
    free(users);
}

/* Every line is compared, so that time tells nothing. */
static const struct line *find(
    const struct est_users *users, const char *name, const char *password)
{
    const struct line *found = NULL;

    for (size_t i = 0; i < users->count; i++) {
        bool same_name = secret_equal(users->lines[i].name, name);
        bool same_password = secret_equal(users->lines[i].password, password);

        if (same_name && same_password)
            found = &users->lines[i];
    }
    return found;
}

/* base64 as PEM does it; a NUL stands behind. */
static enum err decode(const char *text, struct bytes *out)
{
    char pem[GIVEN_MOST + 60];
    const char *at = pem;

    if (strlen(text) > GIVEN_MOST)
        return ERR_INVALID;
    (void)snprintf(
        pem, sizeof(pem), "-----BEGIN X-----\n%s\n-----END X-----\n", text);
    return pem_next("X", &at, out);
}

enum err est_users_check(const struct est_users *users,
    const char *authorization, struct est_user *out)
{
    const struct line *line = NULL;
    struct bytes given = {NULL, 0};
    char *colon;

    if (strncasecmp(authorization, "Basic ", 6) != 0 ||
        decode(authorization + 6, &given) != ERR_OK)
        return ERR_INVALID;
    colon = memchr(given.at, ':', given.len);
    if (colon != NULL) {
        *colon = '\0';
        line = find(users, (const char *)given.at, colon + 1);
    }
    bytes_free(&given);
    if (line == NULL)
        return ERR_DENIED;
    *out = (struct est_user){
        line->name, strcmp(line->thing, "*") == 0 ? NULL : line->thing};
    return ERR_OK;
}
