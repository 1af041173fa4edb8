/*
 * A server for tests: build/mcp_fixture [--workers N] [--queue N]
 *
 * Speaks on stdin and stdout, as `srdiag serve --stdio` does.
 */

#include "tests/mcp_fixture/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_stop(int number)
{
    (void)number;
    stop = 1;
}

int main(int argc, char **argv)
{
    struct srd_mcp_stdio_options options = { .in = STDIN_FILENO, .stop = &stop };
    struct sigaction action = { .sa_handler = on_stop };
    struct srd_mcp *mcp = srd_mcp_new(&fixture_tables);
    struct srd_error err = { 0 };
    int status;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--workers"))
            options.workers = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--queue"))
            options.queue = strtoul(argv[i + 1], NULL, 10);
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    /* whoever prints to stdout from here on prints to stderr */
    options.out = dup(STDOUT_FILENO);
    if (options.out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 74;
    status = srd_mcp_stdio(mcp, &options, &err);
    if (status == SRD_E_CANCELLED)
        _exit(0);
    if (status)
        fprintf(stderr, "%s\n", err.text);
    close(options.out);
    srd_mcp_free(&mcp);
    return status ? 74 : 0;
}
