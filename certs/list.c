/* list.c */

#include "certs/list.h"

#include <stdlib.h>
#include <string.h>

#include "certs/say.h"

void list_free(struct list *list)
{
    bytes_free(&list->text);
    free(list->lines);
    list->lines = NULL;
    list->count = 0;
}

/* Cut `text` at its next comma; the rest, or NULL. */
static char *cut(char *text)
{
    char *comma = strchr(text, ',');

    if (comma == NULL)
        return NULL;
    *comma = '\0';
    return comma + 1;
}

static void read_line(char *text, struct list_line *line)
{
    char *serial = cut(text), *request = NULL, *more = NULL;

    if (serial != NULL)
        request = cut(serial);
    if (request != NULL)
        more = cut(request);
    line->model = text;
    line->serial = serial;
    line->request = request;
    if (serial == NULL || more != NULL)
        line->fault = "expected MODEL,SERIAL or MODEL,SERIAL,REQUEST";
    else if (request != NULL && *request == '\0')
        line->fault = "the request's path is empty; leave out the comma";
}

static bool is_passed_over(const char *text, size_t number)
{
    return *text == '\0' || *text == '#' ||
        (number == 1 &&
            (strcmp(text, "model,serial") == 0 ||
                strcmp(text, "model,serial,csr") == 0));
}

static size_t count_lines(const struct bytes *text)
{
    size_t count = 1;

    for (size_t i = 0; i < text->len; i++)
        count += text->at[i] == '\n';
    return count;
}

static void split(struct list *list)
{
    char *at = (char *)list->text.at, *end = at + list->text.len;

    if (strncmp(at, "\xef\xbb\xbf", 3) == 0) /* spreadsheets put it there */
        at += 3;
    for (size_t number = 1; at < end; number++) {
        char *newline = strchr(at, '\n');
        char *next = newline == NULL ? end : newline + 1;

        if (newline != NULL)
            *newline = '\0';
        if (newline != NULL && newline > at && newline[-1] == '\r')
            newline[-1] = '\0';
        if (!is_passed_over(at, number)) {
            list->lines[list->count] = (struct list_line){.number = number};
            read_line(at, &list->lines[list->count++]);
        }
        at = next;
    }
}

static int compare_numbers(const void *a, const void *b)
{
    const struct list_line *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Faults last, then by device, then as they stand. */
static int compare_devices(const void *a, const void *b)
{
    const struct list_line *x = a, *y = b;
    int order = (x->fault != NULL) - (y->fault != NULL);

    if (order == 0 && x->fault == NULL)
        order = strcmp(x->model, y->model);
    if (order == 0 && x->fault == NULL)
        order = strcmp(x->serial, y->serial);
    return order == 0 ? compare_numbers(a, b) : order;
}

static void find_repeats(struct list *list)
{
    qsort(list->lines, list->count, sizeof(*list->lines), compare_devices);
    for (size_t i = 1; i < list->count; i++) {
        const struct list_line *before = &list->lines[i - 1];
        struct list_line *line = &list->lines[i];

        if (line->fault == NULL && strcmp(before->model, line->model) == 0 &&
            strcmp(before->serial, line->serial) == 0)
            line->repeats =
                before->repeats != 0 ? before->repeats : before->number;
    }
    qsort(list->lines, list->count, sizeof(*list->lines), compare_numbers);
}

enum err list_read(const char *path, struct list *out)
{
    struct list list = {.lines = NULL};
    enum err e = disk_read(path, LIST_LIMIT, &list.text);

    if (e == ERR_NOT_FOUND)
        say("the list %s is not there; give the path of a file", path);
    if (e != ERR_OK)
        return e;
    if (memchr(list.text.at, '\0', list.text.len) != NULL) {
        say("the list %s is not text: it holds a NUL; expected lines"
            " MODEL,SERIAL",
            path);
        e = ERR_INVALID;
        goto free_list;
    }
    list.lines = malloc(count_lines(&list.text) * sizeof(*list.lines));
    if (list.lines == NULL) {
        e = say_no_memory();
        goto free_list;
    }
    split(&list);
    find_repeats(&list);

free_list:
    if (e != ERR_OK)
        list_free(&list);
    else
        *out = list;
    return e;
}

void list_request_path(const char *list_path, const struct list_line *line,
    char out[DISK_PATH_SIZE])
{
    const char *slash = strrchr(list_path, '/');

    if (*line->request == '/' || slash == NULL)
        disk_path(out, "%s", line->request);
    else
        disk_path(out, "%.*s%s", (int)(slash - list_path + 1), list_path,
            line->request);
}
