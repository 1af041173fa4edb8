#ifndef SRD_BASE_BUF_H
#define SRD_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that grow, up to a ceiling they are born with.
 *
 * The first append that would pass the ceiling sets @full, appends nothing and makes all later
 * appends do nothing, so that a writer appends freely and tests @full once at the end. @data always
 * ends in a NUL that is not counted; it is never NULL after srd_buf_init().
 */
struct srd_buf {
    char *data;
    size_t size, room, ceiling;
    bool full;
};

void srd_buf_init(struct srd_buf *buf, size_t ceiling);
void srd_buf_free(struct srd_buf *buf); /* for SRD_CLEANUP; twice is fine */
void srd_buf_clear(struct srd_buf *buf); /* empty again, @full reset, memory kept */

void srd_buf_add(struct srd_buf *buf, const void *bytes, size_t n);
void srd_buf_text(struct srd_buf *buf, const char *text);
static inline void srd_buf_char(struct srd_buf *buf, char c) /* once per byte of some texts */
{
    if (buf->full || buf->size + 1 >= buf->room) {
        srd_buf_add(buf, &c, 1);
        return;
    }
    buf->data[buf->size++] = c;
    buf->data[buf->size] = '\0';
}
void srd_buf_repeat(struct srd_buf *buf, char c, size_t n);
void srd_buf_printf(struct srd_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void srd_buf_vprintf(struct srd_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
