/*
 * How does the whole server come to have the fixture's tools? build/srdiag_fixture is srdiag, linked so that
 * whoever asks the desk for its tables gets these (ld --wrap). Guards, transports and settings are srdiag's.
 */

#include "lib/serve/desk.h"
#include "tests/mcp_fixture/fixture.h"

const struct srd_mcp_tables *__wrap_srd_desk_tables(struct srd_desk *desk);

const struct srd_mcp_tables *__wrap_srd_desk_tables(struct srd_desk *desk)
{
    (void)desk;
    return &fixture_tables;
}
