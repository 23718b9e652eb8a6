/* request_work.h - what the files of request*.c share: one request being
 * answered. */

#ifndef CLOUD_MOCK_REQUEST_WORK_H
#define CLOUD_MOCK_REQUEST_WORK_H

#include "cloud-mock/lib/request.h"
#include "core/json.h"

#define REQUEST_WHY_SIZE 240

struct request_work {
    const struct request_services *services;
    const struct json *request;
    struct json *answer;
    char why[REQUEST_WHY_SIZE]; /* a sentence, set with an error */
};

/* Set the sentence; gives `e`. */
enum err request_fail(
    struct request_work *work, enum err e, const char *why) MUST_CHECK;

/* A member that must be there; failures are said. */
enum err request_want_text(
    struct request_work *work, const char *key, const char **text) MUST_CHECK;
enum err request_want_number(struct request_work *work, const char *key,
    int64_t max, int64_t *number) MUST_CHECK;

enum err request_say_ok(struct request_work *work) MUST_CHECK;

/* The operations on certificates, in request_certificate.c. */
enum err request_set_status(struct request_work *work) MUST_CHECK;
enum err request_issue(struct request_work *work) MUST_CHECK;

/* The operations on jobs, in request_jobs.c. */
enum err request_create_job(struct request_work *work) MUST_CHECK;
enum err request_cancel_job(struct request_work *work) MUST_CHECK;
enum err request_delete_job(struct request_work *work) MUST_CHECK;
enum err request_job(struct request_work *work) MUST_CHECK;
enum err request_jobs(struct request_work *work) MUST_CHECK;

#endif
