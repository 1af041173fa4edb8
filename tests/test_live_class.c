/* Is an error of StarRocks what the catalogue of checks says it is? Texts as a real FE gave them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/source/live.h"

#define ANALYZE "Getting analyzing error. Detail message: "
#define NEEDS(privilege)                                                                           \
    "Access denied; you need (at least one of) the " privilege                                     \
    " privilege(s) on SYSTEM for this operation. Please ask the admin to grant permission(s) or "  \
    "try activating existing roles using <set [default] role>. Current role(s): [r1]. "            \
    "Inactivated role(s): NONE."

/* clang-format off */
static const struct row {
    const char *name;
    unsigned code;
    const char *text;
    enum srd_status want;
} rows[] = {
    { "a missing privilege is denied", 5203, NEEDS("OPERATE"), SRD_DENIED },
    { "a missing privilege is denied whatever its code", 1064, NEEDS("BLACKLIST"), SRD_DENIED },
    { "a wrong password is denied", 1045, "Access denied for user 'u1' (using password: YES)", SRD_DENIED },
    { "SHOW denied in an old release is denied", 1227, "Access denied; you need (at least one of) the ADMIN privilege(s) for this operation", SRD_DENIED },
    { "an unknown database is a matter of version", 5501, ANALYZE "Unknown database 'nosuch'.", SRD_VERSION_ABSENT },
    { "USE of an unknown database is a matter of version", 5501, "Unknown database 'nosuch'", SRD_VERSION_ABSENT },
    { "an unknown table is a matter of version", 5502, ANALYZE "Unknown table 'sales.nosuch'.", SRD_VERSION_ABSENT },
    { "an unknown table with another code is a matter of version", 1064, ANALYZE "Unknown table 'information_schema.be_logs'.", SRD_VERSION_ABSENT },
    { "an unknown catalog is a matter of version", 5078, ANALYZE "Unknown catalog 'cx'.", SRD_VERSION_ABSENT },
    { "an unknown column is a matter of version", 1064, ANALYZE "Column 'nosuch' cannot be resolved.", SRD_VERSION_ABSENT },
    { "an unknown function is a matter of version", 1064, "Getting analyzing error from line 1, column 7 to line 1, column 16. Detail message: No matching function with signature: nosuchf(tinyint(4)).", SRD_VERSION_ABSENT },
    { "an unknown variable is a matter of version", 1193, ANALYZE "Unknown system variable 'nosuch', the most similar variables are {'a', 'b'}.", SRD_VERSION_ABSENT },
    { "a statement that is not there yet is a matter of version", 1064, "Getting syntax error at line 1, column 5. Detail message: No viable statement for input 'SHOW TASKS'.", SRD_VERSION_ABSENT },
    { "a word that is not there yet is a matter of version", 1064, "Getting syntax error at line 1, column 14. Detail message: Unexpected input 'where', the most similar input is {<EOF>, ';'}.", SRD_VERSION_ABSENT },
    { "an unknown PROC path is a matter of version", 1064, ANALYZE "Unknown proc node path: /nosuch. msg: Cannot find path: /nosuch.", SRD_VERSION_ABSENT },
    { "a PROC path of a medium that the cluster lacks is absent", 1064, ANALYZE "Unknown proc node path: /cluster_balance/cluster_load_stat/HDD. msg: no such storage medium: HDD.", SRD_VERSION_ABSENT },
    { "SHOW WAREHOUSES in shared-nothing is a matter of mode", 5907, "unsupported statement in shared_nothing mode", SRD_MODE_ABSENT },
    { "automated snapshots in shared-nothing are a matter of mode", 1064, ANALYZE "Automated snapshot only support share data mode.", SRD_MODE_ABSENT },
    { "a lake manager that is null is a matter of mode", 1064, "Cannot invoke \"com.starrocks.lake.compaction.CompactionScheduler.cancelCompaction(long)\" because \"this.compactionScheduler\" is null", SRD_MODE_ABSENT },
    { "replica status of a lake table is a matter of mode", 1064, ANALYZE "Unsupported operation on lake table com.starrocks.catalog.Database@2711.orders.", SRD_MODE_ABSENT },
    { "no node registered is no backend", 1064, "Backend node not found. Check if any backend node is down.backend: ", SRD_NO_BACKEND },
    { "all nodes dead is no backend", 1064, "Backend node not found. Check if any backend node is down.backend: [127.0.0.10 alive: false inBlacklist: false] ", SRD_NO_BACKEND },
    { "a blacklisted node is no backend", 1064, "Backend node not found. Check if any backend node is down.backend: [127.0.0.12 alive: true inBlacklist: true] ", SRD_NO_BACKEND },
    { "no compute node is no backend", 1064, "Compute node not found. Check if any compute node is down. nodeId: 7", SRD_NO_BACKEND },
    { "a warehouse without nodes is no backend", 5905, "No alive backend or compute node in warehouse default_warehouse.", SRD_NO_BACKEND },
    { "the FE's own query without nodes is no backend", 1064, ANALYZE "RepoExecutorexecute sql failed: SELECT history_content_json FROM _statistics_.task_run_history WHERE TRUE AND  task_name = 'x' ORDER BY create_time DESC LIMIT 10000.", SRD_NO_BACKEND },
    { "what the FE's own query quotes does not decide", 1064, ANALYZE "RepoExecutor execute sql failed: SELECT 'Access denied', 'Unknown table'.", SRD_NO_BACKEND },
    { "a query time-out is a time-out", 5024, "Query reached its timeout of 2 seconds, please increase the 'query_timeout' session variable and retry", SRD_TIMED_OUT },
    { "a query time-out of an old release is a time-out", 1064, "Query exceeded time limit of 300 seconds", SRD_TIMED_OUT },
    { "lost replicas are told in the server's words", 1064, ANALYZE "Tablet lost replicas. Check if any backend is down or not. tablet_id: 10842", SRD_FAILED },
    { "a scan that cannot be built is told in the server's words", 1064, "Build Exec OlapScanNode fail, scan info is invalid", SRD_FAILED },
    { "a statement of ours without a database is our mistake", 1046, ANALYZE "No database selected.", SRD_FAILED },
    { "a prepared SHOW is our mistake", 1295, ANALYZE "This command is not supported in the prepared statement protocol yet.", SRD_FAILED },
    { "a bad WHERE of a SHOW is our mistake", 5064, ANALYZE "should supply condition like: ID = $transaction_id.", SRD_FAILED },
    { "a GLOBAL variable is our mistake", 1229, "Variable 'query_queue_concurrency_limit' is a GLOBAL variable and should be set with SET GLOBAL", SRD_FAILED },
    { "a read-only variable is our mistake", 1621, "Variable 'version' is a read only variable", SRD_FAILED },
    { "a bad column in ORDER BY is our mistake", 1166, ANALYZE "Incorrect column name 'nosuch'.", SRD_FAILED },
    { "an unknown thread is just that", 1094, "Unknown thread id: 99999999", SRD_FAILED },
    { "another MySQL's syntax error is no matter of version", 1064, "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near 'FRONTENDS' at line 1", SRD_FAILED },
    { "a node that failed is told in the server's words", 5600, "Storage access failed", SRD_FAILED },
    { "a lost connection is no class of its own", 2013, "Lost connection to server during query", SRD_FAILED },
    { "an error without text is an error", 1064, "", SRD_FAILED },
    { "an error with no text at all is an error", 1064, NULL, SRD_FAILED },
    { "a code decides without its text", 5502, NULL, SRD_VERSION_ABSENT },
};
/* clang-format on */

static void judge(void **state)
{
    const struct row *row = *state;

    assert_string_equal(srd_status_name(srd_live_class(row->code, row->text)),
                        srd_status_name(row->want));
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows)];

    for (size_t i = 0; i < SRD_COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = judge,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
