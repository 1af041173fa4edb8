#ifndef SRD_CMD_AGENT_H
#define SRD_CMD_AGENT_H

#include "cmd/command.h"
#include "lib/agent/agent.h"

/* What the files of `srdiag agent` share. */

/* What an agent needs to know, as @settings and the command line say. */
int srd_agent_options_of(struct srd_settings *settings, struct srd_arena *arena,
                         struct srd_agent_options *out, struct srd_error *err);

/* agent_audit.c: audit show FILE, audit verify FILE [MARK] */
int srd_agent_audit(struct srd_call *call, struct srd_error *err);
/* agent_preview.c */
int srd_agent_preview(struct srd_call *call, struct srd_error *err);

#endif
