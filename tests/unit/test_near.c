/* What core/near promises. */

#include <string.h>

#include "cmocka_all.h"
#include "core/near.h"

static const char *const verbs[] = {"init", "issue", "show", "crl"};

static const char *meant(const char *word)
{
    return near_word(word, verbs, 4);
}

static void a_typo_finds_the_word(void **state)
{
    (void)state;
    assert_string_equal(meant("isue"), "issue");
    assert_string_equal(meant("isssue"), "issue");
    assert_string_equal(meant("ixsue"), "issue");
    assert_string_equal(meant("shwo"), "show");
    assert_string_equal(meant("iisseu"), "issue");
}

static void the_nearest_of_two_words_wins(void **state)
{
    static const char *const known[] = {"abcdef", "abcdxx"};

    (void)state;
    assert_string_equal(near_word("abcdxy", known, 2), "abcdxx");
}

static void a_different_word_finds_nothing(void **state)
{
    (void)state;
    assert_null(meant("banana"));
    assert_null(meant(""));
    assert_null(meant("cx"));
}

static void an_endless_word_finds_nothing(void **state)
{
    char word[2000];

    (void)state;
    memset(word, 'i', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_null(meant(word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typo_finds_the_word),
        cmocka_unit_test(the_nearest_of_two_words_wins),
        cmocka_unit_test(a_different_word_finds_nothing),
        cmocka_unit_test(an_endless_word_finds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
