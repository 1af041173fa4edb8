#ifndef SRD_SOURCE_AGENT_H
#define SRD_SOURCE_AGENT_H

#include "lib/source/source.h"

/*
 * A cluster behind a remote agent (`srdiag agent`, lib/agent/agent.h), which asks it on our behalf: one
 * request per level of follow-up questions, whatever their number. Over a source that is used again the
 * first level of a view goes along with the questions of identity (engine.h), so that most views are one.
 *
 *     POST /collect     X-Agent-Token: ...
 *     {"format":"collect/1","timeout_ms":44000,"leader":"fe1:9030","frontends":3,
 *      "probes":[{"id":"backend-disks","key":"10004","sql":"SHOW PROC ...","node":"","where":"leader",
 *                 "cost":"cheap","timeout_ms":10000,"max_rows":0,"short_rows":false}, ...]}
 *
 *     200 application/x-ndjson: the lines of a snapshot (snapshot.h), answers in the order in which they
 *     came. The header also says "follower" (the named leader cannot be asked), "session_zone_unknown" and
 *     "instance" (another one with every start of the agent).
 *     In place of the last line {"error":"connect","message":"..."}: the agent lost its cluster.
 *
 * A stream without its last line was cut: what came before it counts, the rest is lost. Answers to
 * questions that were not asked, or twice, end the reading: such an agent is not one of ours. What an
 * agent sends is bounded like a snapshot.
 *
 * Opening contacts nobody; the first question does. Nothing is asked twice. @token is in no error.
 */
struct srd_agent_access {
    const char *url;    /* "http://10.0.1.50:8080", "https://...", a path before /collect is kept */
    const char *token;  /* NULL: none */
    const char *ca;     /* of https: PEM file, trusted alone; NULL: the system's */
    const char *pin;    /* of https: "sha256//BASE64", a public key that the agent must have; NULL: any */
    const char *proxy;  /* NULL: none */
    int64_t connect_ms; /* 0: 5 s */
    size_t max_bytes;   /* of the answer to one round; 0: 1 GiB */
    /* Hears every answer's bytes as they come; NULL: nobody does. */
    void (*heard)(void *context, const void *bytes, size_t n);
    void *context;
};
/* SRD_E_CONFIG: URL or token cannot be right. */
int srd_agent_check(const struct srd_agent_access *access, struct srd_error *err);
/* SRD_E_CONFIG: the URL or the token cannot be right. */
int srd_agent_open(const struct srd_agent_access *options, struct srd_source **out,
                   struct srd_error *err);

/* What was wrong with the latest round of an agent, for those who speak to others about it. */
enum srd_agent_fault {
    SRD_AGENT_FINE,
    SRD_AGENT_LOST,    /* nobody there, cut in the middle, or no agent of ours */
    SRD_AGENT_SILENT,  /* the time passed before an answer began; later it is the cluster's */
    SRD_AGENT_TOKEN,   /* 401, or 429 when it was shown too often */
    SRD_AGENT_REFUSES, /* it says no, in words that are in the error: busy, not allowed ... */
    SRD_AGENT_ANOTHER, /* another one than before answers there: nothing of it was taken */
    SRD_AGENT_CLUSTER, /* it is well, and cannot reach its cluster */
};
/* Of a source of srd_agent_open(), while it is not asked. */
enum srd_agent_fault srd_agent_fault(const struct srd_source *src);
/*
 * From now on only the agent that answered last is listened to, until another pin or false: who
 * begins anew at its place may stand for another cluster. Agents that do not say who they are
 * are not told apart.
 */
void srd_agent_pin(struct srd_source *src, bool pinned);
#define SRD_AGENT_VERSION_SIZE 32
/* The agent's own version, as it said with its latest answer; "" before. Of the same sources. */
const char *srd_agent_version(const struct srd_source *src);

#endif
