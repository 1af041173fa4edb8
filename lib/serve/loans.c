/* How do many callers ask one cluster a few things at a time? */

#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/serve/clusters_private.h"

/* ---- the budget of statements ---- */

static bool has_room(const struct srd_place *place, bool heavy)
{
    return place->running < place->limits.statements && !(heavy && place->heavy);
}

/* Lets in whoever may, in the order in which they came. With the lock. */
static void admit(struct srd_place *place)
{
    struct srd_turn **at = &place->first;
    bool some = false;

    while (*at) {
        struct srd_turn *turn = *at;

        if (!has_room(place, turn->heavy)) {
            at = &turn->next;
            continue;
        }
        *at = turn->next;
        place->waiting--;
        place->running++;
        place->heavy += turn->heavy;
        turn->granted = some = true;
    }
    if (some)
        pthread_cond_broadcast(&place->change);
}

static void leave_queue(struct srd_place *place, const struct srd_turn *turn)
{
    struct srd_turn **at = &place->first;

    while (*at != turn)
        at = &(*at)->next;
    *at = turn->next;
    place->waiting--;
}

/* A turn is over. With the lock. */
static void pass_on(struct srd_place *place, bool heavy)
{
    place->running--;
    place->heavy -= heavy;
    admit(place);
}

/* Waits for room; false: cancelled, or out of time. */
static bool take_turn(struct srd_loan *loan, bool heavy)
{
    struct srd_place *place = loan->place;
    struct srd_turn turn = { .heavy = heavy }, **last = &place->first;
    bool in_time = true;

    pthread_mutex_lock(&place->lock);
    while (*last)
        last = &(*last)->next;
    *last = &turn;
    place->waiting++;
    admit(place);
    while (!turn.granted && !loan->cancelled && in_time)
        in_time = srd_wait_until(&place->change, &place->lock, loan->deadline_ms);
    if (!turn.granted)
        leave_queue(place, &turn);
    else if (loan->cancelled) /* its turn came too late */
        pass_on(place, heavy);
    else
        loan->asking++;
    in_time = turn.granted && !loan->cancelled;
    pthread_mutex_unlock(&place->lock);
    return in_time;
}

static void end_turn(struct srd_loan *loan, bool heavy, bool spoilt)
{
    struct srd_place *place = loan->place;

    pthread_mutex_lock(&place->lock);
    loan->spoilt = loan->spoilt || spoilt;
    /* it may learn this while it connects: read when nobody can be writing it */
    if (!--loan->asking)
        loan->base.session_zone_unknown = loan->inner->session_zone_unknown;
    pass_on(place, heavy);
    pthread_mutex_unlock(&place->lock);
}

static struct srd_answer no_turn(const struct srd_question *q, struct srd_arena *arena)
{
    return (struct srd_answer){
        .probe = q->probe,
        .key = q->key,
        .node = srd_arena_copy(arena, q->node),
        .status = SRD_TIMED_OUT,
        .detail = "other callers used all of the cluster's statements until the time was over",
        .started_at_ms = srd_clock_now_ms(),
    };
}

static int ask(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
               struct srd_answer *out, struct srd_error *err)
{
    struct srd_loan *loan = (struct srd_loan *)src;
    bool heavy = q->probe->cost == SRD_COST_HEAVY;
    int64_t limit_ms = q->deadline_ms - srd_clock_monotonic_ms(), until_ms;
    struct srd_question mine = *q;
    int failed;

    if (!take_turn(loan, heavy)) {
        *out = no_turn(q, arena);
        return 0;
    }
    until_ms = srd_clock_monotonic_ms() + limit_ms;
    mine.deadline_ms = until_ms < loan->deadline_ms ? until_ms : loan->deadline_ms;
    failed = loan->inner->ops->ask(loan->inner, &mine, arena, out, err);
    end_turn(loan, heavy, failed || out->status == SRD_TIMED_OUT);
    return failed;
}

/* A batch under way: what its answers say goes to the caller, and what they mean to the loan. */
struct relay {
    const struct srd_batch *batch;
    bool *answered; /* of each question */
    bool late;
};

