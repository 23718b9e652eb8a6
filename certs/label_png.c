/* label_png.c - the digits are drawn from dots of our own, so that no font is
 * needed. */

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "certs/label_picture.h"
#include "certs/say.h"

#define DOTS         8 /* of a module */
#define GLYPH_WIDTH  5
#define GLYPH_HEIGHT 7
#define ADVANCE      6 /* with the gap */
#define LIGHT        0xff

struct canvas {
    unsigned char *dots;
    size_t width, height;
};

/* Five bits a row, the left dot is the highest. */
static const unsigned char glyphs[10][GLYPH_HEIGHT] = {
    {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e},
    {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e},
    {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f},
    {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e},
    {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02},
    {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
    {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e},
    {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
    {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e},
    {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
};

static void fill(struct canvas *c, size_t x, size_t y, size_t side)
{
    for (size_t row = y; row < y + side; row++)
        memset(c->dots + row * c->width + x, 0, side);
}

static void draw_qr(struct canvas *c, const struct qr *qr)
{
    for (int y = 0; y < qr_size(qr); y++)
        for (int x = 0; x < qr_size(qr); x++)
            if (qr_is_dark(qr, x, y))
                fill(c, (size_t)x * DOTS, (size_t)y * DOTS, DOTS);
}

static void draw_digit(
    struct canvas *c, char digit, size_t x, size_t y, size_t dot)
{
    const unsigned char *rows = glyphs[digit - '0'];

    for (size_t row = 0; row < GLYPH_HEIGHT; row++)
        for (size_t column = 0; column < GLYPH_WIDTH; column++)
            if ((rows[row] >> (GLYPH_WIDTH - 1 - column) & 1) != 0)
                fill(c, x + column * dot, y + row * dot, dot);
}

/* As large as the width allows, in the middle. */
static size_t dot_of(const struct canvas *c, const char *shown)
{
    return (c->width - 2 * (size_t)QR_QUIET * DOTS) / (strlen(shown) * ADVANCE);
}

static void draw_digits(struct canvas *c, const char *shown, size_t y)
{
    size_t dot = dot_of(c, shown);
    size_t x = (c->width - strlen(shown) * ADVANCE * dot) / 2;

    for (; *shown != '\0'; shown++, x += ADVANCE * dot)
        if (*shown != ' ')
            draw_digit(c, *shown, x, y, dot);
}

static enum err encode(const struct canvas *c, struct bytes *out)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
        .width = (png_uint_32)c->width,
        .height = (png_uint_32)c->height,
        .format = PNG_FORMAT_GRAY};
    png_alloc_size_t len = PNG_IMAGE_PNG_SIZE_MAX(image);
    unsigned char *file = malloc(len);

    if (file == NULL)
        return say_no_memory();
    if (png_image_write_to_memory(
            &image, file, &len, 0, c->dots, (png_int_32)c->width, NULL) == 0) {
        say("cannot make the PNG: %s", image.message);
        free(file);
        return ERR_NO_MEMORY;
    }
    *out = (struct bytes){file, len};
    return ERR_OK;
}

enum err label_png(
    const struct label *label, const struct qr *qr, struct bytes *out)
{
    size_t side = (size_t)qr_size(qr) * DOTS;
    struct canvas canvas = {NULL, side, side};
    enum err e;

    canvas.height +=
        GLYPH_HEIGHT * dot_of(&canvas, label->shown) + (size_t)QR_QUIET * DOTS;
    canvas.dots = malloc(canvas.width * canvas.height);
    if (canvas.dots == NULL)
        return say_no_memory();
    memset(canvas.dots, LIGHT, canvas.width * canvas.height);
    draw_qr(&canvas, qr);
    draw_digits(&canvas, label->shown, side);
    e = encode(&canvas, out);
    free(canvas.dots);
    return e;
}
