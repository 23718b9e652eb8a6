/* rollover_scene.h - a CA that rolls its key over, others who would be it, and
 * what an enrolment server names of them. */

#ifndef TESTS_ROLLOVER_SCENE_H
#define TESTS_ROLLOVER_SCENE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "identity/pem.h"
#include "identity/rollover.h"
#include "mint.h"

#define LONG_AGO (MINT_NOW - 9 * MINT_DAY)
#define PAST     (MINT_NOW - MINT_DAY)
#define FUTURE   (MINT_NOW + MINT_DAY)

static struct party old, fresh, third, stranger, below;
static const struct crls *crls; /* NULL: none */
static char folder[] = "/tmp/test-rollover-XXXXXX";

/* --- what is offered ----------------------------------------------------- */

struct plan {
    const struct party *subject;
    struct mint_plan plan;
    struct bytes der; /* from its first use on: none is made twice alike */
    struct plan *next;
};
static struct plan *minted;

static inline struct span der_of(struct plan *p)
{
    if (p->der.at == NULL) {
        p->der = mint(p->subject, &p->plan);
        p->next = minted;
        minted = p;
    }
    return bytes_span(&p->der);
}

/* clang-format off */
#define ROOT(of)     {.subject = &(of), .plan = {.is_ca = true}}
#define LINK(of, by) {.subject = &(of), .plan = {.issuer = &(by), .is_ca = true}}
#define BOUND_LINK(of, by, ...) \
    {.subject = &(of), .plan = {.issuer = &(by), .is_ca = true, __VA_ARGS__}}
/* clang-format on */

static struct plan old_root = ROOT(old), fresh_root = ROOT(fresh),
                   third_root = ROOT(third), stranger_root = ROOT(stranger);
static struct plan fresh_by_old = LINK(fresh, old),
                   third_by_fresh = LINK(third, fresh);
static struct plan fresh_by_old_over =
    BOUND_LINK(fresh, old, .from = LONG_AGO, .to = PAST);

#define MOST 12 /* that are offered */

static inline struct certs_only offer(struct plan *const *plans)
{
    struct certs_only set = {.count = 0};

    for (; set.count < MOST && *plans != NULL; plans++)
        set.certificates[set.count++] = der_of(*plans);
    return set;
}

static inline char *write_file(const char *name, struct plan *plan)
{
    struct bytes pem;
    static char path[200];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(pem_write(PEM_CERTIFICATE, der_of(plan), &pem), ERR_OK);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(pem.at, 1, pem.len, f), pem.len);
    assert_int_equal(fclose(f), 0);
    bytes_free(&pem);
    return path;
}

static inline struct anchors *configure(struct plan *plan)
{
    struct anchors *a;

    assert_int_equal(anchors_new(write_file("ca.pem", plan), &a), ERR_OK);
    return a;
}

/* Judge and use; gives the last fate. */
static inline enum rollover_fate roll(struct anchors *a,
    struct plan *const *plans, int64_t now_s, struct bytes *kept)
{
    const struct anchor_set *set = anchors_borrow(a);
    struct certs_only offered = offer(plans);
    const struct rollover_question q = {
        .offered = &offered, .trusted = set, .crls = crls, .now_s = now_s};
    struct rollover r;

    assert_int_equal(rollover_judge(&q, &r), ERR_OK);
    assert_int_equal(anchors_put(a, r.additions, r.count, kept), ERR_OK);
    rollover_clear(&r);
    anchors_return(a, set);
    return r.last;
}

static inline size_t added(struct anchors *a)
{
    const struct anchor_set *set = anchors_borrow(a);
    size_t count = set->added;
    const mbedtls_x509_crt *c = set->all;

    for (size_t i = 0; i < set->configured + set->added; i++, c = c->next)
        assert_non_null(c);
    assert_null(c);
    anchors_return(a, set);
    return count;
}

static inline int scene_set_up(void **state)
{
    (void)state;
    log_set_descriptor(open("/dev/null", O_WRONLY | O_CLOEXEC));
    assert_non_null(mkdtemp(folder));
    old = party_named("Broker CA");
    fresh = party_twin(&old);
    third = party_twin(&old);
    stranger = party_twin(&old);
    below = party_named("Middle");
    return 0;
}

static inline int scene_tear_down(void **state)
{
    char path[200];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/ca.pem", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    party_free(&old);
    party_free(&fresh);
    party_free(&third);
    party_free(&stranger);
    party_free(&below);
    for (struct plan *p = minted; p != NULL; p = p->next)
        bytes_free(&p->der);
    return 0;
}

#endif
