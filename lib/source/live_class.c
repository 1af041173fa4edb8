/* What does an error of the server mean, and how is it told? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/source/live_private.h"

/*
 * A code alone says little: 1064 is a syntax error, a missing column, a dead backend or a full FE.
 * Texts are wrapped ("Getting analyzing error from line 1 ... Detail message: <text>."), so they
 * are looked for anywhere. The first row that fits decides: a text that quotes a whole failed
 * statement comes before texts that such a statement may contain. Columns: code (0: any), two texts
 * (NULL: none).
 */
static const struct {
    unsigned code;
    const char *text, *and_text;
    enum srd_status status;
} classes[] = {
    /* the FE asked its own history tables and found no node to do it */
    { 0, "RepoExecutor", "execute sql failed", SRD_NO_BACKEND },
    { 5905, NULL, NULL, SRD_NO_BACKEND },
    { 0, "No alive backend or compute node", NULL, SRD_NO_BACKEND },
    { 0, "Backend node not found", NULL, SRD_NO_BACKEND },
    { 0, "Compute node not found", NULL, SRD_NO_BACKEND },

    { 5203, NULL, NULL, SRD_DENIED },
    { 1045, NULL, NULL, SRD_DENIED },
    { 1044, NULL, NULL, SRD_DENIED }, /* 1044, 1142, 1227: releases before 3.0's privileges */
    { 1142, NULL, NULL, SRD_DENIED },
    { 1227, NULL, NULL, SRD_DENIED },
    { 0, "Access denied", NULL, SRD_DENIED },

    { 5024, NULL, NULL, SRD_TIMED_OUT },
    { 0, "Query reached its timeout", NULL, SRD_TIMED_OUT },
    { 0, "exceeded time limit", NULL, SRD_TIMED_OUT }, /* as releases before 3.3 said it */
    { 0, "query timeout", NULL, SRD_TIMED_OUT },

    { 5907, NULL, NULL, SRD_MODE_ABSENT },
    { 0, "unsupported statement in shared_", NULL, SRD_MODE_ABSENT },
    { 0, "only support share", "data mode", SRD_MODE_ABSENT },
    { 0, "Unsupported operation on lake table", NULL, SRD_MODE_ABSENT },
    { 0, "because \"this.", "is null",
      SRD_MODE_ABSENT }, /* shared-data's manager, shared-nothing */

    { 5501, NULL, NULL, SRD_VERSION_ABSENT },
    { 5502, NULL, NULL, SRD_VERSION_ABSENT },
    { 5078, NULL, NULL, SRD_VERSION_ABSENT },
    { 1049, NULL, NULL, SRD_VERSION_ABSENT }, /* 1049, 1051, 1109, 1146: MySQL's own numbers */
    { 1051, NULL, NULL, SRD_VERSION_ABSENT },
    { 1109, NULL, NULL, SRD_VERSION_ABSENT },
    { 1146, NULL, NULL, SRD_VERSION_ABSENT },
    { 1193, NULL, NULL, SRD_VERSION_ABSENT },
    { 0, "Unknown database", NULL, SRD_VERSION_ABSENT },
    { 0, "Unknown table", NULL, SRD_VERSION_ABSENT },
    { 0, "Unknown catalog", NULL, SRD_VERSION_ABSENT },
    { 0, "Unknown system variable", NULL, SRD_VERSION_ABSENT },
    { 0, "Unknown proc node path", NULL, SRD_VERSION_ABSENT },
    { 0, "cannot be resolved", NULL, SRD_VERSION_ABSENT },
    { 0, "No matching function", NULL, SRD_VERSION_ABSENT },
    { 0, "Getting syntax error", NULL, SRD_VERSION_ABSENT },
    { 0, "No viable statement", NULL, SRD_VERSION_ABSENT },
};

enum srd_status srd_live_class(unsigned code, const char *text)
{
    if (!text)
        text = "";
    for (size_t i = 0; i < SRD_COUNT(classes); i++) {
        if (classes[i].code && classes[i].code != code)
            continue;
        if (classes[i].text && !strstr(text, classes[i].text))
            continue;
        if (classes[i].and_text && !strstr(text, classes[i].and_text))
            continue;
        return classes[i].status;
    }
    return SRD_FAILED;
}

const char *srd_live_line(const char *text, char *out, size_t size)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;
    size_t n;

    srd_buf_init(&clean, 16384); /* libmariadb's texts have at most 512 bytes */
    srd_utf8_clean(&clean, text, strlen(text));
    while (clean.size && strchr(" .", clean.data[clean.size - 1]))
        clean.data[--clean.size] = '\0';
    if (clean.size < size) {
        memcpy(out, clean.data, clean.size + 1);
        return out;
    }
    n = size - sizeof("...");
    while (n && ((unsigned char)clean.data[n] & 0xC0) == 0x80)
        n--;
    memcpy(out, clean.data, n);
    memcpy(out + n, "...", sizeof("..."));
    return out;
}

/* What stands in @text between @before and @after, both of them there; false otherwise. */
static bool between(const char *text, const char *before, const char *after, const char **start,
                    int *n)
{
    const char *from = strstr(text, before), *to;

    if (!from)
        return false;
    from += strlen(before);
    to = strstr(from, after);
    if (!to || to == from)
        return false;
    *start = from;
    *n = (int)(to - from);
    return true;
}

/*
 * "Access denied; you need (at least one of) the OPERATE privilege(s) on SYSTEM for this operation.
 * ... Inactivated role(s): [r2]." -> "needs OPERATE on SYSTEM; granted but not active: role [r2],
 * ..."
 */
static const char *missing_privilege(const char *text, struct srd_arena *arena)
{
    const char *privilege, *object, *roles;
    int privilege_n, object_n, roles_n;

    if (!between(text, "(at least one of) the ", " privilege(s)", &privilege, &privilege_n))
        return NULL;
    if (!between(text, "privilege(s) on ", " for this operation", &object, &object_n))
        return srd_arena_printf(arena, "needs %.*s", privilege_n, privilege);
    if (between(text, "Inactivated role(s): [", "]", &roles, &roles_n))
        return srd_arena_printf(arena,
                                "needs %.*s on %.*s; granted but not active: role %.*s "
                                "(SET DEFAULT ROLE activates it at login)",
                                privilege_n, privilege, object_n, object, roles_n, roles);
    return srd_arena_printf(arena, "needs %.*s on %.*s", privilege_n, privilege, object_n, object);
}

const char *srd_live_detail(enum srd_status status, const char *text, struct srd_arena *arena)
{
    const char *words = status == SRD_DENIED ? missing_privilege(text, arena) : NULL;
    char line[SRD_LIVE_DETAIL_SIZE];

    return srd_arena_copy(arena, srd_live_line(words ? words : text, line, sizeof(line)));
}
