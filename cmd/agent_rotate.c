/* How does an agent get a new token without a request that fails? */

#include <signal.h>
#include <string.h>
#include <time.h>

#include "cmd/agent.h"
#include "cmd/env_file.h"
#include "cmd/replace.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define TAKEN_MS 10000
#define ASK_MS 2000
#define LOOK_EVERY_NS 50000000

static const char *const token_keys[] = { "SRDIAG_AGENT_TOKEN", "AGENT_TOKEN", NULL };
static const char *const previous_keys[] = { "SRDIAG_PREVIOUS_TOKEN", "AGENT_PREVIOUS_TOKEN",
                                             NULL };

/* The file that holds the tokens, and how. */
struct holder {
    struct srd_call *call;
    const struct srd_home *home;
    const char *path;
    bool lines; /* a token file; else .env */
    struct srd_replace replace;
    char *text;
    struct srd_door door;
};

static void end_holder(struct holder *holder)
{
    srd_replace_end(&holder->replace);
}

static int open_holder(struct holder *h, const struct srd_settings *settings, struct srd_error *err)
{
    const struct srd_chosen *file = &settings->chosen[SRD_SET_token_file];
    const struct srd_chosen *token = &settings->chosen[SRD_SET_agent_token];
    unsigned mode;
    bool missing;
    size_t n;

    h->lines = file->rank > token->rank;
    h->path = h->lines ? srd_home_path(h->home, h->call->arena, file->text) : h->home->config;
    if (!h->lines && h->home->system)
        return srd_fail(err, SRD_E_CONFIG,
                        "%s holds the token itself: put it into a file (token-file = FILE in "
                        "[agent]), so that it can be changed",
                        h->home->config);
    return srd_replace_begin(h->path, h->call->arena, &h->replace, err) ||
                   srd_small_file(h->path, h->call->arena, &h->text, &n, &mode, &missing, err)
               ? (int)err->code
               : 0;
}

/* @text NULL: it could not be made. */
static int write_holder(struct holder *h, const char *text, struct srd_error *err)
{
    if (!text)
        return srd_fail(err, SRD_E_CONFIG, "the tokens in %s are not one word on one line each",
                        h->path);
    h->text = srd_arena_copy(h->call->arena, text);
    return srd_replace_write(&h->replace, text, strlen(text), h->call->arena, err);
}

/* The lines of a token file that are @drop or hold no token and are no comment go, @first comes
 * first. */
