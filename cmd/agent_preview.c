/* What exactly would a centre get, byte for byte? */

#include "cmd/agent.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/crypto.h"
#include "lib/source/agent.h"

static void hear(void *context, const void *bytes, size_t n)
{
    struct srd_call *call = context;

    srd_buf_add(&call->out, bytes, n);
}

/* A real agent in this process, asked by a real centre: nothing is simulated. */
int srd_agent_preview(struct srd_call *call, struct srd_error *err)
{
    SRD_CLEANUP(srd_agent_stop) struct srd_agent *agent = NULL;
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    unsigned char random[32];
    char token[2 * sizeof(random) + 1];
    const char *tokens[] = { token, NULL };
    struct srd_agent_access access = { .token = token, .heard = hear, .context = call };
    struct srd_agent_options wanted;
    struct srd_evidence *ev;
    bool partial;

    if (srd_random(random, sizeof(random), err) ||
        srd_agent_options_of(&call->settings, NULL, call->arena, &wanted, err))
        return err->code;
    srd_hex(random, sizeof(random), token);
    wanted.tokens = tokens;
    wanted.allow_ip = NULL;
    wanted.listen = "127.0.0.1:0";
    wanted.listen_fd = -1;
    wanted.audit_file = NULL;
    wanted.tls = (struct srd_http_tls){ 0 };
    if (srd_agent_start(&wanted, &agent, err))
        return err->code;
    access.url = srd_arena_printf(call->arena, "http://%s", srd_agent_listening(agent));
    if (srd_agent_open(&access, &src, err) ||
        srd_collect(&srd_catalogue, src, srd_catalogue_probes(&srd_catalogue, call->arena),
                    &call->run, call->arena, &ev, &partial, err))
        return err->code;
    call->long_text = true;
    call->status = partial ? SRD_EXIT_PARTIAL : SRD_EXIT_OKAY;
    return 0;
}
