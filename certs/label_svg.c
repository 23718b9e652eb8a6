/* label_svg.c - lengths are modules of the QR code. */

#include <stdio.h>
#include <stdlib.h>

#include "certs/label_picture.h"
#include "certs/say.h"

#define MM_PER_MODULE 0.5
#define TEXT_WIDTH    1.6  /* of the QR code's */
#define ADVANCE       0.61 /* of a monospaced character, in its size */
#define FONT          "DejaVu Sans Mono,Menlo,Consolas,monospace"

static void put_escaped(FILE *f, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", f);
            break;
        case '<':
            (void)fputs("&lt;", f);
            break;
        case '>':
            (void)fputs("&gt;", f);
            break;
        default:
            (void)fputc(*text, f);
        }
    }
}

/* Runs of dark modules in one path: no seams between them. */
static void put_modules(FILE *f, const struct qr *qr)
{
    int size = qr_size(qr);

    (void)fputs("<path fill=\"#000\" d=\"", f);
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            int run = 0;

            while (qr_is_dark(qr, x + run, y))
                run++;
            if (run > 0)
                (void)fprintf(f, "M%d %dh%dv1h-%dz", x, y, run, run);
            x += run;
        }
    }
    (void)fputs("\"/>\n", f);
}

struct line {
    double y, size; /* of its foot; of its characters, at most */
    const char *before, *text, *between, *more;
};

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* As large as it may be and still fits. */
static void put_line(FILE *f, const struct line *line, double x, double width)
{
    size_t count = characters(line->before) + characters(line->text) +
        characters(line->between) + characters(line->more);
    double fits = width / (ADVANCE * (double)count);

    (void)fprintf(f, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\">", x,
        line->y, fits < line->size ? fits : line->size);
    put_escaped(f, line->before);
    put_escaped(f, line->text);
    put_escaped(f, line->between);
    put_escaped(f, line->more);
    (void)fputs("</text>\n", f);
}

static void put_words(FILE *f, const struct label *label, double size)
{
    const struct line lines[] = {
        {size * 0.26, size * 0.11, "",     label->vendor, " ", label->model},
        {size * 0.40, size * 0.09, "S/N ", label->serial, "",  ""          },
        {size * 0.64, size * 0.19, "",     label->shown,  "",  ""          },
        {size * 0.82, size * 0.08, "",     label->page,   "",  ""          },
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        put_line(f, &lines[i], size, size * TEXT_WIDTH - QR_QUIET);
}

enum err label_svg(
    const struct label *label, const struct qr *qr, struct bytes *out)
{
    double size = qr_size(qr), width = size * (1 + TEXT_WIDTH);
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (f == NULL)
        return say_no_memory();
    (void)fprintf(f,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.1fmm\""
        " height=\"%.1fmm\" viewBox=\"0 0 %.2f %.2f\""
        " font-family=\"" FONT "\">\n"
        "<rect width=\"%.2f\" height=\"%.2f\" fill=\"#fff\"/>\n",
        width * MM_PER_MODULE, size * MM_PER_MODULE, width, size, width, size);
    put_modules(f, qr);
    put_words(f, label, size);
    (void)fputs("</svg>\n", f);
    if (fclose(f) != 0) {
        free(text);
        return say_no_memory();
    }
    *out = (struct bytes){(unsigned char *)text, len};
    return ERR_OK;
}
