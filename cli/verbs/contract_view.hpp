#pragma once
// What contract-test and can-i-deploy print, and how they know a broker's secret.

#include <string>
#include <vector>

#include "cli/contract/can_i_deploy.hpp"
#include "cli/contract/results.hpp"
#include "cli/contract/web.hpp"
#include "cli/terminal/style.hpp"

namespace cli {

// A row an interaction, below it what is wrong where, at the end one line of totals.
std::string contract_table(const std::vector<contract::Result>& results, const Style& style);
std::string verdict_table(const contract::Verdict& verdict, const Style& style);

// The token of the file, else of $PACT_BROKER_TOKEN, else $PACT_BROKER_USERNAME and $PACT_BROKER_PASSWORD; for nobody
// but that broker. Errors: not_found, malformed, permission when others may read the file.
base::Result<contract::WebAuth> broker_auth(const std::string& broker, const std::string& token_file);

}  // namespace cli
