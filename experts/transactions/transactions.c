/* Which questions does the transactions expert answer? */

#include "experts/transactions/transactions.h"

#define ITEM_CHECK(name) &srd_txn_##name,

static const struct srd_check *const all_checks[] = { SRD_TXN_CHECKS(ITEM_CHECK) NULL };
static const struct srd_view *const all_views[] = { &srd_txn_view_running, NULL };
static const struct srd_check *const *const checks[] = { all_checks, NULL };
static const struct srd_view *const *const views[] = { all_views, NULL };

const struct srd_expert srd_expert_transactions = {
    .name = "transactions",
    .tool = "analyze_transaction_health",
    .area = "txn",
    .title = "Transactions: limits, publishing, leaks",
    .checks = checks,
    .views = views,
};
