#ifndef SRD_SERVE_NOTIFY_H
#define SRD_SERVE_NOTIFY_H

#include <stdint.h>

struct srd_error;

/*
 * What systemd wants to know, and what it hands over; without systemd all of it does nothing.
 * The protocol of sd_notify(3): one datagram to $NOTIFY_SOCKET.
 */

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..."; lines may be joined by \n. Any thread. */
void srd_notify(const char *state);
/* "RELOADING=1" with the time that Type=notify-reload wants. */
void srd_notify_reloading(void);
/* How often WATCHDOG=1 is due (half of $WATCHDOG_USEC); 0: not at all. */
int64_t srd_notify_watchdog_ms(void);
/* The socket that was handed over ($LISTEN_FDS, for this process); -1: none. Only one is taken. */
int srd_notify_socket(void);

/*
 * For scripts and tests, which asked for port 0: the number of @port and a newline, to @file (NULL:
 * nothing to do). The file is there whole or not at all, since whoever waits for it reads it at
 * once. SRD_E_SYSTEM.
 */
int srd_notify_port(const char *file, int port, struct srd_error *err);

#endif
