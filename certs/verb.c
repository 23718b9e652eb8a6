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

struct json *verb_object(const char *key, ...)
{
    struct json *object = json_new_object();
    va_list arguments;

    va_start(arguments, key);
    for (; key != NULL; key = va_arg(arguments, const char *)) {
        const char *value = va_arg(arguments, const char *);

        if (value != NULL && object != NULL &&
            json_set(object, key, json_new_string(value)) != ERR_OK) {
            json_free(object);
            object = NULL;
        }
    }
    va_end(arguments);
    return object;
}
