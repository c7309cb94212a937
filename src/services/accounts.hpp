// The accounts that people read, kept beside an engine at work: whether they are what its ledger says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "domain/status.hpp"
#include "report/history.hpp"

namespace ats::services {

// An event and all that the engine answered to it.
void account(report::History& history, const Event& event, Instant now, const Actions& actions);

// Every difference, as text: between trades and entries of the ledger, and between these and the balances
// that the engine itself shows.
std::vector<std::string> account_breaks(const report::History& history,
                                        std::span<const BalanceStatus> balances = {});

}  // namespace ats::services
