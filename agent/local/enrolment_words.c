/* enrolment_words.c */

#include "local/enrolment_words.h"

#include <stdio.h>
#include <string.h>

#include "local/speak.h"

static const char *text(const struct json *object, const char *key)
{
    const char *found = json_text(json_get(object, key));

    return found != NULL ? found : "";
}

static void print_when(
    const struct json *enrolment, const char *key, const char *words)
{
    double ms = json_number(json_get(enrolment, key));
    char when[SPEAK_TIME];

    if (ms <= 0)
        return;
    speak_time((int64_t)ms, when);
    (void)printf("         %s %s\n", words, when);
}

static void print_anchors(const struct json *anchors)
{
    double both_s = json_number(json_get(anchors, "both_until"));
    char since[SPEAK_TIME] = "a time not known", until[SPEAK_TIME];

    if (anchors == NULL)
        return;
    if (json_number(json_get(anchors, "since")) > 0)
        speak_time((int64_t)json_number(json_get(anchors, "since")), since);
    (void)printf("  trust  %.0f configured roots of the broker and %.0f added, "
                 "generation %.0f since %s\n",
        json_number(json_get(anchors, "configured")),
        json_number(json_get(anchors, "added")),
        json_number(json_get(anchors, "generation")), since);
    if (both_s <= 0)
        return;
    speak_time((int64_t)both_s * 1000, until);
    (void)printf("         old and new (%s) are both good until %s\n",
        text(anchors, "subject"), until);
}

void enrolment_words_status(const struct json *enrolment)
{
    const char *state = text(enrolment, "state");
    double days = json_number(json_get(enrolment, "days_left"));

    if (*state == '\0' || strcmp(state, "off") == 0)
        return;
    (void)printf("  cert   %s by %s, shows its %s certificate", state,
        text(enrolment, "method"),
        json_is_true(json_get(enrolment, "operational")) ? "operational"
                                                         : "factory");
    if (days < 36500) /* else it is for ever */
        (void)printf(", %.0f days left", days);
    (void)putchar('\n');
    print_when(enrolment, "last_attempt", "last attempt");
    if (json_get(enrolment, "last_error") != NULL)
        (void)printf("         failed: %s: %s\n", text(enrolment, "last_error"),
            text(enrolment, "last_error_detail"));
    print_when(enrolment, "next_attempt", "next attempt");
    print_anchors(json_get(enrolment, "anchors"));
}

void enrolment_words_identity(const struct json *enrolment)
{
    char from[SPEAK_TIME], until[SPEAK_TIME];

    if (json_get(enrolment, "operational_id") == NULL)
        return;
    speak_time(
        (int64_t)json_number(json_get(enrolment, "operational_not_before")) *
            1000,
        from);
    speak_time(
        (int64_t)json_number(json_get(enrolment, "operational_not_after")) *
            1000,
        until);
    (void)printf("operational  %s%s\n", text(enrolment, "operational_id"),
        json_is_true(json_get(enrolment, "operational")) ? " (in use)" : "");
    (void)printf("  issuer     %s\n", text(enrolment, "operational_issuer"));
    (void)printf("  valid      %s to %s\n", from, until);
}
