/* How is a run asked of whichever agent answers, and what if one fails in the middle of it? */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/serve/remote_private.h"

struct agency {
    struct srd_source base;
    struct srd_remote *remote;
    struct srd_arena *arena; /* of the texts in @base, also those of agents that it has left */
    pthread_mutex_t lock;    /* of @inner, as others may cancel it */
    struct srd_source *inner;
    size_t index;                         /* of its agent */
    char cluster_id[SRD_CLUSTER_ID_SIZE]; /* of the run's cluster; "": not known */
    const char *leader;                   /* what use() was told; NULL: it was not yet */
    size_t frontends;
    bool cancelled;
};

/* One batch on its way through the agents. */
struct relay {
    struct agency *agency;
    const struct srd_batch *batch;
    bool *answered;
    size_t *indexes; /* of the questions that are out */
    size_t answers;  /* of the latest agent that were no time-outs */
};

/* The cluster's id, if this is an answer that says it; "" */
static void read_id(const struct srd_answer *answer, char out[SRD_CLUSTER_ID_SIZE])
{
    *out = '\0';
    if (!strcmp(answer->probe->id, srd_probe_frontends.id) && answer->status == SRD_ANSWERED &&
        answer->table->rows)
        snprintf(out, SRD_CLUSTER_ID_SIZE, "%s", srd_cell_text(answer->table, 0, "ClusterId"));
}

static void pass_on(void *context, size_t index, const struct srd_answer *answer,
                    struct srd_arena **memory)
{
    struct relay *relay = context;
    size_t own = relay->indexes[index];
    char id[SRD_CLUSTER_ID_SIZE];

    read_id(answer, id);
    if (*id) {
        memcpy(relay->agency->cluster_id, id, sizeof(id));
        srd_remote_identify(relay->agency->remote, relay->agency->index, id);
    }

    relay->answered[own] = true;
    relay->answers += answer->status != SRD_TIMED_OUT;
    relay->batch->answered(relay->batch->context, own, answer, memory);
}

static void leave(struct agency *a)
{
    struct srd_source *inner;

    pthread_mutex_lock(&a->lock);
    inner = SRD_TAKE(a->inner);
    pthread_mutex_unlock(&a->lock);
    srd_source_close(&inner);
}

/* A source lives for an hour: what stays the same is not copied again. */
static void take_text(struct agency *a, const char **own, const char *text)
{
    if (!srd_remote_same_text(*own, text))
        *own = srd_arena_copy(a->arena, text);
}

/* What is known of the cluster comes with the answers. */
static void take_base(struct agency *a)
{
    const struct srd_source *inner = a->inner;

    take_text(a, &a->base.connected, inner->connected);
    take_text(a, &a->base.cluster_name, inner->cluster_name);
    a->base.session_zone_unknown = inner->session_zone_unknown;
}

/* Does the agent stand for the cluster that the run began with? One who cannot say it does. */
static int check_cluster(struct agency *a, struct srd_source *src, int64_t deadline_ms,
                         struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_probe *probe = &srd_probe_frontends;
    struct srd_question q = { .probe = probe, .key = "", .node = "", .deadline_ms = deadline_ms };
    struct srd_answer answer = { .probe = probe, .key = "", .node = "", .detail = "" };
    char id[SRD_CLUSTER_ID_SIZE];

    if (!*a->cluster_id || srd_probe_render(probe, &probe->texts[0], NULL, arena, &q.sql, err) ||
        src->ops->ask(src, &q, arena, &answer, err))
        return (int)err->code;
    read_id(&answer, id);
    if (!*id || !strcmp(id, a->cluster_id))
        return 0;
    srd_remote_identify(a->remote, a->index, id);
    return srd_fail(err, SRD_E_CONNECT,
                    "%s stands for another cluster than the one that this run began with",
                    src->info.where);
}

/* Goes to the next agent that is well. */
static int move(struct agency *a, unsigned *tried, int64_t deadline_ms, struct srd_error *err)
{
    struct srd_source *src = NULL;
    struct srd_error ignored = { 0 };
    bool cancelled, follower;

    leave(a);
    do {
        srd_source_close(&src);
        if (srd_remote_engage(a->remote, tried, deadline_ms, &a->index, &src, err))
            return (int)err->code;
        *err = (struct srd_error){ 0 };
    } while (check_cluster(a, src, deadline_ms, err));
    pthread_mutex_lock(&a->lock);
    a->inner = src;
    cancelled = a->cancelled;
    pthread_mutex_unlock(&a->lock);
    if (cancelled)
        return srd_fail(err, SRD_E_CANCELLED, "the run was ended");
    a->base.info.kind = src->info.kind;
    a->base.info.user = "";
    take_text(a, &a->base.info.where, src->info.where);
    take_base(a);
    if (a->leader) {
        struct srd_cluster cluster = { .leader = a->leader, .frontends = a->frontends };

        src->ops->use(src, &cluster, &follower, &ignored);
    }
    return 0;
}

static bool is_down(struct agency *a)
{
    bool down;

    pthread_mutex_lock(&a->remote->lock);
    down = a->remote->states[a->index].down;
    pthread_mutex_unlock(&a->remote->lock);
    return down;
}

