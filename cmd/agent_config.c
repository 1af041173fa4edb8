/* What is written into the configuration of a new agent? */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/env_file.h"
#include "lib/base/cleanup.h"

static bool is_said(const struct srd_agent_plan *p, enum srd_setting_id id)
{
    return p->call->settings.chosen[id].rank != SRD_RANK_DEFAULT;
}

/* Of these the texts have places of their own below, or they say where something came from. */
static bool has_place(enum srd_setting_id id)
{
    static const enum srd_setting_id ids[] = {
        SRD_SET_host,       SRD_SET_port,
        SRD_SET_user,       SRD_SET_password,
        SRD_SET_database,   SRD_SET_password_file,
        SRD_SET_agent,      SRD_SET_agent_token,
        SRD_SET_agent_ca,   SRD_SET_agent_token_file,
        SRD_SET_listen,     SRD_SET_agent_host,
        SRD_SET_agent_port, SRD_SET_previous_token,
        SRD_SET_token_file, SRD_SET_policy,
        SRD_SET_audit_file, SRD_SET_tenant_id,
        SRD_SET_agent_url,
    };

    for (size_t i = 0; i < SRD_COUNT(ids); i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool is_path(enum srd_setting_id id)
{
    return id == SRD_SET_ssl_ca || id == SRD_SET_ssl_cert || id == SRD_SET_ssl_key ||
           id == SRD_SET_tls_cert || id == SRD_SET_tls_key || id == SRD_SET_port_file ||
           id == SRD_SET_audit_file;
}

/* Names of files were said for the folder we are in now, and are read in another. */
static const char *lasting(const struct srd_agent_plan *p, enum srd_setting_id id)
{
    const char *text = srd_setting_text(&p->call->settings, id);
    SRD_CLEANUP(srd_free_text) char *here = NULL;

    if (!is_path(id) || *text == '/' || !*text)
        return text;
    here = getcwd(NULL, 0);
    return here ? srd_arena_printf(p->call->arena, "%s/%s", here, text) : text;
}

/* The dialect of config files, whose texts may hold what a quote or a line would end. */
static const char *cnf_word(struct srd_arena *arena, const char *text)
{
    static const char from[] = "\"\\\n\r", to[] = "\"\\nr";
    char *out = srd_arena_alloc(arena, 2 * strlen(text) + 3), *put = out;

    *put++ = '"';
    for (; *text; text++) {
        const char *special = strchr(from, *text);

        if (special)
            *put++ = '\\';
        *put++ = special ? to[special - from] : *text;
    }
    *put++ = '"';
    *put = '\0';
    return out;
}

/* Everything else that was said, as --ssl-ca or --allow-ip. @section: 0 all, 's' [srdiag], 'a'
 * [agent]. */
static void put_rest(const struct srd_agent_plan *p, char section, struct srd_buf *out)
{
    for (int i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];
        enum srd_setting_id id = (enum srd_setting_id)i;

        if (!(s->connection || s->agent) || has_place(id) || !is_said(p, id))
            continue;
        if (!section)
            srd_buf_printf(out, "%s=%s\n", s->env, srd_env_word(p->call->arena, lasting(p, id)));
        else if ((section == 'a') == s->agent)
            srd_buf_printf(out, "%s = %s\n", s->name, cnf_word(p->call->arena, lasting(p, id)));
    }
}

static void write_env(const struct srd_agent_plan *p, struct srd_buf *out)
{
    struct srd_arena *arena = p->call->arena;
    const char *audit =
        is_said(p, SRD_SET_audit_file) ? lasting(p, SRD_SET_audit_file) : "audit.log";
    const char *url = srd_setting_text(&p->call->settings, SRD_SET_agent_url);

#define WORD(id) srd_env_word(arena, srd_setting_text(&p->call->settings, SRD_SET_##id))
    srd_buf_printf(out,
                   "# The cluster, as seen from this machine. The password stays here.\n"
                   "SR_HOST=%s\nSR_PORT=%s\nSR_USER=%s\n",
                   WORD(host), WORD(port), WORD(user));
    srd_buf_printf(out, "SR_PASSWORD=%s\n", srd_env_word(arena, p->password));
    srd_buf_printf(out, "SR_DATABASE=%s\n",
                   is_said(p, SRD_SET_database) ? WORD(database) : "information_schema");
    srd_buf_printf(
        out,
        "\n# The agent. The centre must show the token; srdiag agent rotate-token makes a "
        "new one.\n"
        "# AGENT_HOST is this machine alone, or its address in the network of the "
        "centre.\n"
        "AGENT_HOST=%s\nAGENT_PORT=%s\nAGENT_TOKEN=%s\n",
        p->host, p->port, p->token);
    srd_buf_printf(
        out,
        "\n# What may be asked: system (tables of the system), select (any SELECT) or "
        "probes (only what\n# srdiag itself asks). What was asked is in the audit file.\n"
        "SRDIAG_POLICY=%s\nSRDIAG_AUDIT_FILE=%s\n",
        WORD(policy), srd_env_word(arena, audit));
    srd_buf_printf(out,
                   "\n# For the provider of the centre: what it calls this customer, and where it "
                   "reaches the agent.\nAGENT_TENANT=%s\n",
                   srd_env_word(arena, srd_agent_tenant_id(&p->call->settings, arena)));
    if (*url)
        srd_buf_printf(out, "AGENT_URL=%s\n", srd_env_word(arena, url));
    else
        srd_buf_text(out, "#AGENT_URL=http://frp.example.com:6080\n");
    put_rest(p, 0, out);
#undef WORD
}

static void write_cnf(const struct srd_agent_plan *p, struct srd_buf *out)
{
    struct srd_arena *arena = p->call->arena;
    const char *url = srd_setting_text(&p->call->settings, SRD_SET_agent_url);

#define WORD(id) cnf_word(arena, srd_setting_text(&p->call->settings, SRD_SET_##id))
    srd_buf_printf(out,
                   "# The agent of srdiag-agent.service. Password and token are in files of their "
                   "own.\n[srdiag]\nhost = %s\nport = %s\nuser = %s\n",
                   WORD(host), WORD(port), WORD(user));
    if (*p->password)
        srd_buf_printf(out, "password-file = %s\n", cnf_word(arena, p->home->password));
    put_rest(p, 's', out);
    srd_buf_printf(out, "\n[agent]\nlisten = \"%s:%s\"\ntoken-file = %s\npolicy = %s\n", p->host,
                   p->port, cnf_word(arena, p->home->token), WORD(policy));
    srd_buf_printf(out, "tenant-id = %s\n",
                   cnf_word(arena, srd_agent_tenant_id(&p->call->settings, arena)));
    if (*url)
        srd_buf_printf(out, "agent-url = %s\n", WORD(agent_url));
    put_rest(p, 'a', out);
#undef WORD
}

void srd_agent_config_write(const struct srd_agent_plan *plan, struct srd_buf *out)
{
    if (plan->home->system)
        write_cnf(plan, out);
    else
        write_env(plan, out);
}
