/* How many bytes may grow, and what happens beyond? */

#include "lib/base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"

#define FIRST_ROOM ((size_t)64)

void srd_buf_init(struct srd_buf *buf, size_t ceiling)
{
    *buf = (struct srd_buf){ .ceiling = ceiling < SIZE_MAX / 4 ? ceiling : SIZE_MAX / 4 };
    buf->room = buf->ceiling < FIRST_ROOM ? buf->ceiling + 1 : FIRST_ROOM;
    buf->data = calloc(1, buf->room);
    if (!buf->data)
        srd_no_memory();
}

void srd_buf_free(struct srd_buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->size = buf->room = 0;
    buf->full = true; /* an append after the end finds no room, rather than freed memory */
}

void srd_buf_clear(struct srd_buf *buf)
{
    buf->size = 0;
    buf->full = false;
    buf->data[0] = '\0';
}

/* Room for @n more bytes and the NUL; false if the ceiling forbids it. */
static bool make_room(struct srd_buf *buf, size_t n)
{
    size_t room;
    char *data;

    if (buf->full)
        return false;
    if (n > buf->ceiling - buf->size) {
        buf->full = true;
        return false;
    }
    if (buf->size + n < buf->room)
        return true;
    room = buf->room * 2;
    if (room <= buf->size + n)
        room = buf->size + n + 1;
    if (room > buf->ceiling + 1)
        room = buf->ceiling + 1;
    data = realloc(buf->data, room);
    if (!data)
        srd_no_memory();
    buf->data = data;
    buf->room = room;
    return true;
}

void srd_buf_add(struct srd_buf *buf, const void *bytes, size_t n)
{
    if (!n || !make_room(buf, n))
        return;
    memcpy(buf->data + buf->size, bytes, n);
    buf->size += n;
    buf->data[buf->size] = '\0';
}

void srd_buf_text(struct srd_buf *buf, const char *text)
{
    srd_buf_add(buf, text, strlen(text));
}

void srd_buf_repeat(struct srd_buf *buf, char c, size_t n)
{
    if (!make_room(buf, n))
        return;
    memset(buf->data + buf->size, c, n);
    buf->size += n;
    buf->data[buf->size] = '\0';
}

void srd_buf_printf(struct srd_buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    srd_buf_vprintf(buf, format, args);
    va_end(args);
}

void srd_buf_vprintf(struct srd_buf *buf, const char *format, va_list args)
{
    va_list again;
    size_t left;
    int n;

    if (buf->full)
        return;
    va_copy(again, args);
    left = buf->room - buf->size;
    n = vsnprintf(buf->data + buf->size, left, format, args);
    if (n < 0)
        srd_no_memory();
    if (make_room(buf, (size_t)n)) {
        if ((size_t)n >= left)
            vsnprintf(buf->data + buf->size, (size_t)n + 1, format, again);
        buf->size += (size_t)n;
    }
    buf->data[buf->size] = '\0'; /* also takes back what did not fit */
    va_end(again);
}
