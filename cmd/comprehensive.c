/* What do all experts together say, and what lies behind it? */

#include "cmd/command.h"

const struct srd_command srd_command_comprehensive = {
    .name = "comprehensive",
    .alias = "check",
    .group = "diagnose",
    .operands = "",
    .summary = "run every expert, name the causes, and give a score",
    .text =
        "Runs all checks of all experts in one go, each question to the cluster asked once. The "
        "report begins with the causes that explain most, each with what speaks for and against "
        "it and with the next steps; then come the findings that no cause explains, and what could "
        "not be checked.",
    .needs = SRD_NEEDS_SOURCE,
    .diagnoses = true,
    .check = srd_diagnose_check,
    .run = srd_diagnose_run,
};
