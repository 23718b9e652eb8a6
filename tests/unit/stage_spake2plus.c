/* stage_spake2plus - the device's side of SPAKE2+ for tests in other languages.
 *
 * Lines of words in hexadecimal ("-" is empty) on stdin, one answer each:
 *
 *     record CODE PROVER VERIFIER SALT ITERATIONS  -> W0 L (ITERATIONS:
 * decimal) start W0 L CONTEXT PROVER VERIFIER SHARE     -> SHARE CONFIRM finish
 * CONFIRM                               -> KEY
 *
 * or "error REASON".  A line that is not understood ends it with status 64. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/spake2plus_record.h"

#define WORDS_MOST 8
#define WORD_BYTES 512

struct word {
    unsigned char bytes[WORD_BYTES];
    size_t len;
};

static struct spake2plus *run;

static struct span span_of(const struct word *word)
{
    return (struct span){word->bytes, word->len};
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);

    if (at == NULL || c == '\0')
        exit(64);
    return (int)(at - digits);
}

static struct word read_word(const char *hex)
{
    struct word w = {.len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2};

    if (w.len > WORD_BYTES)
        exit(64);
    for (size_t i = 0; i < w.len; i++)
        w.bytes[i] =
            (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    return w;
}

static void print(const unsigned char *bytes, size_t len, char after)
{
    for (size_t i = 0; i < len; i++)
        (void)printf("%02x", bytes[i]);
    (void)putchar(after);
}

static enum err make_record(const struct word *w, const char *iterations)
{
    const struct spake2plus_code code = {span_of(&w[0]), span_of(&w[1]),
        span_of(&w[2]), span_of(&w[3]),
        (uint32_t)strtoul(iterations, NULL, 10)};
    struct spake2plus_secrets secrets;
    struct spake2plus_record record;
    enum err e = spake2plus_stretch(&code, &secrets);

    if (e == ERR_OK)
        e = spake2plus_register(&secrets, &record);
    if (e == ERR_OK) {
        print(record.w0, P256_SCALAR, ' ');
        print(record.l, P256_POINT, '\n');
    }
    return e;
}

static enum err start(const struct word *w)
{
    const struct spake2plus_names names = {
        span_of(&w[2]), span_of(&w[3]), span_of(&w[4])};
    struct spake2plus_record record;
    enum err e;

    if (w[0].len != P256_SCALAR || w[1].len != P256_POINT)
        exit(64);
    memcpy(record.w0, w[0].bytes, P256_SCALAR);
    memcpy(record.l, w[1].bytes, P256_POINT);
    spake2plus_free(run);
    run = NULL;
    e = spake2plus_start(&record, &names, span_of(&w[5]), &run);
    if (e == ERR_OK) {
        print(spake2plus_share(run), P256_POINT, ' ');
        print(spake2plus_confirm(run), SPAKE2PLUS_CONFIRM, '\n');
    }
    return e;
}

static enum err finish(const struct word *w)
{
    unsigned char key[SPAKE2PLUS_KEY];
    enum err e =
        run == NULL ? ERR_NOT_FOUND : spake2plus_finish(run, span_of(w), key);

    if (e == ERR_OK)
        print(key, sizeof(key), '\n');
    return e;
}

static enum err obey(char *words[WORDS_MOST], size_t count)
{
    struct word w[WORDS_MOST] = {
        {{0}, 0}
    };
    const char *verb = words[0];
    bool record = strcmp(verb, "record") == 0;

    for (size_t i = 1; i < count - (record ? 1 : 0); i++)
        w[i - 1] = read_word(words[i]);
    if (record && count == 6)
        return make_record(w, words[5]);
    if (strcmp(verb, "start") == 0 && count == 7)
        return start(w);
    if (strcmp(verb, "finish") == 0 && count == 2)
        return finish(w);
    exit(64);
}

int main(void)
{
    static char line[WORDS_MOST * 2 * WORD_BYTES];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[WORDS_MOST], *rest = NULL;
        size_t count = 0;
        enum err e;

        for (char *at = strtok_r(line, " \n", &rest);
             at != NULL && count < WORDS_MOST;
             at = strtok_r(NULL, " \n", &rest))
            words[count++] = at;
        if (count == 0)
            return 64;
        e = obey(words, count);
        if (e != ERR_OK)
            (void)printf("error %s\n", err_name(e));
        (void)fflush(stdout);
    }
    spake2plus_free(run);
    return 0;
}