static void pass_answer(void *context, size_t index, const struct srd_answer *answer,
                        struct srd_arena **memory)
{
    struct relay *relay = context;

    relay->answered[index] = true;
    relay->late = relay->late || answer->status == SRD_TIMED_OUT;
    relay->batch->answered(relay->batch->context, index, answer, memory);
}

/* What could not be put to the cluster. */
static void answer_rest(struct relay *relay)
{
    for (size_t i = 0; i < relay->batch->count; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = NULL;
        struct srd_answer answer;

        if (relay->answered[i])
            continue;
        arena = srd_arena_new();
        answer = no_turn(relay->batch->questions[i], arena);
        pass_answer(relay, i, &answer, &arena);
    }
}

/*
 * Whoever takes all questions at once (an agent) puts them to the cluster a few at a time himself:
 * one such batch at a time, as if it were a heavy statement.
 */
static int ask_many(struct srd_source *src, const struct srd_batch *batch, struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_loan *loan = (struct srd_loan *)src;
    struct relay relay = { .batch = batch,
                           .answered = srd_arena_array(arena, batch->count + 1, sizeof(bool)) };
    struct srd_batch mine = *batch;
    int failed;

    if (!take_turn(loan, true)) {
        answer_rest(&relay);
        return 0;
    }
    mine.answered = pass_answer;
    mine.context = &relay;
    failed = loan->inner->ops->ask_many(loan->inner, &mine, err);
    /* who is at the other end shows with the first answer */
    loan->base.connected = loan->inner->connected;
    loan->base.cluster_name = loan->inner->cluster_name;
    end_turn(loan, true, failed || relay.late);
    return failed;
}

static int use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err)
{
    struct srd_loan *loan = (struct srd_loan *)src;

    return loan->inner->ops->use(loan->inner, cluster, follower, err);
}

static void cancel(struct srd_source *src)
{
    struct srd_loan *loan = (struct srd_loan *)src;

    pthread_mutex_lock(&loan->place->lock);
    loan->cancelled = loan->spoilt = true;
    pthread_cond_broadcast(&loan->place->change);
    pthread_mutex_unlock(&loan->place->lock);
    loan->inner->ops->cancel(loan->inner);
}

/* ---- lending ---- */

bool srd_place_is_old(const struct srd_place *place, int64_t born_ms, int64_t now_ms)
{
    return now_ms - born_ms >= place->limits.pool_age_ms;
}

static void give_back(struct srd_source *src)
{
    struct srd_loan *loan = (struct srd_loan *)src;
    struct srd_place *place = loan->place;
    int64_t now = srd_clock_monotonic_ms();

    loan->inner->known = loan->base.known;
    if (loan->spoilt || srd_place_is_old(place, loan->born_ms, now))
        srd_source_close(&loan->inner); /* before it counts as gone: a kill may be under way */
    pthread_mutex_lock(&place->lock);
    place->lent--;
    if (loan->inner)
        place->idle[place->idle_count++] = (struct srd_place_idle){ .source = loan->inner,
                                                                    .born_ms = loan->born_ms,
                                                                    .since_ms = now };
    pthread_cond_broadcast(&place->change);
    pthread_mutex_unlock(&place->lock);
    free(loan);
    srd_place_drop(&place);
}

static const struct srd_source_ops loan_ops = {
    .ask = ask, .use = use, .cancel = cancel, .close = give_back
};
static const struct srd_source_ops batch_ops = {
    .ask = ask, .use = use, .cancel = cancel, .close = give_back, .ask_many = ask_many
};

struct srd_source *srd_loan_new(struct srd_place *place, struct srd_source *inner, int64_t born_ms,
                                int64_t deadline_ms)
{
    struct srd_loan *loan = calloc(1, sizeof(*loan));

    if (!loan)
        srd_no_memory();
    loan->base = *inner;
    loan->base.ops = inner->ops->ask_many ? &batch_ops : &loan_ops;
    if (loan->base.parallel > place->limits.statements)
        loan->base.parallel = place->limits.statements;
    loan->place = srd_place_hold(place);
    loan->inner = inner;
    loan->born_ms = born_ms;
    loan->deadline_ms = deadline_ms;
    return &loan->base;
}
