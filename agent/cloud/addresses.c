/* addresses.c */

#include "cloud/addresses.h"

#include <netinet/in.h>
#include <string.h>

static size_t count_of(const struct addresses *a, int family)
{
    size_t count = 0;

    for (size_t i = 0; i < a->count; i++)
        count += a->list[i].bytes.ss_family == family;
    return count;
}

static socklen_t size_of(int family)
{
    switch (family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return 0;
    }
}

void addresses_add(
    struct addresses *a, const struct sockaddr *bytes, socklen_t len)
{
    socklen_t wanted = size_of(bytes->sa_family);
    struct address *slot = &a->list[a->count];

    if (wanted == 0 || len < wanted ||
        count_of(a, bytes->sa_family) == ADDRESSES_PER_FAMILY)
        return;
    *slot = (struct address){.len = wanted};
    memcpy(&slot->bytes, bytes, wanted);
    a->count++;
}

/* The next of this family from `*at` on; NULL: there is none. */
static const struct address *next_of(
    const struct addresses *a, int family, size_t *at)
{
    while (*at < a->count) {
        const struct address *found = &a->list[(*at)++];

        if (found->bytes.ss_family == family)
            return found;
    }
    return NULL;
}

void addresses_interleave(struct addresses *a, int first)
{
    const int families[2] = {first == AF_INET ? AF_INET : AF_INET6,
        first == AF_INET ? AF_INET6 : AF_INET};
    struct addresses sorted = {.count = 0};
    size_t at[2] = {0, 0};

    while (sorted.count < a->count)
        for (size_t i = 0; i < 2; i++) {
            const struct address *next = next_of(a, families[i], &at[i]);

            if (next != NULL)
                sorted.list[sorted.count++] = *next;
        }
    *a = sorted;
}
