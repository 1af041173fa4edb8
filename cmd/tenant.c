/* How does a customer get into the file of tenants, and out of it? */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "cmd/replace.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/json_edit.h"
#include "lib/base/text.h"
#include "lib/serve/desk.h"
#include "lib/serve/tenants.h"
#include "lib/serve/trouble.h"

#define SECRET_BYTES 32
#define LARGEST_FILE ((size_t)16 << 20)
#define TEST_MS 20000

static struct {
    struct srd_words urls;
    const char *name, *contact, *description;
    bool key, finish;
} opt;

static const struct srd_option options[] = {
    { "agent-url", 0, SRD_OPT_LIST, &opt.urls, "URL,...",
      "add: where its agents are; the first one that is well is asked", .group = SRD_OF_COMMAND },
    { "name", 0, SRD_OPT_TEXT, &opt.name, "NAME", "add: what people call it",
      .group = SRD_OF_COMMAND },
    { "contact", 0, SRD_OPT_TEXT, &opt.contact, "TEXT", "add: whom to ask",
      .group = SRD_OF_COMMAND },
    { "description", 0, SRD_OPT_TEXT, &opt.description, "TEXT", "add: what it is",
      .group = SRD_OF_COMMAND },
    { "with-key", 0, SRD_OPT_FLAG, &opt.key, NULL,
      "add: also make a key for its users, and print it", .group = SRD_OF_COMMAND },
    { "finish", 0, SRD_OPT_FLAG, &opt.finish, NULL,
      "rotate: forget the previous token, now that the agent has the new one",
      .group = SRD_OF_COMMAND },
    { 0 },
};

/* The file as it is now, and as it shall be. */
struct change {
    struct srd_call *call;
    const char *path;
    struct srd_replace replace;
    char *text; /* "" when there is no file */
    struct srd_tenants tenants;
    struct srd_buf next;
};

static void end_change(struct change *change)
{
    srd_replace_end(&change->replace);
    srd_buf_free(&change->next);
    if (change->text)
        srd_wipe(change->text, strlen(change->text));
}

static int begin_change(struct srd_call *call, struct change *out, struct srd_error *err)
{
    unsigned mode;
    size_t n;

    out->call = call;
    out->path = srd_setting_text(&call->settings, SRD_SET_tenants);
    out->replace.fd = -1;
    srd_buf_init(&out->next, LARGEST_FILE);
    if (srd_replace_begin(out->path, call->arena, &out->replace, err))
        return err->code;
    if (out->replace.fd < 0) {
        out->text = srd_arena_copy(call->arena, "{\n  \"tenants\": {}\n}\n");
        return 0;
    }
    /* what is not right is not changed: nobody could tell what of it was us */
    if (srd_tenants_text(out->path, call->arena, &out->text, &n, &mode, err))
        return err->code;
    return srd_tenants_parse(out->path, out->text, n, call->arena, &out->tenants, err);
}

static struct srd_tenant *find(struct change *change, const char *id, struct srd_error *err)
{
    struct srd_arena *arena = change->call->arena;
    const char **ids = srd_arena_array(arena, change->tenants.count + 1, sizeof(*ids));

    for (size_t i = 0; i < change->tenants.count; i++) {
        if (!strcmp(change->tenants.list[i].id, id))
            return &change->tenants.list[i];
        ids[i] = change->tenants.list[i].id;
    }
    srd_fail(err, SRD_E_USAGE, "\"%s\" has no tenant \"%s\"%s", change->path, srd_shown(arena, id),
             srd_did_you_mean(arena, id, ids));
    return NULL;
}

/* A JSON value as text. */
static const char *printed(struct srd_arena *arena, struct srd_json *value)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *owned = value;
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, LARGEST_FILE);
    srd_json_print(owned, true, &text);
    return srd_arena_copy(arena, text.data);
}

/* @value NULL: the member goes. */
static void put(struct change *change, const char *id, const char *member, const char *value)
{
    const char *path[] = { "tenants", id, member, NULL };

    srd_buf_clear(&change->next);
    if (value ? !srd_json_edit_put(change->text, path, value, &change->next)
              : !srd_json_edit_drop(change->text, path, &change->next))
        return;
    change->text = srd_arena_copy_n(change->call->arena, change->next.data, change->next.size);
}

/* Nothing is written that the server would refuse. */
static int finish(struct change *change, struct srd_error *err)
{
    struct srd_arena *arena = change->call->arena;
    size_t n = strlen(change->text);
    struct srd_tenants check;

    if (srd_tenants_parse(change->path, change->text, n, arena, &check, err))
        return srd_while(err, "nothing was changed, for it would read");
    for (const char *const *w = check.warnings; *w && !srd_globals.quiet; w++)
        dprintf(STDERR_FILENO, "srdiag: warning: %s\n", *w);
    return srd_replace_write(&change->replace, change->text, n, arena, err);
}

