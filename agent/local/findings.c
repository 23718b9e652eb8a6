/* findings.c */

#include "local/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#include "local/answer.h"
#include "local/speak.h"

static const char *const words[] = {"ok", "warning", "failure"};

struct findings findings_begin(const struct options *o)
{
    return (struct findings){.options = o, .list = json_new_array()};
}

static void keep(
    struct findings *f, enum finding level, const char *what, const char *text)
{
    struct answer a = {json_new_object(), ERR_OK};

    answer_text(&a, "check", what);
    answer_text(&a, "result", words[level]);
    answer_text(&a, "detail", text);
    if (f->list == NULL || a.e != ERR_OK) {
        json_free(a.object);
        return;
    }
    if (json_append(f->list, a.object) != ERR_OK) {
        json_free(f->list);
        f->list = NULL;
    }
}

void findings_add(struct findings *f, enum finding level, const char *what,
    const char *format, ...)
{
    static const enum speak_colour colours[] = {
        SPEAK_GOOD, SPEAK_BAD, SPEAK_BAD};
    char text[800];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (level > f->worst)
        f->worst = level;
    if (f->options->json) {
        keep(f, level, what, text);
        return;
    }
    (void)printf("%s%-8s%s %-12s %s\n", speak_colour(colours[level]),
        words[level], speak_colour(SPEAK_PLAIN), what, text);
    (void)fflush(stdout); /* the next check may take a while */
}

int findings_end(struct findings *f)
{
    struct answer a = answer_ok();
    int status;

    if (!f->options->json) {
        json_free(a.object);
        json_free(f->list);
        status = speak_end(f->options);
        return status == EX_OK ? (int)f->worst : status;
    }
    answer_text(&a, "result", words[f->worst]);
    answer_value(&a, "checks", f->list);
    status = a.e == ERR_OK ? speak_json(f->options, a.object)
                           : speak_no_memory(f->options);
    json_free(a.object);
    return status == EX_OK ? (int)f->worst : status;
}
