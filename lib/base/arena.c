/* Where does everything live that a run produces? */

#include "lib/base/arena.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A run of a large cluster is a few megabytes: blocks grow with the arena up to this. */
#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)256 * 1024)
#define KEPT_BYTES (1 << 20)

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

/* @first is the block that is being filled; full ones and those of one large piece follow it. */
struct srd_arena {
    struct block *first, *last;
    size_t used, next_size;
};

void srd_no_memory(void)
{
    static const char words[] = "srdiag: error: out of memory\n";
    ssize_t written = write(STDERR_FILENO, words, sizeof(words) - 1);

    (void)written;
    _exit(70); /* atexit handlers might want memory */
}

void srd_keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES); /* else as small as it is at the start, and for good */
}

struct srd_arena *srd_arena_new(void)
{
    struct srd_arena *arena = calloc(1, sizeof(*arena));

    if (!arena)
        srd_no_memory();
    arena->next_size = FIRST_BLOCK;
    return arena;
}

void srd_arena_free(struct srd_arena **arena)
{
    struct block *next;

    if (!*arena)
        return;
    for (struct block *block = (*arena)->first; block; block = next) {
        next = block->next;
        free(block);
    }
    free(*arena);
    *arena = NULL;
}

static struct block *new_block(size_t size)
{
    struct block *block;

    if (size > SIZE_MAX - sizeof(*block))
        srd_no_memory();
    block = calloc(1, sizeof(*block) + size);
    if (!block)
        srd_no_memory();
    block->size = size;
    return block;
}

/*
 * A block with @size bytes of room. A large piece gets one of its own, behind the first, whose room
 * would be lost otherwise.
 */
static struct block *add_block(struct srd_arena *arena, size_t size)
{
    bool own = size > arena->next_size / 4;
    struct block *block = new_block(own ? size : arena->next_size);

    if (own && arena->first) {
        block->next = arena->first->next;
        arena->first->next = block;
        if (arena->last == arena->first)
            arena->last = block;
        return block;
    }
    block->next = arena->first;
    arena->first = block;
    if (!arena->last)
        arena->last = block;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    return block;
}

void *srd_arena_alloc(struct srd_arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    struct block *block = arena->first;
    size_t rounded;
    char *piece;

    if (size > SIZE_MAX - unit)
        srd_no_memory();
    /* every piece has an address of its own, also one of no bytes */
    rounded = size ? (size + unit - 1) / unit * unit : unit;
    if (!block || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    piece = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return piece;
}

void *srd_arena_array(struct srd_arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        srd_no_memory();
    return srd_arena_alloc(arena, total);
}

char *srd_arena_copy(struct srd_arena *arena, const char *text)
{
    return text ? srd_arena_copy_n(arena, text, strlen(text)) : NULL;
}

char *srd_arena_copy_n(struct srd_arena *arena, const char *bytes, size_t n)
{
    char *copy;

    if (n == SIZE_MAX)
        srd_no_memory();
    copy = srd_arena_alloc(arena, n + 1);
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

char *srd_arena_printf(struct srd_arena *arena, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = srd_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

char *srd_arena_vprintf(struct srd_arena *arena, const char *format, va_list args)
{
    char small[256], *text;
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(small, sizeof(small), format, args);
    if (n < 0) /* no memory, or more than INT_MAX bytes */
        srd_no_memory();
    if ((size_t)n < sizeof(small)) {
        text = srd_arena_copy_n(arena, small, (size_t)n);
    } else {
        text = srd_arena_alloc(arena, (size_t)n + 1);
        vsnprintf(text, (size_t)n + 1, format, again);
    }
    va_end(again);
    return text;
}

void srd_arena_adopt(struct srd_arena *arena, struct srd_arena **child)
{
    struct srd_arena *other = *child;

    if (!other)
        return;
    if (other->first) {
        other->last->next = NULL;
        if (arena->first) {
            arena->last->next = other->first;
            arena->last = other->last;
        } else {
            arena->first = other->first;
            arena->last = other->last;
        }
    }
    arena->used += other->used;
    free(other);
    *child = NULL;
}

size_t srd_arena_used(const struct srd_arena *arena)
{
    return arena->used;
}
