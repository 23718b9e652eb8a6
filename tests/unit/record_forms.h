/* record_forms.h - texts of ownership records, well formed and not, for each
 * reader of them: the device's and the cloud's are independent, and must agree
 * on what a record is (docs/ownership.md, "The record").
 *
 * "@1", "@2" and "@3" stand for keys; the key of "@1" signs. */

#ifndef TESTS_RECORD_FORMS_H
#define TESTS_RECORD_FORMS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FORM_THING "acme:thermo-1:S1"
#define FORM_HIT   "AAAAAAAAAAAAAAAAAAAAAA"
#define FORM_HASH  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FORM_SIZE  2000

/* 128 bytes: the longest name */
#define FORM_N16 "nnnnnnnnnnnnnnnn"
#define FORM_N128                                                              \
    FORM_N16 FORM_N16 FORM_N16 FORM_N16 FORM_N16 FORM_N16 FORM_N16 FORM_N16

#define FORM_ACT(act)                                                          \
    "{\"v\":1,\"act\":\"" act "\",\"thing\":\"" FORM_THING                     \
    "\",\"hit\":\"" FORM_HIT "\",\"epoch\":1,\"previous\":null,\"at\":1,"
#define FORM_OWNER(name, keys)                                                 \
    "\"owner\":{\"name\":\"" name "\",\"keys\":[" keys "]},"
#define FORM_ANN            FORM_OWNER("Ann", "\"@1\"")
#define FORM_NOBODY         "\"owner\":null,"
#define FORM_REST           "\"recovery\":null,\"members\":[]}"
#define FORM_MEMBER(fields) "\"recovery\":null,\"members\":[{" fields "}]}"
#define FORM_HEAD(v, hit, epoch, previous, at)                                 \
    "{\"v\":" v ",\"act\":\"claim\",\"thing\":\"" FORM_THING "\",\"hit\":" hit \
    ",\"epoch\":" epoch ",\"previous\":" previous ",\"at\":" at                \
    "," FORM_ANN FORM_REST
#define FORM_QUOTED(text) "\"" text "\""
#define FORM_HIT_OK       FORM_QUOTED(FORM_HIT)

