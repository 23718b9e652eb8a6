/* What cloudd's store promises: the file, accounts, history. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloudd/store_accounts.h"
#include "cloudd/store_history.h"
#include "cloudd_store_world.h"
#include "cmocka_all.h"
#include "core/log.h"

/* --- the file ------------------------------------------------------------- */

static void the_file_is_for_its_owner_only(void **state)
{
    struct world *w = *state;
    struct stat st;

    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_of_a_newer_cloudd_is_left_alone(void **state)
{
    struct world *w = *state;
    struct store *other = NULL;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(db);
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(store_open(w->path, &other), ERR_UNSUPPORTED);
    assert_null(other);
}

static void what_is_no_database_is_an_error(void **state)
{
    struct world *w = *state;
    struct store *other = NULL;
    FILE *f = fopen(w->path, "w");

    store_close(w->store);
    w->store = NULL;
    assert_non_null(f);
    for (int i = 0; i < 1000; i++)
        (void)fputs("no database ", f);
    (void)fclose(f);
    assert_int_equal(store_open(w->path, &other), ERR_IO);
    assert_int_equal(store_open("/no/such/folder/s", &other), ERR_IO);
    assert_null(other);
}

/* --- accounts ------------------------------------------------------------- */

static const struct store_session_limits limits = {1000, 5000};

static void a_user_is_found_by_name_after_a_restart(void **state)
{
    struct world *w = *state;
    char hash[PASSWORD_HASH_SIZE];

    assert_int_equal(store_user_put(w->store, "ann@acme", "h1"), ERR_OK);
    reopen(w);
    assert_int_equal(store_user_hash(w->store, "ann@acme", hash), ERR_OK);
    assert_string_equal(hash, "h1");
    assert_int_equal(store_user_hash(w->store, "bob", hash), ERR_NOT_FOUND);
}

static void a_name_that_is_none_is_refused(void **state)
{
    struct world *w = *state;
    char name[STORE_USER_SIZE + 1];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(store_user_put(w->store, "", "h"), ERR_INVALID);
    assert_int_equal(store_user_put(w->store, "a b", "h"), ERR_INVALID);
    assert_int_equal(store_user_put(w->store, "'--", "h"), ERR_INVALID);
    assert_int_equal(store_user_put(w->store, name, "h"), ERR_INVALID);
}

static bool works(struct world *w, const char *digest, int64_t now_ms)
{
    char user[STORE_USER_SIZE];

    return store_session_use(w->store, digest, now_ms, limits, user) ==
        ERR_OK &&
        strcmp(user, "ann") == 0;
}

static void begin_session(struct world *w, const char *digest, int64_t now_ms)
{
    assert_int_equal(store_user_put(w->store, "ann", "h"), ERR_OK);
    assert_int_equal(
        store_session_put(w->store, digest, "ann", now_ms), ERR_OK);
}

static void a_session_outlives_a_restart_but_not_its_end(void **state)
{
    struct world *w = *state;

    begin_session(w, "d1", 0);
    reopen(w);
    assert_true(works(w, "d1", 10));
    assert_false(works(w, "d2", 10));
    assert_int_equal(store_session_end(w->store, "d1"), ERR_OK);
    assert_false(works(w, "d1", 20));
}

static void a_session_unused_for_its_idle_time_is_over(void **state)
{
    begin_session(*state, "d1", 0);
    assert_true(works(*state, "d1", 999));
    assert_false(works(*state, "d1", 1000));
    assert_false(works(*state, "d1", 1));
}

static void using_a_session_keeps_it_but_never_beyond_its_whole_time(
    void **state)
{
    static const struct store_session_limits days = {
        2 * 3600 * 1000, 5 * 3600 * 1000};
    struct world *w = *state;
    char user[STORE_USER_SIZE];

    begin_session(w, "d1", 0);
    for (int hour = 1; hour < 5; hour++)
        assert_int_equal(store_session_use(w->store, "d1",
                             (int64_t)hour * 3600 * 1000, days, user),
            ERR_OK);
    assert_int_equal(
        store_session_use(w->store, "d1", (int64_t)5 * 3600 * 1000, days, user),
        ERR_NOT_FOUND);
}

static void a_new_password_ends_the_sessions(void **state)
{
    struct world *w = *state;
    char hash[PASSWORD_HASH_SIZE];

    begin_session(w, "d1", 0);
    assert_int_equal(store_user_put(w->store, "ann", "h2"), ERR_OK);
    assert_false(works(w, "d1", 1));
    assert_int_equal(store_user_hash(w->store, "ann", hash), ERR_OK);
    assert_string_equal(hash, "h2");
}

static void nobody_has_a_session_without_an_account(void **state)
{
    struct world *w = *state;

    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(store_session_put(w->store, "d1", "ghost", 0), ERR_IO);
    assert_false(works(w, "d1", 1));
}

/* --- history -------------------------------------------------------------- */

static void add(struct world *w, const char *thing, int64_t ts_ms,
    const char *kind, const char *text)
{
    assert_int_equal(
        store_history_add(w->store,
            &(struct store_event){
                .thing = thing, .ts_ms = ts_ms, .kind = kind, .text = text}),
        ERR_OK);
}

/* The texts of a page, joined. */
static void texts_are(struct world *w, const char *thing, const char *kind,
    int64_t before_ms, const char *expected)
{
    struct json *list = NULL;
    char all[200] = "";

    assert_int_equal(
        store_history_list(w->store, thing, kind, before_ms, &list), ERR_OK);
    for (struct json *e = json_first(list); e != NULL; e = json_next(e))
        strncat(
            all, json_text(json_get(e, "text")), sizeof(all) - strlen(all) - 1);
    json_free(list);
    assert_string_equal(all, expected);
}

static void history_is_newest_first_by_device_kind_and_time(void **state)
{
    struct world *w = *state;

    add(w, "t1", 10, "connected", "a");
    add(w, "t1", 20, "disconnected", "b");
    add(w, "t2", 25, "connected", "x");
    add(w, "t1", 20, "connected", "c");
    add(w, "t1", 15, "setting", "late");
    texts_are(w, "t1", NULL, 100, "cblatea");
    texts_are(w, "t1", "connected", 100, "ca");
    texts_are(w, "t1", NULL, 20, "latea");
    texts_are(w, "t3", NULL, 100, "");
}

static void an_event_comes_back_as_it_was(void **state)
{
    struct world *w = *state;
    struct json *detail = parse("{\"asked\":{\"led\":true}}"), *list = NULL;
    struct json *expected =
        parse("[{\"ts\":1790000000000,\"kind\":\"setting\",\"who\":\"ann\","
              "\"text\":\"t\",\"detail\":{\"asked\":{\"led\":true}}}]");

    assert_int_equal(store_history_add(w->store,
                         &(struct store_event){"t1", 1790000000000, "setting",
                             "ann", "t", detail}),
        ERR_OK);
    reopen(w);
    assert_int_equal(
        store_history_list(w->store, "t1", NULL, 1800000000000, &list), ERR_OK);
    assert_true(json_equal(list, expected));
    json_free(list);
    json_free(expected);
    json_free(detail);
}

static void the_last_presence_and_any_kind_can_be_asked_for(void **state)
{
    struct world *w = *state;

    assert_false(store_history_last_is(w->store, "t1", "connected"));
    add(w, "t1", 10, "connected", "a");
    assert_true(store_history_last_is(w->store, "t1", "connected"));
    add(w, "t1", 20, "disconnected", "b");
    add(w, "t1", 30, "setting", "c");
    assert_false(store_history_last_is(w->store, "t1", "connected"));
    assert_true(store_history_last_is(w->store, "t1", "disconnected"));
    assert_true(store_history_has(w->store, "t1", "setting"));
    assert_false(store_history_has(w->store, "t1", "registered"));
    assert_false(store_history_has(w->store, "t2", "setting"));
}

static int count(struct world *w, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    int n;

    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int(s, 0);
    (void)sqlite3_finalize(s);
    (void)sqlite3_close(db);
    return n;
}

static void history_is_bounded_for_each_device(void **state)
{
    struct world *w = *state;

    add(w, "quiet", 1, "connected", "kept");
    for (int i = 0; i < STORE_HISTORY_MOST + 50; i++)
        add(w, "busy", 100 + i, "event", "e");
    assert_int_equal(
        count(w, "SELECT count(*) FROM history"), STORE_HISTORY_MOST + 1);
    assert_int_equal(
        count(w, "SELECT min(ts) FROM history WHERE thing='busy'"), 150);
    texts_are(w, "quiet", NULL, 10, "kept");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_is_for_its_owner_only),
        TEST(a_file_of_a_newer_cloudd_is_left_alone),
        TEST(what_is_no_database_is_an_error),
        TEST(a_user_is_found_by_name_after_a_restart),
        TEST(a_name_that_is_none_is_refused),
        TEST(a_session_outlives_a_restart_but_not_its_end),
        TEST(a_session_unused_for_its_idle_time_is_over),
        TEST(using_a_session_keeps_it_but_never_beyond_its_whole_time),
        TEST(a_new_password_ends_the_sessions),
        TEST(nobody_has_a_session_without_an_account),
        TEST(history_is_newest_first_by_device_kind_and_time),
        TEST(an_event_comes_back_as_it_was),
        TEST(the_last_presence_and_any_kind_can_be_asked_for),
        TEST(history_is_bounded_for_each_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
