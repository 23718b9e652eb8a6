/* Base64 as RFC 4648 section 4, with white space as RFC 8951 wants it. */

#include <string.h>

#include "cmocka_all.h"
#include "identity/base64.h"

static enum err read_text(const char *text, struct bytes *out, const char **why)
{
    return base64_read(
        (struct span){(const unsigned char *)text, strlen(text)}, out, why);
}

static void text_becomes_bytes_whatever_white_space_stands_in_it(void **state)
{
    static const struct {
        const char *text, *bytes;
    } table[] = {
        {"",                     ""      },
        {" \r\n\t",              ""      },
        {"Zg==",                 "f"     },
        {"Zm8=",                 "fo"    },
        {"Zm9v",                 "foo"   },
        {"Zm9v\r\nYmFy\r\n",     "foobar"},
        {"Z m\t9\nv\rYg = \n =", "foob"  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bytes out;
        const char *why;

        assert_int_equal(read_text(table[i].text, &out, &why), ERR_OK);
        assert_int_equal(out.len, strlen(table[i].bytes));
        assert_memory_equal(out.at, table[i].bytes, out.len);
        bytes_free(&out);
    }
}

static void what_is_not_base64_is_refused_and_says_why(void **state)
{
    static const struct {
        const char *text, *why;
    } table[] = {
        {"Z",                   "cut off"   },
        {"Zm9vY",               "cut off"   },
        {"Zg=",                 "cut off"   },
        {"Zh==",                "belong to" },
        {"Zm9=",                "belong to" },
        {"Z===",                "where none"},
        {"====",                "where none"},
        {"Zg==Zg==",            NULL        }, /* two that are whole */
        {"Zg=v",                "behind"    },
        {"Zm9v<html>",          "not base64"},
        {"-----BEGIN PKCS7---", "not base64"},
        {"Zm9_",                "not base64"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bytes out;
        const char *why = NULL;
        enum err e = read_text(table[i].text, &out, &why);

        assert_int_equal(e, ERR_INVALID);
        if (table[i].why != NULL)
            assert_non_null(strstr(why, table[i].why));
    }
}

static void what_is_written_is_read_again(void **state)
{
    unsigned char bytes[300];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t len = 0; len < sizeof(bytes); len++) {
        struct bytes text, again;
        const char *why;

        assert_int_equal(
            base64_write((struct span){bytes, len}, &text), ERR_OK);
        assert_int_equal(strlen((const char *)text.at), text.len);
        assert_int_equal(base64_read(bytes_span(&text), &again, &why), ERR_OK);
        assert_int_equal(again.len, len);
        assert_memory_equal(again.at, bytes, len);
        bytes_free(&text);
        bytes_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_bytes_whatever_white_space_stands_in_it),
        cmocka_unit_test(what_is_not_base64_is_refused_and_says_why),
        cmocka_unit_test(what_is_written_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
