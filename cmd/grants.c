/* Which privileges does the account of srdiag need, at least? SQL to read and then to run. */

#include <string.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

static struct {
    struct srd_words experts;
    const char *role, *to;
} opt = { .role = "srdiag" };

static const struct srd_option options[] = {
    { "for", 0, SRD_OPT_LIST, &opt.experts, "EXPERT,...", "only what these experts need",
      .group = SRD_OF_COMMAND },
    { "role", 0, SRD_OPT_TEXT, &opt.role, "ROLE", "name of the role (srdiag)",
      .group = SRD_OF_COMMAND },
    { "to", 0, SRD_OPT_TEXT, &opt.to, "USER[@HOST]", "give the role to this user",
      .group = SRD_OF_COMMAND },
    { 0 },
};

/* What a privilege of the probes means in SQL. */
static const struct grant {
    const char *privilege, *what, *words;
} grants[] = {
    { "OPERATE", "OPERATE ON SYSTEM", "SHOW PROC, nodes, configuration, tables about the nodes" },
    { "BLACKLIST", "BLACKLIST ON SYSTEM", "nodes that queries leave out" },
    { "REPOSITORY", "REPOSITORY ON SYSTEM", "backups and restores" },
    { "SELECT", "SELECT ON ALL TABLES IN ALL DATABASES",
      "StarRocks hides tables without it: sizes, partitions, tablets, loads" },
    { "SELECT", "SELECT ON ALL MATERIALIZED VIEWS IN ALL DATABASES",
      "the same for materialized views" },
    { "USAGE", "USAGE ON ALL WAREHOUSES", "warehouses of shared-data clusters" },
};

/* All probes of checks and views of the experts, and those of every run. */
static void gather(const struct srd_expert *const *experts, struct srd_arena *arena,
                   const struct srd_probe ***out)
{
    const struct srd_probe *const *all = srd_catalogue_probes(&srd_catalogue, arena);
    const struct srd_probe *const *mine = srd_probes_of_experts(experts, NULL, arena);
    const struct srd_probe **set;
    size_t room = 1, n = 0;

    while (all[room - 1])
        room++;
    set = srd_arena_array(arena, room, sizeof(*set));
    for (; *all; all++) {
        bool wanted = false;

        for (const struct srd_probe *const *p = mine; *p; p++)
            for (const struct srd_probe *q = *p; q; q = q->after)
                wanted = wanted || q == *all;
        for (const struct srd_probe *const *p = srd_identity_probes; *p; p++)
            wanted = wanted || *p == *all;
        for (const struct srd_expert *const *e = experts; *e && !wanted; e++)
            SRD_EACH_VIEW (v, (*e))
                for (const struct srd_probe *const *p = srd_probes_of_view(*v, arena); *p; p++)
                    wanted = wanted || *p == *all;
        if (wanted)
            set[n++] = *all;
    }
    *out = set;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = words; at && (at = strstr(at, word)); at += n)
        if ((at == words || at[-1] == ' ') && (!at[n] || at[n] == ' '))
            return true;
    return false;
}

/* Ids of the probes that need @privilege; "": none does. */
static const char *needed_by(const struct srd_probe *const *probes, const char *privilege,
                             struct srd_arena *arena)
{
    const char *out = "";

    for (; *probes; probes++)
        if (has_word((*probes)->privilege, privilege))
            out = srd_arena_printf(arena, "%s%s%s", out, *out ? " " : "", (*probes)->id);
    return out;
}

static int check(struct srd_call *call, struct srd_error *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const struct srd_expert *const *experts;

    if (strspn(opt.role, good) != strlen(opt.role) || strchr("0123456789_", opt.role[0]) ||
        strlen(opt.role) > 64)
        return srd_fail(
            err, SRD_E_USAGE,
            "--role: the name of a role begins with a letter and has letters, digits and "
            "underscores");
    return srd_experts_named(&opt.experts, call->arena, &experts, err);
}

/* diag -> 'diag'@'%'; diag@10.0.0.1 -> 'diag'@'10.0.0.1' */
static const char *user_text(const char *to, struct srd_arena *arena)
{
    const char *at = strrchr(to, '@');
    const char *name = at ? srd_arena_copy_n(arena, to, (size_t)(at - to)) : to;

    return srd_arena_printf(arena, "%s@%s", srd_quote_text(arena, name),
                            srd_quote_text(arena, at ? at + 1 : "%"));
}

static void add(struct srd_listing *listing, const char *sql, const char *privilege,
                const char *words, const char *probes)
{
    srd_listing_add(listing, (const char *[]){ sql, privilege, words, probes });
}

static void print_sql(struct srd_call *call, const struct srd_listing *l)
{
    srd_buf_text(&call->out, "-- What srdiag needs, and no more; it only ever reads.\n");
    for (size_t row = 0; row < l->rows; row++) {
        const char **cell = l->cells + row * l->column_count;

        if (cell[2])
            srd_buf_printf(&call->out, "\n-- %s\n", cell[2]);
        srd_buf_printf(&call->out, "%s\n", cell[0]);
    }
}

static int run(struct srd_call *call, struct srd_error *err)
{
    static const struct srd_list_column columns[] = { { .key = "statement" },
                                                      { .key = "privilege" },
                                                      { .key = "reason" },
                                                      { .key = "probes" },
                                                      { 0 } };
    const struct srd_expert *const *experts;
    const struct srd_probe **probes;
    struct srd_arena *arena = call->arena;
    struct srd_listing l;

    if (srd_experts_named(&opt.experts, arena, &experts, err))
        return err->code;
    gather(experts, arena, &probes);
    srd_listing_init(&l, arena, "grants", columns);
    add(&l, srd_arena_printf(arena, "CREATE ROLE IF NOT EXISTS %s;", opt.role), NULL, NULL, NULL);
    for (size_t i = 0; i < SRD_COUNT(grants); i++) {
        const char *users = needed_by(probes, grants[i].privilege, arena);

        if (*users)
            add(&l, srd_arena_printf(arena, "GRANT %s TO ROLE %s;", grants[i].what, opt.role),
                grants[i].privilege, grants[i].words, users);
    }
    if (opt.to) {
        const char *user = user_text(opt.to, arena);

        add(&l, srd_arena_printf(arena, "GRANT %s TO USER %s;", opt.role, user), NULL,
            "a granted role works only when it is active: make it the default, instead of others",
            NULL);
        add(&l, srd_arena_printf(arena, "SET DEFAULT ROLE %s TO %s;", opt.role, user), NULL, NULL,
            NULL);
    }
    if (!srd_format_is_prose(call->format))
        return srd_listing_print(call, &l, err);
    print_sql(call, &l);
    if (!opt.to)
        srd_buf_text(&call->out, "\n-- srdiag grants --to USER gives the role to an account.\n");
    return 0;
}

const struct srd_command srd_command_grants = {
    .name = "grants",
    .group = "help",
    .operands = "",
    .summary = "print the smallest role for srdiag's account as SQL",
    .text =
        "Nothing is run: read the statements, then run them as an administrator, for example with "
        "srdiag grants --to diag | mysql -h FE -P 9030 -u root -p.",
    .options = options,
    .needs = SRD_NEEDS_SETTINGS,
    .check = check,
    .run = run,
};
