/* stage_enrolment.c - what the power-cut scenarios kill.
 *
 *     stage_enrolment rotate FOLDER     a new generation, as the agent keeps it
 *     stage_enrolment careless FOLDER   ... by an agent that names it first
 *     stage_enrolment look FOLDER       which one an agent would show: "g2", or
 *                                       "factory"; 1: one that it cannot use */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "identity/generations.h"

static void must(enum err e, const char *what)
{
    if (e == ERR_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, err_name(e));
    exit(70);
}

static void make_key(
    const struct generations *g, unsigned number, char uri[GENERATIONS_URI])
{
    struct keystore *store;
    char why[KEY_WHY];

    must(generations_key(g, number, uri), "key");
    must(keystore_new(uri, why, &store), "key");
    must(keystore_create(store, KEYSTORE_P256, why), why);
    keystore_free(store);
}

/* A CA's part: a certificate for this key. */
static struct bytes certify(const char *folder, const char *key)
{
    char command[3000], path[1100], *text;
    struct bytes pem;

    (void)snprintf(path, sizeof(path), "%s.made", folder);
    (void)snprintf(command, sizeof(command),
        "openssl req -x509 -new -key '%s' -subj /CN=x -days 9 -out '%s'", key,
        path);
    must(system(command) == 0 ? ERR_OK : ERR_IO, command);
    must(file_read(path, 65536, &text, &pem.len), path);
    pem.at = (unsigned char *)text;
    return pem;
}

static void name_first(const char *folder, unsigned number)
{
    char path[1100];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/current", folder);
    f = fopen(path, "w");
    must(f != NULL ? ERR_OK : ERR_IO, path);
    (void)fflush(f);
    (void)fprintf(
        f, "{\"generation\":%u,\"previous\":0,\"old\":\"\"}\n", number);
    (void)fclose(f);
}

static int rotate(const char *folder, bool carelessly)
{
    struct generations *g;
    struct bytes pem;
    char uri[GENERATIONS_URI];
    unsigned number;

    must(generations_open(folder, "file", &g), "open");
    must(generations_begin(g, &number), "begin");
    make_key(g, number, uri);
    if (carelessly)
        name_first(folder, number);
    pem = certify(folder, uri + strlen("file:"));
    must(generations_put(g, number, bytes_span(&pem)), "put");
    if (!carelessly)
        must(generations_commit(g, number, ""), "commit");
    bytes_free(&pem);
    generations_close(g);
    return 0;
}

static int look(const char *folder)
{
    struct generations *g;
    struct generation *found;
    char why[KEY_WHY];
    unsigned number;
    int status = 0;

    must(generations_open(folder, "file", &g), "open");
    number = generations_current(g);
    if (number == 0) {
        puts("factory");
    } else if (generations_load(g, number, why, &found) == ERR_OK) {
        printf("g%u\n", number);
        generation_free(found);
    } else {
        printf("g%u: %s\n", number, why);
        status = 1;
    }
    generations_close(g);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "look") == 0)
        return look(argv[2]);
    if (argc == 3)
        return rotate(argv[2], strcmp(argv[1], "careless") == 0);
    return 64;
}
