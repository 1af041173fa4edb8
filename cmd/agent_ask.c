/* Where is the cluster, who asks it, and who may ask the agent? Asked on a terminal. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/terminal.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/serve/keys.h"
#include "lib/serve/tenants.h"

#define LONGEST 1024

/* One line without its end. SRD_E_CANCELLED: Ctrl-C, or the end of input. */
static int read_line(int fd, char out[LONGEST], struct srd_error *err)
{
    size_t n = 0;

    for (;;) {
        char c;
        ssize_t got = srd_terminal_wait(fd) ? read(fd, &c, 1) : -1;

        if (got <= 0) {
            dprintf(fd, "\n");
            return srd_fail(err, SRD_E_CANCELLED, "interrupted; nothing was written");
        }
        if (c == '\n' || c == '\r')
            break;
        if (n + 1 < LONGEST)
            out[n++] = c;
    }
    out[n] = '\0';
    return 0;
}

struct question {
    enum srd_setting_id id;
    const char *text, *fallback;
    const char *(*wrong)(const char *answer); /* NULL: what the table says suffices */
};

static const char *id_wrong(const char *id)
{
    return srd_api_key_name_valid(id)
               ? NULL
               : "letters, digits, dots, dashes, underscores and @ make an ID";
}

/* Until the answer can be used. */
static int ask(struct srd_call *call, int fd, const struct question *q, struct srd_error *err)
{
    char typed[LONGEST];

    for (;;) {
        struct srd_error wrong = { 0 };
        const char *why, *answer = typed;

        dprintf(fd, "%s [%s]: ", q->text, q->fallback);
        if (read_line(fd, typed, err))
            return (int)err->code;
        if (!*typed)
            answer = q->fallback;
        why = q->wrong ? q->wrong(answer) : NULL;
        if (!why &&
            !srd_settings_put(&call->settings, q->id, answer, SRD_RANK_OPTION, "answer", &wrong))
            return 0;
        dprintf(fd, "  %s\n", why ? why : wrong.text);
    }
}

static bool is_said(const struct srd_call *call, enum srd_setting_id id)
{
    return call->settings.chosen[id].rank >= SRD_RANK_ENVIRONMENT;
}

static int ask_password(struct srd_call *call, struct srd_error *err)
{
    char typed[LONGEST] = "";

    if (is_said(call, SRD_SET_password_file) ||
        (is_said(call, SRD_SET_password) && !call->settings.ask_password))
        return 0;
    if (!srd_terminal_password(typed, sizeof(typed), err))
        srd_settings_put(&call->settings, SRD_SET_password, typed, SRD_RANK_OPTION, "answer", err);
    explicit_bzero(typed, sizeof(typed));
    return err->code == SRD_E_CANCELLED
               ? srd_fail(err, SRD_E_CANCELLED, "interrupted; nothing was written")
               : (int)err->code;
}

int srd_agent_ask(struct srd_call *call, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    const struct srd_settings *s = &call->settings;
    const struct question about[] = {
        { SRD_SET_host, "StarRocks FE (host; several: fe1,fe2)", srd_setting_text(s, SRD_SET_host),
          NULL },
        { SRD_SET_port, "Query port of the FE", srd_setting_text(s, SRD_SET_port), NULL },
        { SRD_SET_user, "Account (srdiag grants shows how to make a read-only one)",
          srd_setting_text(s, SRD_SET_user), NULL },
        { SRD_SET_password, NULL, NULL, NULL },
        { SRD_SET_listen,
          "Where to listen (this machine alone: 127.0.0.1; for a centre elsewhere: this machine's "
          "address in its network)",
          srd_agent_listen_of(s), NULL },
        { SRD_SET_policy,
          "What may be asked (system: system tables; select: any SELECT; probes: only what srdiag "
          "itself asks)",
          srd_setting_text(s, SRD_SET_policy), NULL },
        { SRD_SET_tenant_id, "What the provider shall call you (ID)",
          srd_agent_tenant_id(s, call->arena), id_wrong },
    };

    if (fd < 0)
        return srd_fail(
            err, SRD_E_USAGE,
            "there is no terminal to ask on: say --host, --password-file ..., or --yes");
    for (size_t i = 0; i < SRD_COUNT(about); i++) {
        if (about[i].id == SRD_SET_password) {
            if (ask_password(call, err))
                return (int)err->code;
        } else if (!is_said(call, about[i].id) &&
                   !(about[i].id == SRD_SET_listen &&
                     (is_said(call, SRD_SET_agent_host) || is_said(call, SRD_SET_agent_port))) &&
                   ask(call, fd, &about[i], err)) {
            return (int)err->code;
        }
    }
    return 0;
}