static void tell(const char *format, const char *id)
{
    if (srd_globals.quiet)
        return;
    dprintf(STDERR_FILENO, format, id);
    dprintf(STDERR_FILENO, " A running server takes it with SIGHUP or POST /reload-config.\n");
}

static int make_secret(struct srd_arena *arena, const char **out, struct srd_error *err)
{
    unsigned char bytes[SECRET_BYTES];
    char *hex = srd_arena_alloc(arena, 2 * SECRET_BYTES + 1);

    if (srd_random(bytes, sizeof(bytes), err))
        return err->code;
    srd_hex(bytes, sizeof(bytes), hex);
    srd_wipe(bytes, sizeof(bytes));
    *out = hex;
    return 0;
}

/* That of the agent, if somebody said it, or else a new one, which is shown. */
static int choose_token(struct srd_call *call, const char **out, bool *made, struct srd_error *err)
{
    const char *wrong;

    *made = false;
    if (srd_settings_token(&call->settings, SRD_SET_agent_token_file, out, err))
        return err->code;
    if (!*out) {
        *made = true;
        return make_secret(call->arena, out, err);
    }
    wrong = srd_agent_token_wrong(*out);
    return wrong ? srd_fail(err, SRD_E_USAGE, "%s", wrong) : 0;
}

/* ---- add ---- */

static struct srd_json *urls(void)
{
    struct srd_json *list = srd_json_array();

    for (size_t i = 0; i < opt.urls.count; i++)
        srd_json_push(list, srd_json_new_text(opt.urls.items[i]));
    return list;
}

static void put_text(struct srd_json *object, const char *name, const char *text)
{
    if (text && *text)
        srd_json_put(object, name, srd_json_new_text(text));
}

/* Only its digest is in the file. */
static struct srd_json *digest_of(const char *id, const char *key)
{
    struct srd_json *list = srd_json_array(), *one = srd_json_push(list, srd_json_object());
    unsigned char digest[SRD_SHA256_SIZE];
    char text[7 + 2 * SRD_SHA256_SIZE + 1] = "sha256:";

    srd_sha256(key, strlen(key), digest);
    srd_hex(digest, sizeof(digest), text + 7);
    put_text(one, "name", id);
    put_text(one, "key", text);
    return list;
}

static struct srd_json *describe(struct srd_call *call, const char *id, const char *token,
                                 const char *key)
{
    struct srd_json *object = srd_json_object();
    char now[SRD_TIME_SIZE];

    put_text(object, "name", opt.name ? opt.name : id);
    if (opt.urls.count == 1)
        put_text(object, "agent_url", opt.urls.items[0]);
    else
        srd_json_put(object, "agent_urls", urls());
    put_text(object, "agent_token", token);
    put_text(object, "agent_ca", srd_setting_text(&call->settings, SRD_SET_agent_ca));
    if (key)
        srd_json_put(object, "api_keys", digest_of(id, key));
    put_text(object, "description", opt.description);
    srd_json_put(object, "enabled", srd_json_new_bool(true));
    put_text(object, "created_at", srd_time_rfc3339(srd_clock_now_ms(), now));
    put_text(object, "contact", opt.contact);
    return object;
}

static int add(struct srd_call *call, const char *id, struct srd_error *err)
{
    SRD_CLEANUP(end_change) struct change change = { 0 };
    const char *token, *key = NULL, *path[] = { "tenants", id, NULL };
    bool made;

    if (!srd_api_key_name_valid(id))
        return srd_fail(err, SRD_E_USAGE,
                        "a tenant is named by letters, digits, dots, dashes, underscores and @");
    if (!opt.urls.count)
        return srd_fail(err, SRD_E_USAGE, "tenant add wants --agent-url URL");
    if (begin_change(call, &change, err) || choose_token(call, &token, &made, err) ||
        (opt.key && make_secret(call->arena, &key, err)))
        return err->code;
    for (size_t i = 0; i < change.tenants.count; i++)
        if (!strcmp(change.tenants.list[i].id, id))
            return srd_fail(err, SRD_E_USAGE, "\"%s\" has a tenant %s already", change.path, id);
    if (!srd_json_edit_put(change.text, path, printed(call->arena, describe(call, id, token, key)),
                           &change.next))
        return srd_fail(err, SRD_E_INTERNAL, "\"%s\" has no place for a tenant", change.path);
    change.text = srd_arena_copy_n(call->arena, change.next.data, change.next.size);
    if (finish(&change, err))
        return err->code;
    if (made)
        srd_buf_printf(&call->out, "AGENT_TOKEN=%s\n", token);
    if (key)
        srd_buf_printf(&call->out, "API_KEY=%s\n", key);
    tell("Tenant %s was added.", id);
    return 0;
}

