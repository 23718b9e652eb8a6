/* profile_chain.c */

#include "identity/profile_chain.h"

#include "identity/pem.h"

struct place {
    const struct profile_walk *walk;
    struct profile_finding finding;
};

static void report(void *context, const struct profile_rule *rule)
{
    struct place *place = context;

    place->finding.rule = rule;
    place->walk->tell(place->walk->context, &place->finding);
}

/* `above` is NULL at the end of a file. */
static enum err check_one(const struct profile_walk *walk, size_t number,
    const struct view *v, const struct view *above)
{
    struct profile_terms terms = {
        .role = walk->role == 0 ? profile_role_of(v) : walk->role};
    struct place place = {
        walk, {.number = number, .role = terms.role}
    };
    enum err e = walk->choose(walk->context, v, terms.role, &terms.eku);

    if (e != ERR_OK)
        return e;
    (void)profile_check(v, &terms, report, &place);
    if (above == NULL)
        above = terms.role == PROFILE_ROOT ? v : walk->above;
    if (above != NULL)
        (void)profile_check_link(v, above, report, &place);
    return ERR_OK;
}

static void tell_unreadable(const struct profile_walk *walk, size_t number)
{
    const struct profile_finding finding = {
        .number = number, .rule = &profile_encoding};

    walk->tell(walk->context, &finding);
}

/* A certificate is checked when the one above it has been read. */
enum err profile_chain(
    const struct profile_walk *walk, const char *text, size_t *count)
{
    struct bytes below_der = {NULL, 0}, der = {NULL, 0};
    struct view below, v;
    const char *why;
    size_t number = 0;
    enum err pem, e = ERR_OK;

    while ((pem = pem_next(PEM_CERTIFICATE, &text, &der)) == ERR_OK) {
        number++;
        if (view_read(bytes_span(&der), &v, &why) != ERR_OK) {
            tell_unreadable(walk, number);
            bytes_free(&der);
            break;
        }
        if (below_der.at != NULL)
            e = check_one(walk, number - 1, &below, &v);
        bytes_free(&below_der);
        below_der = der;
        below = v;
        if (e != ERR_OK)
            break;
    }
    if (e == ERR_OK && below_der.at != NULL)
        e = check_one(walk, pem == ERR_OK ? number - 1 : number, &below, NULL);
    bytes_free(&below_der);
    *count = number;
    if (e != ERR_OK)
        return e;
    return pem == ERR_NOT_FOUND && number > 0 ? ERR_OK : pem;
}
