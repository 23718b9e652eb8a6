/* http_look.c - what stands in a request. */

#include <arpa/inet.h>

#include "cloudd/http_room.h"

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_header(struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(
        request->connection, MHD_HEADER_KIND, name);
}

const char *http_query(struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(
        request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_cookie(struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(
        request->connection, MHD_COOKIE_KIND, name);
}

const char *http_body(const struct http_request *request, size_t *len)
{
    *len = request->body_len;
    return request->body;
}

const char *http_peer(struct http_request *request)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr_in *in = info != NULL
        ? (const struct sockaddr_in *)(const void *)info->client_addr
        : NULL;

    if (in == NULL || in->sin_family != AF_INET ||
        inet_ntop(AF_INET, &in->sin_addr, request->peer,
            sizeof(request->peer)) == NULL)
        return "?";
    return request->peer;
}