/* ---- enable, disable, rotate ---- */

static int enable(struct srd_call *call, const char *id, bool yes, struct srd_error *err)
{
    SRD_CLEANUP(end_change) struct change change = { 0 };

    if (begin_change(call, &change, err) || !find(&change, id, err))
        return err->code;
    put(&change, id, "enabled", yes ? "true" : "false");
    if (finish(&change, err))
        return err->code;
    tell(yes ? "Tenant %s is enabled." : "Tenant %s is disabled.", id);
    return 0;
}

static int rotate(struct srd_call *call, const char *id, struct srd_error *err)
{
    SRD_CLEANUP(end_change) struct change change = { 0 };
    const struct srd_tenant *tenant;
    const char *token;
    bool made;

    if (begin_change(call, &change, err) || !(tenant = find(&change, id, err)))
        return err->code;
    if (opt.finish) {
        if (!tenant->agents.previous)
            return srd_fail(err, SRD_E_USAGE, "tenant %s has no previous token", id);
        put(&change, id, "agent_token_previous", NULL);
        if (!finish(&change, err))
            tell("The previous token of tenant %s is forgotten.", id);
        return err->code;
    }
    if (choose_token(call, &token, &made, err))
        return err->code;
    if (!strcmp(token, tenant->agents.token))
        return srd_fail(err, SRD_E_USAGE, "that is the token of tenant %s already", id);
    put(&change, id, "agent_token_previous",
        printed(call->arena, srd_json_new_text(tenant->agents.token)));
    put(&change, id, "agent_token", printed(call->arena, srd_json_new_text(token)));
    if (finish(&change, err))
        return err->code;
    if (made)
        srd_buf_printf(&call->out, "AGENT_TOKEN=%s\n", token);
    tell(
        "Tenant %s has a new token; until srdiag tenant rotate --finish the previous one is tried, "
        "too.",
        id);
    return 0;
}

/* ---- list ---- */

static const char *joined(struct srd_arena *arena, const char *const *list)
{
    const char *out = "";

    for (; *list; list++)
        out = srd_arena_printf(arena, "%s%s%s", out, *out ? " " : "", *list);
    return out;
}

static size_t keys_of(const struct srd_tenants *tenants, const char *id)
{
    size_t n = 0;

    for (size_t i = 0; i < tenants->keys.count; i++)
        n += tenants->keys.list[i].tenants && srd_text_in(id, tenants->keys.list[i].tenants);
    return n;
}

static int list(struct srd_call *call, struct srd_error *err)
{
    static const struct srd_list_column columns[] = { { .key = "id" },
                                                      { .key = "name" },
                                                      { .key = "enabled", .flag = true },
                                                      { .key = "agents" },
                                                      { .key = "keys", .number = true },
                                                      { .key = "created_at" },
                                                      { .key = "contact" },
                                                      { .key = "description", .wide = true },
                                                      { 0 } };
    const char *path = srd_setting_text(&call->settings, SRD_SET_tenants);
    struct srd_listing listing;
    struct srd_tenants tenants;

    if (srd_tenants_read(path, call->arena, &tenants, err))
        return err->code;
    srd_listing_init(&listing, call->arena, "tenants", columns);
    for (size_t i = 0; i < tenants.count; i++) {
        const struct srd_tenant *t = &tenants.list[i];

        srd_listing_add(&listing, (const char *[]){ t->id, t->name, t->enabled ? "yes" : "no",
                                                    joined(call->arena, t->agents.urls),
                                                    srd_arena_printf(call->arena, "%zu",
                                                                     keys_of(&tenants, t->id)),
                                                    t->created_at, t->contact, t->description });
    }
    return srd_listing_print(call, &listing, err);
}

/* ---- test ---- */

static void add_agents(struct srd_listing *listing, const struct srd_desk_cluster_state *state,
                       struct srd_arena *arena)
{
    for (size_t i = 0; i < state->agent_count; i++) {
        const struct srd_remote_state *agent = &state->agents[i];
        bool well = agent->known && agent->fault == SRD_AGENT_FINE;

        srd_listing_add(
            listing,
            (const char *[]){
                state->tenant, agent->url, srd_agent_status(agent), well ? state->version : NULL,
                well ? srd_arena_printf(arena, "%lld", (long long)agent->latency_ms) : NULL,
                agent->error, agent->version });
    }
}

