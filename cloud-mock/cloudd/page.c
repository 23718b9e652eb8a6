/* page.c */

#include "cloudd/page.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

struct page {
    struct page_file files[PAGE_FILES_MOST];
    size_t count;
};

/* NULL: not a file of the page. */
static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } table[] = {
        {".html", "text/html; charset=utf-8"      },
        {".css",  "text/css; charset=utf-8"       },
        {".js",   "text/javascript; charset=utf-8"},
        {".svg",  "image/svg+xml"                 },
    };
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (ending != NULL && name[0] != '.' &&
            strcmp(ending, table[i].ending) == 0)
            return table[i].type;
    }
    return NULL;
}

static enum err read_all(int folder, const char *name, struct page_file *file)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    char *bytes = malloc(PAGE_FILE_MOST), *fitting;
    enum err e = ERR_OK;

    if (f == NULL && fd >= 0)
        (void)close(fd);
    if (f == NULL || bytes == NULL) {
        e = f == NULL ? ERR_IO : ERR_NO_MEMORY;
        goto close;
    }
    file->len = fread(bytes, 1, PAGE_FILE_MOST, f);
    if (ferror(f) != 0)
        e = ERR_IO;
    else if (file->len == PAGE_FILE_MOST)
        e = ERR_TOO_BIG;
    if (e != ERR_OK)
        goto close;
    fitting = realloc(bytes, file->len + 1);
    file->bytes = fitting != NULL ? fitting : bytes;
    bytes = NULL;

close:
    if (f != NULL)
        (void)fclose(f);
    free(bytes);
    return e;
}

static enum err add(struct page *page, int folder, const char *name)
{
    struct page_file *file = &page->files[page->count];
    enum err e = ERR_TOO_BIG;

    if (page->count < PAGE_FILES_MOST &&
        strlen(name) + 1 < sizeof(file->path)) {
        (void)snprintf(file->path, sizeof(file->path), "/%.70s",
            strcmp(name, "index.html") == 0 ? "" : name);
        file->type = type_of(name);
        e = read_all(folder, name, file);
    }
    if (e == ERR_OK)
        page->count++;
    else
        log_error("page", "cannot take %s: %s", name, err_name(e));
    return e;
}

static enum err add_all(struct page *page, const char *folder)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;
    enum err e = ERR_OK;

    if (list == NULL) {
        log_error("page", "cannot open the folder %s", folder);
        return ERR_NOT_FOUND;
    }
    while (e == ERR_OK && (entry = readdir(list)) != NULL) {
        if (type_of(entry->d_name) != NULL)
            e = add(page, dirfd(list), entry->d_name);
    }
    (void)closedir(list);
    if (e == ERR_OK && page_find(page, "/") == NULL) {
        log_error("page", "expected an index.html in %s", folder);
        e = ERR_NOT_FOUND;
    }
    return e;
}

enum err page_open(const char *folder, struct page **out)
{
    struct page *page = calloc(1, sizeof(*page));
    enum err e = page == NULL ? ERR_NO_MEMORY : add_all(page, folder);

    if (e == ERR_OK)
        *out = page;
    else
        page_close(page);
    return e;
}

void page_close(struct page *page)
{
    if (page == NULL)
        return;
    for (size_t i = 0; i < page->count; i++)
        free(page->files[i].bytes);
    free(page);
}

const struct page_file *page_find(const struct page *page, const char *path)
{
    for (size_t i = 0; i < page->count; i++) {
        if (strcmp(page->files[i].path, path) == 0)
            return &page->files[i];
    }
    return NULL;
}
