/* http_stream.c - answers that go on, each with a ring of bytes in front. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cloudd/http_room.h"
#include "core/log.h"

#define STREAM_SNDBUF (64 * 1024)
#define STREAM_BLOCK  4096

static ssize_t on_read(void *context, uint64_t position, char *out, size_t most)
{
    struct http_request *r = context;
    struct http_stream *s = r->stream;
    size_t n = s->len < most ? s->len : most;

    (void)position;
    if (s->dropped)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (n == 0) {
        http_room_suspend(r);
        return 0;
    }
    if (n > s->limit - s->start)
        n = s->limit - s->start;
    memcpy(out, s->ring + s->start, n);
    s->start = (s->start + n) % s->limit;
    s->len -= n;
    return (ssize_t)n;
}

static int descriptor(struct http_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info != NULL ? info->connect_fd : -1;
}

struct http_stream *http_stream_start(struct http_request *request,
    const char *type, size_t queue_bytes, loop_callback *closed, void *context)
{
    struct http_stream *s = calloc(1, sizeof(*s) + queue_bytes);
    int small = STREAM_SNDBUF;

    if (s == NULL)
        return NULL;
    request->response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, request, NULL);
    if (request->response == NULL) {
        free(s);
        return NULL;
    }
    http_room_headers(request->response, type, false);
    s->request = request;
    s->limit = queue_bytes;
    s->closed = closed;
    s->context = context;
    request->status = 200;
    request->stream = s;
    /* What the kernel would hold for a reader that sleeps is bounded too. */
    (void)setsockopt(
        descriptor(request), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    http_room_resume(request);
    return s;
}

void http_stream_send(struct http_stream *stream, const void *bytes, size_t len)
{
    size_t end = (stream->start + stream->len) % stream->limit;
    size_t first = stream->limit - end;

    if (stream->dropped)
        return;
    if (len > stream->limit - stream->len) {
        log_info("http", "a reader is too slow and was dropped: queued=%zu",
            stream->len);
        http_stream_drop(stream);
        return;
    }
    if (first > len)
        first = len;
    memcpy(stream->ring + end, bytes, first);
    memcpy(stream->ring, (const char *)bytes + first, len - first);
    stream->len += len;
    http_room_resume(stream->request);
}

void http_stream_drop(struct http_stream *stream)
{
    struct http_request *r = stream->request;

    stream->dropped = true;
    (void)shutdown(descriptor(r), SHUT_RDWR);
    http_room_resume(r);
}
