/* What is the same in sources of every kind: one question of many, and the end. */

#include "lib/source/source.h"

struct single {
    struct srd_arena *arena;
    struct srd_answer *out;
};

static void take_single(void *context, size_t index, const struct srd_answer *answer,
                        struct srd_arena **memory)
{
    struct single *single = context;

    (void)index;
    *single->out = *answer;
    srd_arena_adopt(single->arena, memory);
}

int srd_source_ask_one(struct srd_source *src, const struct srd_question *q,
                       struct srd_arena *arena, struct srd_answer *out, struct srd_error *err)
{
    struct single single = { .arena = arena, .out = out };
    struct srd_batch batch = { .questions = &q,
                               .count = 1,
                               .deadline_ms = q->deadline_ms,
                               .answered = take_single,
                               .context = &single };

    return src->ops->ask_many(src, &batch, err);
}

void srd_source_close(struct srd_source **src)
{
    struct srd_source *s = *src;

    *src = NULL;
    if (s)
        s->ops->close(s);
}
