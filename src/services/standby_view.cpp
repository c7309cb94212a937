#include "services/standby_view.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ats::services {

using nlohmann::json;

json standby_json(const StandbyView& view) {
  return {{"name", view.name},
          {"standing", name(view.standing)},
          {"term", view.term},
          {"left_ms", view.left.ns / 1'000'000},
          {"leader", view.leader.empty() ? json(nullptr) : json(view.leader)},
          {"leader_term", view.leader_term},
          {"redis_up", view.redis_up},
          {"why", view.why.empty() ? json(nullptr) : json(view.why)},
          {"following", view.following},
          {"records", view.records},
          {"behind_records", view.behind_records},
          {"behind_ms", view.behind.ns / 1'000'000},
          {"followers", view.followers},
          {"records_given", view.records_given},
          {"fenced", view.fenced}};
}

std::string standby_text(const json& told) {
  const auto text = [&](const char* field) {
    return told[field].is_null() ? std::string() : told[field].get<std::string>();
  };
  std::string out = text("name");
  const std::string standing = text("standing");
  if (standing == "leads") {
    out += fmt::format(" leads, term {}, {} follow", told["term"].get<std::uint32_t>(),
                       told["followers"].get<std::uint64_t>());
  } else if (standing == "lapsed") {
    out +=
        fmt::format(" led until its time was over (term {}): NOTHING IS SENT until it leads again",
                    told["term"].get<std::uint32_t>());
  } else if (standing == "replaced") {
    out += " leads no more";
  } else if (told["leader"].is_null()) {
    out += " follows; nobody leads";
  } else {
    out += fmt::format(" follows {}, term {}, {} records and {} ms behind{}", text("leader"),
                       told["leader_term"].get<std::uint32_t>(),
                       told["behind_records"].get<std::uint64_t>(),
                       told["behind_ms"].get<std::int64_t>(),
                       told["following"].get<bool>() ? "" : ", and does not hear it");
  }
  if (!told["redis_up"].get<bool>()) out += "; Redis does not answer";
  if (!told["why"].is_null()) out += "; " + text("why");
  return out;
}

}  // namespace ats::services
