// What the trials of a sweep come to: which is best and how much of that is luck, how its neighbours do, and what it is worth on
// recordings that it was not chosen by. Pure: the same results give the same report, whoever made them and in
// whatever order.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "services/sweep_results.hpp"
#include "services/sweep_spec.hpp"

namespace ats::services {

nlohmann::ordered_json sweep_report(const SweepSpec& spec,
                                    const std::vector<SweepSegment>& segments,
                                    const std::map<std::size_t, SweepRun>& runs);
// For a person, of what sweep_report() made.
std::string sweep_text(const nlohmann::ordered_json& report);
// A line for each run, with its values.
std::string sweep_csv(const SweepSpec& spec, const std::vector<SweepSegment>& segments,
                      const std::map<std::size_t, SweepRun>& runs);

}  // namespace ats::services
