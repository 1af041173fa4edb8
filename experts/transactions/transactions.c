/* Which questions does the transactions expert answer? */

#include "experts/transactions/transactions.h"

static const struct srd_check *const *const checks[] = {
    srd_txn_limits_checks,
    srd_txn_later_checks,
    srd_txn_gaps_checks,
    NULL,
};

static const struct srd_view *const *const views[] = { srd_txn_view_views, NULL };

const struct srd_expert srd_expert_transactions = {
    .name = "transactions",
    .tool = "analyze_transaction_health",
    .area = "txn",
    .title = "Transactions: limits, publishing, leaks",
    .checks = checks,
    .views = views,
};
