#ifndef SRD_TESTS_MCP_FIXTURE_H
#define SRD_TESTS_MCP_FIXTURE_H

#include "lib/mcp/mcp.h"

/*
 * A server with the tools that the official conformance suite looks for, and those that tests of the
 * transports need. It links the same objects as srdiag; nothing of it is in srdiag.
 *
 *   main.c    options and transports
 *   tools.c   contents, progress, logging; slow, deaf and noisy tools; resources and prompts
 *   asks.c    tools that ask a legacy client
 *   rounds.c  tools that ask a modern client, round by round
 *   lists.c   lists that change, and those who listen
 *   desk.c    srdiag itself, with these tools
 */
extern const struct srd_mcp_tables fixture_tables;

#define PNG                                                                                        \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg" \
    "gg=="

/* Sleeps, and wakes up early when the call is cancelled. */
void fixture_sleep(const struct srd_mcp_call *call, int64_t ms);
void fixture_say(struct srd_mcp_result *out, const char *members);

/* asks.c, rounds.c, lists.c */
void ask_sampling(struct srd_mcp_call *call, struct srd_mcp_result *out);
void ask_elicitation(struct srd_mcp_call *call, struct srd_mcp_result *out);
void ask_defaults(struct srd_mcp_call *call, struct srd_mcp_result *out);
void ask_enums(struct srd_mcp_call *call, struct srd_mcp_result *out);
void need_sampling(struct srd_mcp_call *call, struct srd_mcp_result *out);

void round_elicitation(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_sampling(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_roots(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_state(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_many(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_steps(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_capabilities(struct srd_mcp_call *call, struct srd_mcp_result *out);
void round_prompt(struct srd_mcp_call *call, struct srd_mcp_result *out);

void change_tools(struct srd_mcp_call *call, struct srd_mcp_result *out);
void change_prompts(struct srd_mcp_call *call, struct srd_mcp_result *out);
void listen_for_changes(struct srd_mcp_call *call, struct srd_mcp_result *out);
void say_nothing(struct srd_mcp_call *call, struct srd_mcp_result *out);
void set_level(struct srd_mcp_call *call, struct srd_mcp_result *out);

#endif
