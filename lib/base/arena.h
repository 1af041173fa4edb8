#ifndef SRD_BASE_ARENA_H
#define SRD_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Memory of one run: everything a run produces lives in its arena and dies with it.
 *
 * Allocation never returns NULL: when the machine has no memory left, the process ends with status
 * 70 and one line on stderr (there is nothing sensible a diagnosis could still say). Growth through
 * foreign data is bounded before that, by the ceilings of srd_buf and srd_table, which answer
 * SRD_E_LIMIT. Memory is zeroed and aligned for any type.
 *
 * One thread at a time per arena. A worker fills an arena of its own, and its owner adopts it.
 */
struct srd_arena;

struct srd_arena *srd_arena_new(void);
void srd_arena_free(struct srd_arena **arena); /* for SRD_CLEANUP; NULL inside is fine */

void *srd_arena_alloc(struct srd_arena *arena, size_t size);
/* @count * @size bytes; ends the process if that overflows. */
void *srd_arena_array(struct srd_arena *arena, size_t count, size_t size);
char *srd_arena_copy(struct srd_arena *arena, const char *text);               /* NULL gives NULL */
char *srd_arena_copy_n(struct srd_arena *arena, const char *bytes, size_t n); /* adds a NUL */
char *srd_arena_printf(struct srd_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *srd_arena_vprintf(struct srd_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Takes all blocks of *@child, which is freed and set to NULL; what was in it stays where it is. */
void srd_arena_adopt(struct srd_arena *arena, struct srd_arena **child);

/*
 * The end described above, for those whose memory is not an arena's (srd_buf, uthash, cJSON).
 */
void srd_no_memory(void) __attribute__((noreturn));

/*
 * For a process that runs again and again: what a run gives back stays with the process, up to 1 MiB for
 * each heap of the C library, so that the next one need not have it from the system, page by page and
 * cleared. Before there are threads.
 */
void srd_keep_memory(void);

/* Bytes handed out so far (adopted ones included). */
size_t srd_arena_used(const struct srd_arena *arena);

#endif
