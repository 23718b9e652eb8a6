/* seam.h - all that the cloud's rules ask of the world around them. */

#ifndef CLOUD_MOCK_SEAM_H
#define CLOUD_MOCK_SEAM_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct seam_message {
    const char *to; /* client id: to this one even without a subscription;
                       NULL: to all subscribers */
    const char *topic;
    const void *payload;
    size_t len;
};

struct seam {
    void *context;
    int64_t (*now_ms)(void *context); /* wall clock */
    enum err (*random)(void *context, void *bytes, size_t len);
    /* Copy and send, QoS 1, not retained. */
    void (*publish)(void *context, const struct seam_message *message);
    /* Close a client's connection (its will is sent); cloud_disconnect comes
     * before this returns. */
    void (*kick)(void *context, const char *client);
};

#endif
