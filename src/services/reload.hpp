// A configuration file read again while its process runs: a running process takes its limits, and all else waits for the
// next start. What a person set while it was running stays over the file's (the core keeps them apart).
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/command.hpp"
#include "services/config.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

// The configuration as its file says it now, with all that the command line sets over it; none: there is no file.
using ReadConfig = std::function<Result<Config, std::string>()>;

struct Reload {
  std::vector<SetLimitCommand> limits;     // of_file; by nobody, for no reason yet
  std::vector<std::string> at_next_start;  // keys, "general.pairs"
};
Reload compare(const Config& running, const Config& file);
// Now the limits of `file` are those of `running`.
void take_limits(Config& running, const Config& file);

// Commands `source` to take the limits that are other ones, and `running` says then what is in force: what was said
// to it, and what waits for the next start; or why nothing was changed.
Result<std::vector<std::string>, std::string> reload_limits(RiskSource& source, Config& running,
                                                            const ReadConfig& read,
                                                            std::string_view who,
                                                            std::string_view reason);
// The same for a person, through a control socket.
std::string answer_reload(RiskSource& source, Config& running, const ReadConfig& read,
                          const nlohmann::json& request);

}  // namespace ats::services
