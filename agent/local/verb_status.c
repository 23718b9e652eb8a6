/* verb_status.c */

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "local/call.h"
#include "local/enrolment_words.h"
#include "local/speak.h"
#include "local/verbs.h"
#include "ports/port.h"

static const struct page page = {
    .name = "status",
    .arguments = "",
    .summary = "say whether the device is online, and if not, why",
    .help = "  Exit status: 0 online, 75 offline, 69 no agent is running.\n"
            "\n"
            "  Example: nameplate status && echo online\n",
};

static const char *or_nothing(const char *text)
{
    return text == NULL ? "" : text;
}

static void print_since(const struct json *s)
{
    int64_t since = (int64_t)json_number(json_get(s, "since"));
    char when[SPEAK_TIME], how_long[SPEAK_TIME];

    speak_time(since, when);
    speak_duration(port_wall_ms() - since, how_long);
    (void)printf("since %s%s%s%s", when, *how_long == '\0' ? "" : " (",
        how_long, *how_long == '\0' ? "" : ")");
}

static void print_offline(const struct json *s)
{
    double next = json_number(json_get(s, "next_try_s"));

    (void)printf("  why    %s: %s\n", or_nothing(json_text(json_get(s, "why"))),
        or_nothing(json_text(json_get(s, "detail"))));
    if (next > 0)
        (void)printf("  next   try in %.0f s\n", next);
    else
        (void)printf("  next   trying now\n");
}

static void print_last_outage(const struct json *outage)
{
    int64_t from = (int64_t)json_number(json_get(outage, "from"));
    int64_t to = (int64_t)json_number(json_get(outage, "to"));
    char when[SPEAK_TIME], how_long[SPEAK_TIME];

    if (outage == NULL)
        return;
    speak_time(from, when);
    speak_duration(to - from, how_long);
    (void)printf("  outage %s, for %s:", when,
        *how_long == '\0' ? "a moment" : how_long);
    for (const struct json *w = json_first(json_get(outage, "why")); w != NULL;
         w = json_next(w))
        (void)printf(" %s", or_nothing(json_text(w)));
    (void)printf(" (%s)\n", or_nothing(json_text(json_get(outage, "detail"))));
}

static void print_class(const struct json *c)
{
    const struct json *dropped = json_get(c, "dropped");
    double busy = json_number(json_get(c, "busy"));

    (void)printf("         %s: %.0f waiting", json_key(c),
        json_number(json_get(c, "queued")));
    for (const struct json *d = json_first(dropped); d != NULL;
         d = json_next(d))
        if (json_number(d) > 0)
            (void)printf(", %.0f %s", json_number(d), json_key(d));
    if (busy > 0)
        (void)printf(", %.0f told busy", busy);
    (void)putchar('\n');
}

/* Those that have something to tell. */
static void print_classes(const struct json *classes)
{
    for (const struct json *c = json_first(classes); c != NULL;
         c = json_next(c)) {
        double told = json_number(json_get(c, "queued")) +
            json_number(json_get(c, "busy"));

        for (const struct json *d = json_first(json_get(c, "dropped"));
             d != NULL; d = json_next(d))
            told += json_number(d);
        if (told > 0)
            print_class(c);
    }
}

static void print_store(const struct json *store)
{
    double aside = json_number(json_get(store, "set_aside"));
    double limit = json_number(json_get(store, "write_limit_bytes"));

    if (store == NULL)
        return;
    (void)printf("  disk   %s, %.1f MB written today, %.1f MB in all, %.0f"
                 " syncs since the start\n",
        json_is_true(json_get(store, "failing")) ? "REFUSES: nothing is stored"
                                                 : "stores",
        json_number(json_get(store, "written_today_bytes")) / 1e6,
        json_number(json_get(store, "written_bytes")) / 1e6,
        json_number(json_get(store, "syncs")));
    if (limit > 0)
        (void)printf("         a day may write %.0f MB; from half of it on a"
                     " commit comes every 5 s\n",
            limit / 1e6);
    if (aside > 0)
        (void)printf("         %.0f damaged stores were set aside\n", aside);
}

static void print_period(const struct json *budget, const char *period)
{
    const struct json *p = json_get(budget, period);
    double limit = json_number(json_get(p, "limit"));

    (void)printf("  %-6s %.2f MB in, %.2f MB out", period,
        json_number(json_get(p, "in")) / 1e6,
        json_number(json_get(p, "out")) / 1e6);
    if (limit > 0)
        (void)printf(", of %.0f MB", limit / 1e6);
    for (const struct json *c = json_first(json_get(p, "classes")); c != NULL;
         c = json_next(c))
        if (json_number(c) > 0)
            (void)printf("; %s %.2f MB", json_key(c), json_number(c) / 1e6);
    (void)putchar('\n');
}

/* Only where it happened. */
static void print_missing(const struct json *s)
{
    double subacks = json_number(json_get(s, "no_suback"));
    double pubacks = json_number(json_get(s, "no_puback"));

    if (subacks + pubacks > 0)
        (void)printf("         ended because no SUBACK came: %.0f, no PUBACK: "
                     "%.0f\n",
            subacks, pubacks);
}

static void print_human(const struct json *s, bool online)
{
    double dropped = json_number(json_get(s, "dropped"));

    (void)printf("%s is %s%s%s ", or_nothing(json_text(json_get(s, "thing"))),
        speak_colour(online ? SPEAK_GOOD : SPEAK_BAD),
        online ? "online" : "offline", speak_colour(SPEAK_PLAIN));
    print_since(s);
    (void)putchar('\n');
    if (!online)
        print_offline(s);
    print_last_outage(json_get(s, "last_outage"));
    (void)printf(
        "  queue  %.0f waiting on disk", json_number(json_get(s, "queued")));
    if (dropped > 0)
        (void)printf(", %.0f dropped", dropped);
    (void)putchar('\n');
    print_classes(json_get(s, "classes"));
    print_store(json_get(s, "store"));
    enrolment_words_status(json_get(s, "enrolment"));
    (void)printf("  link   %.0f connections, %.0f bytes in, %.0f out\n",
        json_number(json_get(s, "connections")),
        json_number(json_get(s, "bytes_in")),
        json_number(json_get(s, "bytes_out")));
    print_missing(s);
    if (json_get(s, "budget") == NULL)
        return;
    print_period(json_get(s, "budget"), "day");
    print_period(json_get(s, "budget"), "month");
}

int verb_status(int argc, char **argv)
{
    struct options o;
    struct json *answer;
    bool online;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    answer = call_once(&o, "status", &status);
    if (answer == NULL)
        return status;
    online = json_is_true(json_get(answer, "online"));
    if (o.json) {
        status = speak_json(&o, answer);
    } else {
        print_human(answer, online);
        status = speak_end(&o);
    }
    json_free(answer);
    return status != EX_OK || online ? status : EX_TEMPFAIL;
}