/* @id NULL: all that are enabled. An agent that is not well makes the exit status 2. */
static int test(struct srd_call *call, const char *id, struct srd_error *err)
{
    static const struct srd_list_column columns[] = { { .key = "tenant" },
                                                      { .key = "agent" },
                                                      { .key = "status" },
                                                      { .key = "database_version" },
                                                      { .key = "latency_ms", .number = true },
                                                      { .key = "error" },
                                                      { .key = "agent_version", .wide = true },
                                                      { 0 } };
    const char *path = srd_setting_text(&call->settings, SRD_SET_tenants);
    struct srd_tenants tenants;
    struct srd_listing listing;
    size_t asked = 0;

    if (srd_tenants_read(path, call->arena, &tenants, err))
        return err->code;
    srd_listing_init(&listing, call->arena, "agents", columns);
    for (size_t i = 0; i < tenants.count && !srd_interrupted; i++) {
        const struct srd_tenant *t = &tenants.list[i];
        struct srd_desk_cluster cluster = { .tenant = t->id, .name = t->id, .agents = &t->agents };
        struct srd_desk_options how = { .catalogue = &srd_catalogue,
                                        .tool_version = SRD_VERSION_TEXT,
                                        .clusters = &cluster,
                                        .cluster_count = 1 };
        struct srd_desk_cluster_state state;
        struct srd_error one = { 0 };
        struct srd_desk *desk;

        if (id ? strcmp(t->id, id) != 0 : !t->enabled)
            continue;
        asked++;
        if (srd_desk_new(&how, &desk, err))
            return err->code;
        if (srd_desk_ping(desk, t->id, NULL, srd_clock_monotonic_ms() + TEST_MS, &one))
            call->status = SRD_EXIT_CRITICAL;
        if (srd_desk_state(desk, t->id, call->arena, &state))
            add_agents(&listing, &state, call->arena);
        srd_desk_free(&desk);
    }
    if (id && !asked)
        return srd_fail(err, SRD_E_USAGE, "\"%s\" has no tenant \"%s\"", path,
                        srd_shown(call->arena, id));
    return srd_listing_print(call, &listing, err);
}

/* ---- the command ---- */

static const char *const words[] = { "add", "disable", "enable", "rotate", "list", "test", NULL };

static int check(struct srd_call *call, struct srd_error *err)
{
    const char *word = call->operand_count ? call->operands[0] : "list";
    bool lists = !strcmp(word, "list"), tests = !strcmp(word, "test");

    if (!srd_text_in(word, words))
        return srd_fail(err, SRD_E_USAGE,
                        "tenant knows add, disable, enable, rotate, list and test, not \"%s\"%s",
                        srd_shown(call->arena, word), srd_did_you_mean(call->arena, word, words));
    if (lists ? call->operand_count > 1 : !tests && call->operand_count != 2)
        return srd_fail(err, SRD_E_USAGE,
                        lists ? "tenant list takes no ID" : "tenant %s wants the ID of a tenant",
                        word);
    if (strcmp(word, "add") != 0 &&
        (opt.urls.count || opt.name || opt.contact || opt.description || opt.key))
        return srd_fail(err, SRD_E_USAGE,
                        "--agent-url, --name, --contact, --description and --with-key are for "
                        "srdiag tenant add");
    if (strcmp(word, "rotate") != 0 && opt.finish)
        return srd_fail(err, SRD_E_USAGE, "--finish is for srdiag tenant rotate");
    return 0;
}

static int run(struct srd_call *call, struct srd_error *err)
{
    const char *word = call->operand_count ? call->operands[0] : "list";
    const char *id = call->operand_count > 1 ? call->operands[1] : NULL;

    if (!*srd_setting_text(&call->settings, SRD_SET_tenants))
        return srd_fail(err, SRD_E_USAGE,
                        "no file of tenants is set: --tenants FILE, TENANTS_CONFIG, or tenants in "
                        "[server]");
    switch (*word) {
    case 'a':
        return add(call, id, err);
    case 'd':
        return enable(call, id, false, err);
    case 'e':
        return enable(call, id, true, err);
    case 'r':
        return rotate(call, id, err);
    case 't':
        return test(call, id, err);
    default:
        return list(call, err);
    }
}

const struct srd_command srd_command_tenant = {
    .name = "tenant",
    .group = "serve",
    .operands = "[list | test [ID] | add|enable|disable|rotate ID]",
    .max = 2,
    .summary = "change and test the customers of a central server",
    .text =
        "Changes the file of --tenants (TENANTS_CONFIG): what is not named stays as its owner "
        "wrote it, the new file takes the place of the old one whole, and nothing is written that "
        "a server would refuse. add takes the agent's token from --agent-token-file or "
        "AGENT_TOKEN, or makes one and prints it for the customer's agent; rotate does the same "
        "and keeps the previous one, which the server tries as well until rotate --finish, so "
        "that no request fails in between. test asks the agents now, and exits with 2 when one "
        "does not answer.",
    .options = options,
    .needs = SRD_NEEDS_SETTINGS,
    .serves = true,
    .check = check,
    .run = run,
};
