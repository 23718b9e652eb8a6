/* outbox_inside.h - what the outbox_*.c behind outbox.h share and
 * nobody else sees. */

#ifndef CLOUD_OUTBOX_INSIDE_H
#define CLOUD_OUTBOX_INSIDE_H

#include "cloud/outbox.h"
#include "cloud/outbox_file.h"
#include "cloud/outbox_pace.h"
#include "cloud/outbox_queue.h"
#include "cloud/outbox_store.h"
#include "cloud/outbox_streams.h"
#include "cloud/outbox_wear.h"

struct outbox {
    char *path;
    struct outbox_load limits;
    struct outbox_now (*now)(void *context);
    void *context;
    struct outbox_class classes[OUTBOX_CONFIGURED];
    size_t class_count;
    struct outbox_wear *wear;
    uint64_t counted;           /* of the wear's bytes, in the state already */
    struct outbox_store *store; /* NULL: the disk refused the file */
    struct outbox_streams *streams;
    struct outbox_state state;
    struct outbox_queue queues[OUTBOX_CLASSES];
    size_t queue_count;
    struct outbox_pace pace;
    struct outbox_file_id file;
    int64_t tried_ms;  /* the last try to open a file that was refused */
    bool group_spoilt; /* the disk refused; only the commit ends it */
    bool group_put;    /* something was put */
    bool needs_commit;
    bool failing;
    bool reserved;                /* the reserve is there */
    bool complained;              /* that it is not */
    enum outbox_pace_stage stage; /* of this day's bytes, as it was logged */
    uint64_t group_bytes;         /* what the group will write, about */
    uint64_t accepted;
    uint64_t turn;         /* of the queues */
    int64_t take_wait_ms;  /* of the last take */
    unsigned used_percent; /* of the line's budget */
};

/* The time by which messages grow old, told to the state too. */
int64_t outbox_clock_now(struct outbox *ob);

/* Queues for what `state` says, after a file was opened. */
enum err outbox_adopt(struct outbox *ob) MUST_CHECK;
void outbox_close_queues(struct outbox *ob);

/* The queue of a message's id or of a class; NULL: there is none. */
struct outbox_queue *outbox_queue_of(struct outbox *ob, uint64_t id);
struct outbox_queue *outbox_queue_named(struct outbox *ob, const char *name);

/* Nothing of this group is or will be stored. */
void outbox_spoil_group(struct outbox *ob);

/* What was written until now goes into the state, and into the day's. */
void outbox_count_wear(struct outbox *ob);

#endif
