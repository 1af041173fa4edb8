/* May this be asked, and how is it sent? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/secret.h"
#include "lib/agent/agent_private.h"

#define MAX_KEPT ((size_t)1 << 20)
#define MAX_ID 60

static const struct srd_probe *probe_named(const struct srd_agent_rules *rules, const char *id)
{
    for (const struct srd_probe *const *p = rules->probes; *p; p++)
        if (!strcmp((*p)->id, id))
            return *p;
    return NULL;
}

/* Is @sql what this program itself would send for the question, to some version in some mode? */
static bool is_own(const struct srd_probe *probe, const char *key, const char *sql,
                   struct srd_arena *arena)
{
    struct srd_error ignored = { 0 };
    struct srd_key values;
    const char *own;

    if (!srd_key_parse(probe, key, arena, &values))
        return false;
    for (size_t i = 0; i < SRD_MAX_TEXTS && probe->texts[i].sql; i++)
        if (!srd_probe_render(probe, &probe->texts[i], &values, arena, &own, &ignored) &&
            !strcmp(own, sql))
            return true;
    return false;
}

/* A name that can stand in a comment. */
static bool is_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n && n <= MAX_ID && !id[n];
}

bool srd_agent_judge(const struct srd_agent_rules *rules, const char *id, const char *key,
                     const char *sql, struct srd_arena *arena, struct srd_agent_verdict *out)
{
    const struct srd_guard_rules guard = { .policy = rules->options.policy,
                                           .share_sql = rules->options.share_sql };
    const struct srd_probe *probe = id ? probe_named(rules, id) : NULL;
    struct srd_guard_verdict verdict;

    *out = (struct srd_agent_verdict){ .code = "", .reason = "" };
    if (probe && is_own(probe, key, sql, arena)) {
        out->probe = probe;
        out->sql = sql;
        return out->allowed = true;
    }
    srd_guard_judge(sql, strlen(sql), &guard, arena, &verdict);
    out->code = srd_guard_code_name(verdict.code);
    out->reason = verdict.reason;
    if (verdict.allowed)
        out->sql = srd_arena_printf(arena, "/* srdiag:%s */ %s",
                                    id && is_id(id) ? id
                                    : id            ? "asked"
                                                    : "execute-sql",
                                    verdict.statement);
    return out->allowed = verdict.allowed;
}

const char *srd_agent_sql_to_keep(const struct srd_agent_verdict *verdict, const char *sql,
                                  struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf hidden;

    srd_buf_init(&hidden, MAX_KEPT);
    /* whatever was refused may be anything, such as IDENTIFIED BY '...' */
    if (!verdict->allowed)
        sql = srd_guard_hide_literals(sql, strnlen(sql, SRD_GUARD_MAX_BYTES), arena);
    return srd_secret_hide(&hidden, sql) ? srd_arena_copy(arena, hidden.data) : sql;
}
