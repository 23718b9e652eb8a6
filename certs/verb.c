/* verb.c */

#include "certs/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "certs/say.h"

static enum err flush(void)
{
    if (fflush(stdout) == 0)
        return ERR_OK;
    say("cannot write to standard output; the work itself is done");
    return ERR_IO;
}

enum err verb_print(
    const struct options *options, struct json *result, const char *format, ...)
{
    va_list arguments;
    char *text;

    if (!options_has(options, "json")) {
        json_free(result);
        va_start(arguments, format);
        (void)vprintf(format, arguments);
        va_end(arguments);
        return flush();
    }
    text = result == NULL ? NULL : json_print(result);
    json_free(result);
    if (text == NULL)
        return say_no_memory();
    (void)puts(text);
    free(text);
    return flush();
}

struct json *verb_object(const struct verb_pair *pairs)
{
    struct json *object = json_new_object();

    for (; object != NULL && pairs->key != NULL; pairs++) {
        if (pairs->value == NULL)
            continue;
        if (json_set(object, pairs->key, json_new_string(pairs->value)) !=
            ERR_OK) {
            json_free(object);
            return NULL;
        }
    }
    return object;
}
