/* path_scene.h - what a search for a path is about: certificates that were
 * sent, anchors, and four parties to make them from. */

#ifndef TESTS_PATH_SCENE_H
#define TESTS_PATH_SCENE_H

#include "cmocka_all.h"
#include "identity/oid.h"
#include "identity/path.h"
#include "mint.h"

/* What one judgement is about; add_* mint and keep. */
struct scene {
    mbedtls_x509_crt sent, anchors;
    struct path_question question;
    struct path_answer answer;
};

static struct party root, middle, other, leaf;

static inline void scene_open(struct scene *s)
{
    *s = (struct scene){
        .question = {.purpose = PATH_SERVER, .now_s = MINT_NOW}
    };
    mbedtls_x509_crt_init(&s->sent);
    mbedtls_x509_crt_init(&s->anchors);
    s->question.sent = &s->sent;
    s->question.anchors = &s->anchors;
}

static inline void scene_close(struct scene *s)
{
    mbedtls_x509_crt_free(&s->sent);
    mbedtls_x509_crt_free(&s->anchors);
}

static inline void add(mbedtls_x509_crt *list, const struct party *subject,
    const struct mint_plan *plan)
{
    struct bytes der = mint(subject, plan);

    mint_add(list, &der);
    bytes_free(&der);
}

/* A CA's certificate; `to` 0 for one that is valid. */
static inline void add_ca(mbedtls_x509_crt *list, const struct party *subject,
    const struct party *issuer, int64_t to)
{
    add(list, subject,
        &(struct mint_plan){.issuer = issuer, .is_ca = true, .to = to});
}

static inline void add_leaf(struct scene *s, const struct party *issuer)
{
    add(&s->sent, &leaf,
        &(struct mint_plan){.issuer = issuer, .purpose = OID_SERVER_AUTH});
}

/* What always holds of an answer; gives its reason. */
static inline enum trust_reason ask(struct scene *s)
{
    const struct path *p = &s->answer.path;

    path_find(&s->question, &s->answer);
    if (s->answer.reason != TRUST_OK) {
        assert_non_null(s->answer.blamed);
        return s->answer.reason;
    }
    assert_in_range(p->count, 1, PATH_MAX_LENGTH);
    assert_ptr_equal(p->certificates[0], &s->sent);
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(p->certificates[i], p->certificates[j]);
    return TRUST_OK;
}

#define ASSERT_REASON(s, expected)                                             \
    assert_string_equal(trust_reason_name(ask(s)), trust_reason_name(expected))

static inline int scene_set_up(void **state)
{
    (void)state;
    root = party_named("Root");
    middle = party_named("Middle");
    other = party_named("Other");
    leaf = party_named("leaf");
    return 0;
}

static inline int scene_tear_down(void **state)
{
    (void)state;
    party_free(&root);
    party_free(&middle);
    party_free(&other);
    party_free(&leaf);
    return 0;
}

#endif
