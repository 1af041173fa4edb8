/* What could a client generator learn from the table of routes? */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/serve/serve_private.h"

static struct srd_json *text_object(const char *key, const char *text)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, key, srd_json_new_text(text));
    return object;
}

/* {"STATUS": {"description": ..., "content": {"application/json": {"schema": {"$ref": Error}}}}} */
static void put_error(struct srd_json *responses, const char *status, const char *description)
{
    struct srd_json *one = srd_json_put(responses, status, text_object("description", description));
    struct srd_json *content = srd_json_put(one, "content", srd_json_object());
    struct srd_json *type = srd_json_put(content, "application/json", srd_json_object());

    srd_json_put(type, "schema", text_object("$ref", "#/components/schemas/Error"));
}

static struct srd_json *responses_of(const struct srd_route *route)
{
    struct srd_json *out = srd_json_object();

    srd_json_put(out, "200", text_object("description", "The answer."));
    put_error(out, "403", "The address, the Host, the Origin or the key is not allowed.");
    if (route->roles)
        put_error(out, "401", "The key is missing or unknown.");
    if (route->needs_tenant)
        put_error(out, "404", "X-Tenant-ID names no tenant of this key.");
    if (route->takes)
        put_error(out, "413", "The body is larger than 4 MiB.");
    if (route->counted)
        put_error(out, "429", "Too many requests; Retry-After says how long to wait.");
    put_error(out, "503", "The server is at its capacity.");
    return out;
}

static void put_body(struct srd_json *operation, const struct srd_route *route)
{
    struct srd_json *body, *type, *schema;
    struct srd_error err = { 0 };

    if (!route->takes || srd_json_parse(route->takes, strlen(route->takes), 65536, &schema, &err))
        return;
    body = srd_json_put(operation, "requestBody", srd_json_object());
    srd_json_put(body, "required", srd_json_new_bool(true));
    type = srd_json_put(srd_json_put(body, "content", srd_json_object()), "application/json",
                        srd_json_object());
    srd_json_put(type, "schema", schema);
}

static void put_parameter(struct srd_json *list, const char *name, const char *in, bool required)
{
    struct srd_json *one = srd_json_push(list, text_object("name", name));

    srd_json_put(one, "in", srd_json_new_text(in));
    srd_json_put(one, "required", srd_json_new_bool(required));
    srd_json_put(one, "schema", text_object("type", "string"));
}

static struct srd_json *operation_of(const struct srd_route *route)
{
    struct srd_json *out = text_object("summary", route->summary);
    struct srd_json *security, *one;

    if (route->needs_tenant || route->below) {
        struct srd_json *parameters = srd_json_put(out, "parameters", srd_json_array());

        if (route->below)
            put_parameter(parameters, "id", "path", true);
        if (route->needs_tenant)
            put_parameter(parameters, "X-Tenant-ID", "header", false);
    }
    put_body(out, route);
    srd_json_put(out, "responses", responses_of(route));
    if (!route->roles) {
        srd_json_put(out, "security", srd_json_array());
        return out;
    }
    security = srd_json_put(out, "security", srd_json_array());
    one = srd_json_push(security, srd_json_object());
    srd_json_put(one, "key", srd_json_array());
    one = srd_json_push(security, srd_json_object());
    srd_json_put(one, "bearer", srd_json_array());
    return out;
}

static void put_components(struct srd_json *api)
{
    struct srd_json *components = srd_json_put(api, "components", srd_json_object());
    struct srd_json *schemes = srd_json_put(components, "securitySchemes", srd_json_object());
    struct srd_json *key = srd_json_put(schemes, "key", text_object("type", "apiKey"));
    struct srd_json *bearer = srd_json_put(schemes, "bearer", text_object("type", "http"));
    struct srd_json *schemas = srd_json_put(components, "schemas", srd_json_object());
    struct srd_json *error = srd_json_put(schemas, "Error", text_object("type", "object"));
    struct srd_json *members = srd_json_put(error, "properties", srd_json_object());

    srd_json_put(key, "in", srd_json_new_text("header"));
    srd_json_put(key, "name", srd_json_new_text("X-API-Key"));
    srd_json_put(bearer, "scheme", srd_json_new_text("bearer"));
    srd_json_put(members, "error", text_object("type", "string"));
    srd_json_put(members, "message", text_object("type", "string"));
    srd_json_put(members, "retry_after", text_object("type", "integer"));
}

struct srd_json *srd_openapi(const struct srd_route *const *routes, const char *version)
{
    struct srd_json *api = text_object("openapi", "3.1.0");
    struct srd_json *info = srd_json_put(api, "info", text_object("title", "srdiag"));
    struct srd_json *paths = srd_json_put(api, "paths", srd_json_object());

    srd_json_put(info, "version", srd_json_new_text(version));
    srd_json_put(info, "summary", srd_json_new_text("Read-only diagnosis of StarRocks clusters"));
    for (const struct srd_route *const *at = routes; *at; at++) {
        char path[128], method[16];
        struct srd_json *item = NULL;

        snprintf(path, sizeof(path), "%s%s", (*at)->path, (*at)->below ? "/{id}" : "");
        snprintf(method, sizeof(method), "%s", (*at)->method ? (*at)->method : "POST");
        for (char *p = method; *p; p++)
            *p = (char)(*p | 32); /* only letters are in it */
        item = (struct srd_json *)srd_json_get(paths, path);
        if (!item)
            item = srd_json_put(paths, path, srd_json_object());
        srd_json_put(item, method, operation_of(*at));
    }
    put_components(api);
    return api;
}
