/* files.c */

#include "cloudd/files.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"

enum err files_read(const char *path, size_t most, char **text)
{
    FILE *f = fopen(path, "r");
    char *bytes = f != NULL ? malloc(most + 2) : NULL;
    enum err e = ERR_OK;
    size_t len = 0;

    if (bytes == NULL) {
        e = f == NULL ? ERR_NOT_FOUND : ERR_NO_MEMORY;
        log_error("files", "cannot read %s", path);
        goto close;
    }
    len = fread(bytes, 1, most + 1, f);
    if (ferror(f) != 0 || len > most) {
        e = len > most ? ERR_TOO_BIG : ERR_NOT_FOUND;
        log_error(
            "files", "%s: expected a file of at most %zu bytes", path, most);
        free(bytes);
        goto close;
    }
    bytes[len] = '\0';
    *text = bytes;

close:
    if (f != NULL)
        (void)fclose(f);
    return e;
}
