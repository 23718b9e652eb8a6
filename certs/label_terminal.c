/* label_terminal.c */

#include <stdio.h>
#include <stdlib.h>

#include "certs/label_picture.h"
#include "certs/say.h"

/* 16 and 231 of the 256 colours are black and white in every theme. */
#define BLACK_ON_WHITE "\x1b[38;5;16;48;5;231m"
#define PLAIN          "\x1b[0m"

static void draw_modules(const struct qr *qr, FILE *f)
{
    static const char *const halves[2][2] = {
        {" ",            "\xe2\x96\x84"}, /* light above: space, lower half */
        {"\xe2\x96\x80", "\xe2\x96\x88"}  /* dark above: upper half, full */
    };

    for (int y = 0; y < qr_size(qr); y += 2) {
        (void)fputs(BLACK_ON_WHITE, f);
        for (int x = 0; x < qr_size(qr); x++)
            (void)fputs(
                halves[qr_is_dark(qr, x, y)][qr_is_dark(qr, x, y + 1)], f);
        (void)fputs(PLAIN "\n", f);
    }
}

enum err label_terminal(
    const struct label *label, const struct qr *qr, struct bytes *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (f == NULL)
        return say_no_memory();
    draw_modules(qr, f);
    (void)fprintf(f, "%s %s, serial number %s\ncode  %s\n%s\n", label->vendor,
        label->model, label->serial, label->shown, label->link);
    if (fclose(f) != 0) {
        free(text);
        return say_no_memory();
    }
    *out = (struct bytes){(unsigned char *)text, len};
    return ERR_OK;
}