/* What the agent has not answered yet. */
static int ask_agent(struct agency *a, struct relay *relay, struct srd_arena *arena,
                     struct srd_error *err)
{
    const struct srd_batch *whole = relay->batch;
    const struct srd_question **questions =
        srd_arena_array(arena, whole->count + 1, sizeof(*questions));
    struct srd_batch rest = { .questions = questions,
                              .deadline_ms = whole->deadline_ms,
                              .answered = pass_on,
                              .context = relay };

    for (size_t i = 0; i < whole->count; i++) {
        if (relay->answered[i])
            continue;
        relay->indexes[rest.count] = i;
        questions[rest.count++] = whole->questions[i];
    }
    relay->answers = 0;
    a->inner->ops->ask_many(a->inner, &rest, err);
    take_base(a);
    if (!err->code && *a->cluster_id)
        srd_agent_pin(a->inner, true);
    return (int)err->code;
}

/* Whose fault was it, and is there somebody else? true: ask again. */
static bool look_back(struct agency *a, const struct relay *relay, unsigned *tried,
                      unsigned *retokened, const struct srd_error *err)
{
    enum srd_agent_fault fault = srd_agent_fault(a->inner);
    struct srd_error silent = { 0 };
    unsigned bit = 1U << a->index;

    if (!err->code && fault == SRD_AGENT_SILENT && !relay->answers && relay->batch->count) {
        srd_fail(&silent, SRD_E_CONNECT, "%s accepts connections and did not answer in time",
                 a->base.info.where);
        srd_remote_fell(a->remote, a->index, fault, &silent);
    } else if (!err->code) {
        srd_remote_well(a->remote, a->index, a->inner, -1);
    }
    if (!err->code || err->code == SRD_E_CANCELLED)
        return false;
    if (fault == SRD_AGENT_ANOTHER) /* move() asks it for its cluster */
        return true;
    /* the token was changed while we were connected: check() knows another */
    if (fault == SRD_AGENT_TOKEN && a->remote->agents.previous && !(*retokened & bit)) {
        *retokened |= bit;
        return true;
    }
    srd_remote_fell(a->remote, a->index, fault, err);
    *tried |= bit;
    return true;
}

static void begin_run(struct agency *a)
{
    *a->cluster_id = '\0';
    if (a->inner)
        srd_agent_pin(a->inner, false);
}

static int ask_many(struct srd_source *src, const struct srd_batch *batch, struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct agency *a = (struct agency *)src;
    struct relay relay = { .agency = a,
                           .batch = batch,
                           .answered = srd_arena_array(arena, batch->count + 1, sizeof(bool)),
                           .indexes = srd_arena_array(arena, batch->count + 1, sizeof(size_t)) };
    unsigned tried = 0, retokened = 0;
    bool again = false;

    /* a run begins with the question which cluster it is, and may begin anywhere */
    for (size_t i = 0; i < batch->count; i++)
        if (!strcmp(batch->questions[i]->probe->id, srd_probe_frontends.id))
            begin_run(a);
    do {
        /* @err stays what the one before said, if there is no other */
        if ((again || !a->inner || is_down(a)) && move(a, &tried, batch->deadline_ms, err))
            return (int)err->code;
        *err = (struct srd_error){ 0 };
        ask_agent(a, &relay, arena, err);
        again = look_back(a, &relay, &tried, &retokened, err);
    } while (again);
    return (int)err->code;
}

static int use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err)
{
    struct agency *a = (struct agency *)src;

    take_text(a, &a->leader, cluster->leader);
    a->frontends = cluster->frontends;
    return a->inner ? a->inner->ops->use(a->inner, cluster, follower, err) : 0;
}

static void cancel(struct srd_source *src)
{
    struct agency *a = (struct agency *)src;

    pthread_mutex_lock(&a->lock);
    a->cancelled = true;
    if (a->inner)
        a->inner->ops->cancel(a->inner);
    pthread_mutex_unlock(&a->lock);
}

static void close_agency(struct srd_source *src)
{
    struct agency *a = (struct agency *)src;

    leave(a);
    srd_remote_drop(&a->remote);
    pthread_mutex_destroy(&a->lock);
    srd_arena_free(&a->arena);
    free(a);
}

static const struct srd_source_ops ops = {
    .ask = srd_source_ask_one, .ask_many = ask_many, .use = use, .cancel = cancel, .close = close_agency
};

int srd_remote_open(struct srd_remote *remote, struct srd_source **out, struct srd_error *err)
{
    struct agency *a = calloc(1, sizeof(*a));
    struct srd_source *src = &a->base;
    unsigned tried = 0;

    if (!a)
        srd_no_memory();
    a->base.ops = &ops;
    a->base.parallel = 1;
    a->arena = srd_arena_new();
    a->remote = srd_remote_hold(remote);
    pthread_mutex_init(&a->lock, NULL);
    if (move(a, &tried, INT64_MAX, err))
        srd_source_close(&src);
    *out = src;
    return (int)err->code;
}