static const struct record_form {
    const char *text;
    bool fits;
} record_forms[] = {
    {FORM_ACT("claim") FORM_ANN FORM_REST,                         true                                                     },
    {FORM_ACT("share") FORM_ANN FORM_REST,                         true                                                     },
    {FORM_ACT("recover") FORM_ANN FORM_REST,                       true                                                     },
    {FORM_ACT("release") FORM_NOBODY FORM_REST,                    true                                                     },
    {FORM_ACT("claim") FORM_OWNER("A",                             "\"@1\",\"@2\"") FORM_REST,                                true},
    {FORM_ACT("claim") FORM_OWNER(FORM_N128,                                                            "\"@1\"") FORM_REST,                                                                                true},
    {FORM_ACT("claim") FORM_ANN "\"recovery\":\"@2\",\"members\":[]}",                                                        true                                 },
    {FORM_ACT("claim") FORM_ANN "\"members\":[],\"recovery\":null}", true                        },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"B\",\"role\":\"viewer\",\"key\":\"@2\""),
     true                                                                                        },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"B\",\"role\":\"operator\",\"key\":\"@2\""),
     true                         },
    {FORM_HEAD("1",                                                         FORM_HIT_OK,                                                                                         "1", "null", "0"), true},
    {FORM_HEAD("1",FORM_HIT_OK,"9", FORM_QUOTED(FORM_HASH), "1"), true},

 /* the head */
    {"[]",                                                        false                                                                                                            },
    {"7",                                                false                                                                                                     },
    {"{}",                                      false                                                                                          },
    {FORM_HEAD("2",                                                            FORM_HIT_OK,                                                                                                                  "1", "null", "1"), false},
    {FORM_HEAD("\"1\"",                                                            FORM_HIT_OK,       "1", "null", "1"), false},
    {FORM_HEAD("1",                                                            "\"AAAA\"",             "1", "null", "1"), false},
    {FORM_HEAD("1",                                                            FORM_QUOTED(FORM_HIT "=="),               "1", "null", "1"), false},
    {FORM_HEAD("1",                                                         "null","1", "null", "1"), false},
    {FORM_HEAD("1",                                                       FORM_HIT_OK,                                                                                                                "0", "null", "1"), false},
    {FORM_HEAD("1",FORM_HIT_OK,                                      "-1", "null", "1"), false},
    {FORM_HEAD("1",                                                        FORM_HIT_OK,                                                                                                            "1.5", "null", "1"), false},
    {FORM_HEAD("1",                                                FORM_HIT_OK,                                    "\"1\"", "null", "1"), false},
    {FORM_HEAD("1",                                                      FORM_HIT_OK,                                                                                                           "1", "7", "1"), false},
    {FORM_HEAD("1",                                                            FORM_HIT_OK,                                                                                                         "1", "\"AAAA\"", "1"), false},
    {FORM_HEAD("1",                                                         FORM_HIT_OK,                                                                                              "1", FORM_QUOTED(FORM_HASH "A"), "1"), false},
    {FORM_HEAD("1",                                                       FORM_HIT_OK,                                                                                                                "1", "null", "-1"), false},
    {FORM_HEAD("1",FORM_HIT_OK,                                                          "1", "null", "\"now\""), false},
    {FORM_ACT("seize") FORM_ANN FORM_REST,                                                        false                                                                                                           },
    {FORM_ACT("claim") "\"more\":1," FORM_ANN FORM_REST,                                                false                                       },
    {FORM_ACT("claim") FORM_ANN "\"members\":[]}",                                                      false                                                                                                          },
    {FORM_ACT("claim") FORM_REST,                                                            false                                                                                                        },

 /* owner and recovery */
    {FORM_ACT("claim") FORM_NOBODY FORM_REST,                                                        false                                                                     },
    {FORM_ACT("claim") "\"owner\":7," FORM_REST,                                                       false                                                                                                               },
    {FORM_ACT("claim") "\"owner\":{\"keys\":[\"@1\"]}," FORM_REST,false},
    {FORM_ACT("claim") "\"owner\":{\"name\":\"A\"}," FORM_REST,                                                        false                                                                                                           },
    {FORM_ACT("claim") "\"owner\":{\"name\":\"A\",\"keys\":[\"@1\"],\"mail\":1}"
                       "," FORM_REST,
     false                                              },
    {FORM_ACT("claim") FORM_OWNER("",                                                      "\"@1\"") FORM_REST,                                                                                                           false},
    {FORM_ACT("claim") FORM_OWNER(FORM_N128 "n",                                                            "\"@1\"") FORM_REST,                                                                                                         false},
    {FORM_ACT("claim") FORM_OWNER("A",                                                         "") FORM_REST,     false},
    {FORM_ACT("claim") FORM_OWNER("A",                                                       "\"@1\",\"@1\"") FORM_REST,                                                                                                                false},
    {FORM_ACT("claim") FORM_OWNER("A","\"@1\",7") FORM_REST,false},
    {FORM_ACT("claim") FORM_OWNER("A",                                                        "\"@1\",\"AAAA\"") FORM_REST,                                                                                                            false},
    {FORM_ACT("claim") FORM_ANN "\"recovery\":\"@1\",\"members\":[]}",                                                false                                     },
    {FORM_ACT("claim") FORM_ANN "\"recovery\":\"AAAA\",\"members\":[]}",                                  false                                                                                      },
    {FORM_ACT("claim") FORM_ANN "\"recovery\":7,\"members\":[]}",                                                            false                                                                                                        },
    {FORM_ACT("release") FORM_ANN FORM_REST,                                                         false},
    {FORM_ACT("release") FORM_NOBODY "\"recovery\":\"@2\",\"members\":[]}",
     false                                                                                                               },

 /* members */
    {FORM_ACT("claim") FORM_ANN "\"recovery\":null,\"members\":null}",                                                    false                                                },
    {FORM_ACT("claim") FORM_ANN "\"recovery\":null,\"members\":{}}",                                                  false                                                                                                     },
    {FORM_ACT("claim") FORM_ANN "\"recovery\":null,\"members\":[7]}",                         false                     },
    {FORM_ACT("claim")
            FORM_ANN FORM_MEMBER("\"role\":\"viewer\",\"key\":\"@2\""),
     false               },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"\",\"role\":\"viewer\",\"key\":\"@2\""),
     false               },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"" FORM_N128 "n\",\"role\":\"viewer\",\"key\":\"@2\""),
     false                          },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"B\",\"role\":\"owner\",\"key\":\"@2\""),
     false                  },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"B\",\"role\":\"viewer\",\"key\":\"@1\""),
     false                },
    {FORM_ACT("claim") FORM_ANN FORM_MEMBER(
         "\"name\":\"B\",\"role\":\"viewer\",\"key\":\"@2\","
         "\"more\":1"),
     false                                                           },
    {FORM_ACT("claim")
            FORM_ANN FORM_MEMBER("\"name\":\"B\",\"role\":\"viewer\""),
     false},
    {FORM_ACT("release") FORM_NOBODY FORM_MEMBER(
         "\"name\":\"B\",\"role\":\"viewer\",\"key\":\"@2\""),
     false                                                                                                                  },
};
#define RECORD_FORMS (sizeof(record_forms) / sizeof(record_forms[0]))

/* The text with keys (base64url) in the places that stand for them. */
static inline void record_form_fill(
    const char *text, const char *const keys[3], char out[FORM_SIZE])
{
    size_t used = 0;

    for (; *text != '\0' && used < FORM_SIZE - 100; text++)
        if (text[0] == '@' && text[1] >= '1' && text[1] <= '3')
            used += (size_t)snprintf(
                out + used, FORM_SIZE - used, "%s", keys[*++text - '1']);
        else
            out[used++] = *text;
    out[used] = '\0';
}

#endif
