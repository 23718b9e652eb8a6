/* Any bytes as a broker's first packet: a hint that is found is sound, and what
 * it names as another server is a place or nothing. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/hint.h"
#include "cloud/redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void follow(const struct hint *hint)
{
    struct redirect r = {.active = false};
    enum redirect_answer answer = redirect_heed(&r, hint, 8883);

    if ((answer == REDIRECT_GO) != r.active)
        abort();
    if (answer != REDIRECT_GO)
        return;
    if (hint->place == HINT_HERE || r.there.count == 0)
        abort();
    for (size_t i = 0; i < r.there.count; i++)
        if (r.there.list[i].port == 0 || r.there.list[i].host[0] == '\0' ||
            strpbrk(r.there.list[i].host, " /@,\n\"") != NULL)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    unsigned char *copy = malloc(len + 1); /* its end is where ASan looks */
    struct hint hint;

    if (copy == NULL)
        return 0;
    memcpy(copy, bytes, len);
    copy = realloc(copy, len > 0 ? len : 1);
    if (hint_of_connack(copy, len, &hint)) {
#ifdef PLANT_A_FAULT /* test_hint proves that it would be found */
        hint.retry_after_s *= 2;
#endif
        if (hint.retry_after_s > HINT_RETRY_MAX_S ||
            memchr(hint.reference, '\0', sizeof(hint.reference)) == NULL)
            abort();
        follow(&hint);
    }
    free(copy);
    return 0;
}
