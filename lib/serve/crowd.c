/* Who has how much of the server open at this moment? */

#include "lib/serve/crowd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/arena.h"

struct group {
    char *who;
    size_t count; /* at least 1 */
    UT_hash_handle hh;
};

struct srd_crowd {
    pthread_mutex_t lock;
    struct group *groups;
};

struct srd_crowd *srd_crowd_new(void)
{
    struct srd_crowd *crowd = calloc(1, sizeof(*crowd));

    if (!crowd)
        srd_no_memory();
    pthread_mutex_init(&crowd->lock, NULL);
    return crowd;
}

/* With the lock. */
static void drop(struct srd_crowd *crowd, struct group *group)
{
    HASH_DEL(crowd->groups, group);
    free(group->who);
    free(group);
}

void srd_crowd_free(struct srd_crowd **crowd)
{
    struct group *group, *next;

    if (!*crowd)
        return;
    HASH_ITER(hh, (*crowd)->groups, group, next)
    {
        drop(*crowd, group);
    }
    pthread_mutex_destroy(&(*crowd)->lock);
    free(*crowd);
    *crowd = NULL;
}

static struct group *new_group(struct srd_crowd *crowd, const char *who)
{
    struct group *group = calloc(1, sizeof(*group));

    if (!group || !(group->who = strdup(who)))
        srd_no_memory();
    HASH_ADD_KEYPTR(hh, crowd->groups, group->who, strlen(group->who), group);
    return group;
}

bool srd_crowd_enter(struct srd_crowd *crowd, const char *who, size_t most)
{
    struct group *group;
    bool room;

    pthread_mutex_lock(&crowd->lock);
    HASH_FIND_STR(crowd->groups, who, group);
    room = most && (!group || group->count < most);
    if (room && !group)
        group = new_group(crowd, who);
    if (room)
        group->count++;
    pthread_mutex_unlock(&crowd->lock);
    return room;
}

void srd_crowd_leave(struct srd_crowd *crowd, const char *who)
{
    struct group *group;

    pthread_mutex_lock(&crowd->lock);
    HASH_FIND_STR(crowd->groups, who, group);
    if (group && !--group->count)
        drop(crowd, group);
    pthread_mutex_unlock(&crowd->lock);
}
