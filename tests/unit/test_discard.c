/* A key out of use is destroyed in its token; the factory's is not, whatever
 * the URI says; and what was not ours is not marked as ours. */

#include <mbedtls/pk.h>

#include "core/file.h"
#include "core/loop.h"
#include "identity/chain.h"
#include "identity/discard.h"
#include "identity/request.h"
#include "identity/worker.h"
#include "token_keys.h"

struct life {
    struct loop *loop;
    struct discard_end end;
    enum err made;
};

static const struct thing_name_parts who = {"Acme", "Thermo-1", "S1"};

static void on_end(void *context, const struct discard_end *end)
{
    struct life *life = context;

    life->end = *end;
    loop_stop(life->loop);
}

static void on_made(void *context, struct request_end *end)
{
    struct life *life = context;

    life->made = end->e;
    loop_stop(life->loop);
}

static struct discard_end discard(
    const char *uri, const mbedtls_x509_crt *spared)
{
    const struct discard_options options = {
        .uri = uri, .spared = {NULL, spared}
    };
    struct life life = {.loop = loop_new()};
    struct discard *handle;

    assert_int_equal(
        discard_start(life.loop, &options, on_end, &life, &handle), ERR_OK);
    loop_run(life.loop);
    loop_free(life.loop);
    assert_int_equal(worker_threads(), 0);
    return life.end;
}

static enum err make(const char *uri, const char *mark)
{
    const struct request_options options = {.uri = uri,
        .kind = KEYSTORE_P256,
        .who = &who,
        .mark = mark,
        .mark_text = "it is ours"};
    struct life life = {.loop = loop_new()};
    struct request *handle;

    assert_int_equal(
        request_start(life.loop, &options, on_made, &life, &handle), ERR_OK);
    loop_run(life.loop);
    loop_free(life.loop);
    return life.made;
}

static void uri_of(const struct scene *s, const char *name, char uri[300])
{
    (void)snprintf(uri, 300,
        "pkcs11:token=factory;object=%s?" MODULE "&pin-source=%s/pin", name,
        s->tokens.path);
}

static bool is_there(struct scene *s, const char *uri)
{
    struct keystore *store = NULL;
    enum err e;

    assert_int_equal(keystore_new(uri, s->why, &store), ERR_OK);
    e = open_it(s, store);
    keystore_free(store);
    assert_true(e == ERR_OK || e == ERR_NOT_FOUND);
    return e == ERR_OK;
}

/* A certificate for a key of ours that lies in a file, and in the token. */
static mbedtls_x509_crt *import(struct scene *s, const char *name)
{
    const char *at = s->tokens.path;
    mbedtls_x509_crt *chain = NULL;
    char path[128];

    assert_true(tokens_run(&s->tokens,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-subj /O=Acme/OU=Thermo-1/CN=acme:thermo-1:S1 -days 9 -keyout %s/%s.k "
        "-out %s/%s.c && openssl pkcs8 -topk8 -nocrypt -in %s/%s.k -out %s/%s.8"
        " && softhsm2-util --import %s/%s.8 --token factory --label %s --id 01 "
        "--pin " PIN,
        at, name, at, name, at, name, at, name, at, name, name));
    (void)snprintf(path, sizeof(path), "%s/%s.c", at, name);
    assert_int_equal(chain_read_own(path, &chain), ERR_OK);
    return chain;
}

static void the_factorys_key_stays_whatever_the_uri_says(void **state)
{
    struct scene *s = *state;
    mbedtls_x509_crt *factory = import(s, "device-1");
    struct discard_end end;
    char uri[300], other[300];

    uri_of(s, "device-1", uri);
    uri_of(s, "device-2", other);
    assert_int_equal(make(other, NULL), ERR_OK);
    end = discard(uri, factory);
    assert_int_equal(end.e, ERR_CONFLICT);
    assert_non_null(strstr(end.why, "factory"));
    assert_true(is_there(s, uri));
    /* The twins: beside a spared key another goes, and the same one goes where
     * nobody spares it. */
    assert_int_equal(discard(other, factory).e, ERR_OK);
    assert_false(is_there(s, other));
    assert_int_equal(discard(uri, NULL).e, ERR_OK);
    assert_false(is_there(s, uri));
    assert_int_equal(discard(uri, factory).e, ERR_NOT_FOUND);
    chain_free(factory);
}

static void a_token_that_is_away_is_told_and_the_key_goes_later(void **state)
{
    struct scene *s = *state;
    const char *at = s->tokens.path;
    struct discard_end end;
    char uri[300];

    uri_of(s, "late", uri);
    assert_int_equal(make(uri, NULL), ERR_OK);
    assert_true(tokens_run(
        &s->tokens, "mv %s/hsm %s/away && mkdir %s/hsm", at, at, at));
    end = discard(uri, NULL);
    assert_int_equal(end.e, ERR_AGAIN);
    assert_non_null(strstr(end.why, "token_absent: "));
    assert_true(tokens_run(
        &s->tokens, "rmdir %s/hsm && mv %s/away %s/hsm", at, at, at));
    assert_int_equal(discard(uri, NULL).e, ERR_OK);
    assert_false(is_there(s, uri));
}

static void only_a_key_that_was_made_here_is_marked(void **state)
{
    struct scene *s = *state;
    char uri[300], mark[128], *text;
    size_t len;

    uri_of(s, "marked", uri);
    (void)snprintf(mark, sizeof(mark), "%s/mark", s->tokens.path);
    assert_int_equal(make(uri, mark), ERR_OK);
    assert_int_equal(file_read(mark, 100, &text, &len), ERR_OK);
    assert_string_equal(text, "it is ours");
    free(text);
    assert_int_equal(unlink(mark), 0);
    assert_int_equal(make(uri, mark), ERR_EXISTS);
    assert_int_equal(file_read(mark, 100, &text, &len), ERR_NOT_FOUND);
    /* Where no mark can be written, no key is made. */
    uri_of(s, "unmarked", uri);
    (void)snprintf(mark, sizeof(mark), "%s/none/mark", s->tokens.path);
    assert_int_not_equal(make(uri, mark), ERR_OK);
    assert_false(is_there(s, uri));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_factorys_key_stays_whatever_the_uri_says),
        cmocka_unit_test(a_token_that_is_away_is_told_and_the_key_goes_later),
        cmocka_unit_test(only_a_key_that_was_made_here_is_marked),
    };

    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