static const char *token_lines(struct srd_arena *arena, const char *text, const char *first,
                               const char *only)
{
    char *copy = srd_arena_copy(arena, text), *rest = NULL;
    const char *out = first ? srd_arena_printf(arena, "%s\n", first) : "";

    for (char *line = strtok_r(copy, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        if (*line == '#' || !only || !strcmp(line, only))
            out = srd_arena_printf(arena, "%s%s\n", out, line);
    return out;
}

static const char *with_new(const struct holder *h, const char *token, const char *previous)
{
    struct srd_arena *arena = h->call->arena;

    const char *text;

    if (h->lines)
        return token_lines(arena, h->text, token, NULL);
    text = srd_env_put(arena, h->text, token_keys, token);
    return text ? srd_env_put(arena, text, previous_keys, previous) : NULL;
}

static const char *without_old(const struct holder *h, const char *token)
{
    struct srd_arena *arena = h->call->arena;

    return h->lines ? token_lines(arena, h->text, NULL, token)
                    : srd_env_put(arena, h->text, previous_keys, NULL);
}

/* ---- the running agent ---- */

/*
 * 405 for who has the token and 401 for who has not, without a question to the cluster; 0: it does
 * not answer, and @why says why.
 */
static int ask(const struct srd_door *door, const char *token, struct srd_arena *arena,
               struct srd_error *why)
{
    return srd_home_get(door->url, door->ca, "/collect", token, srd_clock_monotonic_ms() + ASK_MS,
                        arena, NULL, why);
}

/* Is @in right, and @out (NULL: none) not any more? */
static bool has_taken(const struct srd_door *door, const char *in, const char *out,
                      struct srd_arena *arena, struct srd_error *why)
{
    int status = ask(door, in, arena, why);

    return status && status != 401 && (!out || ask(door, out, arena, why) == 401);
}

static int wait_until_taken(const struct srd_door *door, const char *in, const char *out,
                            struct srd_arena *arena, struct srd_error *err)
{
    const struct timespec nap = { .tv_nsec = LOOK_EVERY_NS };
    int64_t until_ms = srd_clock_monotonic_ms() + TAKEN_MS;

    do {
        struct srd_error why = { 0 };

        if (has_taken(door, in, out, arena, &why))
            return 0;
        if (why.code && why.code != SRD_E_TIMEOUT && door->ca) {
            srd_agent_say("The agent was told; whether it has heard was not seen: %s\n", why.text);
            return 0;
        }
        nanosleep(&nap, NULL);
    } while (srd_clock_monotonic_ms() < until_ms && !srd_interrupted);
    return srd_fail(err, SRD_E_SYSTEM,
                    "the agent has not taken the change; srdiag agent logs says why");
}

/* Makes a running agent read the file, and waits until it has. */
static int take_effect(const struct holder *h, const char *in, const char *out,
                       struct srd_error *err)
{
    const struct srd_home *home = h->home;
    struct srd_arena *arena = h->call->arena;
    const char *unit = srd_unit_of(home, arena), *url;
    struct srd_door door = h->door;
    int status = 3;
    bool old;
    pid_t pid = srd_home_process(home, &old);

    if (home->system ? srd_unit_do(home, unit, "is-active", &status, err) || status : !pid) {
        if (!err->code)
            srd_agent_say("The agent does not run; it will know the tokens when it starts.\n");
        return (int)err->code;
    }
    if (home->system ? srd_unit_do(home, unit, "reload", &status, err) || status
                     : kill(pid, SIGHUP))
        return srd_fail(err, SRD_E_SYSTEM, "the agent could not be told: srdiag agent restart");
    url = home->system || old ? NULL : srd_home_url(home, arena);
    if (url)
        door.url = url;
    return wait_until_taken(&door, in, out, arena, err);
}

/* ---- the command ---- */

static int finish(struct holder *h, const char *const *tokens, struct srd_error *err)
{
    if (!tokens[1])
        return srd_fail(err, SRD_E_USAGE, "there is one token only, so that none can end");
    if (write_holder(h, without_old(h, tokens[0]), err) ||
        take_effect(h, tokens[0], tokens[1], err))
        return (int)err->code;
    srd_agent_say("The old token has ended.\n");
    return 0;
}

static int begin(struct holder *h, const char *const *tokens, struct srd_error *err)
{
    struct srd_call *call = h->call;
    struct srd_settings settings;
    const char *token, *before = h->text;

    if (tokens[0] && tokens[1])
        return srd_fail(err, SRD_E_USAGE,
                        "a new token was made before, and the old one is right still: srdiag agent "
                        "rotate-token --finish first");
    if (srd_agent_new_token(call->arena, &token, err) ||
        write_holder(h, with_new(h, token, tokens[0]), err))
        return (int)err->code;
    if (take_effect(h, token, NULL, err)) {
        struct srd_error ignored = { 0 };

        write_holder(h, before, &ignored); /* a token that nobody knows helps nobody */
        return (int)err->code;
    }
    if (srd_home_load(h->home, call->arena, &settings, err) ||
        srd_agent_tenant(call, h->home, &settings, true, true, err))
        return (int)err->code;
    srd_agent_say("Both tokens are right now. When the centre has the new one:  srdiag agent "
                  "rotate-token --finish%s\n",
                  srd_home_words(h->home, call->arena));
    return 0;
}

int srd_service_rotate(struct srd_call *call, struct srd_error *err)
{
    SRD_CLEANUP(srd_home_unlock) int lock = -1;
    struct srd_settings settings;
    struct srd_home home;
    SRD_CLEANUP(end_holder)
    struct holder holder = { .call = call, .home = &home, .replace = { .fd = -1 } };
    const char *const *tokens;

    if (srd_home_find(srd_agent_words.dir, false, call->arena, &home, err) ||
        srd_home_need(&home, err) || srd_home_lock(&home, &lock, err) ||
        srd_home_load(&home, call->arena, &settings, err) ||
        srd_agent_tokens_of(&settings, &home, call->arena, &tokens, err))
        return (int)err->code;
    srd_agent_door_of(&settings, &home, call->arena, &holder.door);
    if (!*tokens)
        return srd_fail(err, SRD_E_CONFIG, "%s has no token: srdiag agent --init makes one",
                        home.config);
    if (open_holder(&holder, &settings, err))
        return (int)err->code;
    return srd_agent_words.finish ? finish(&holder, tokens, err) : begin(&holder, tokens, err);
}
