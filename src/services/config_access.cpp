// The keys of access: how long sessions last, and what is asked of those who may act.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/decimal.hpp"
#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

Key duration_key(const char* name, Duration AccessConfig::*field, Duration least, Duration most,
                 const char* expected, const char* help) {
  return {"access",
          name,
          expected,
          help,
          [=](Config& c, std::string_view t) {
            Duration given;
            if (!parse_duration(t, given) || given < least || given > most) return false;
            c.access.*field = given;
            return true;
          },
          [=](const Config& c) { return print_duration(c.access.*field); }};
}

bool parse_four_eyes(Config& c, std::string_view text) {
  c.access.four_eyes.clear();
  for (std::string& act : split_list(text)) {
    if (act != "resume" && act != "limits") return false;
    c.access.four_eyes.push_back(std::move(act));
  }
  return true;
}

}  // namespace

void add_access_keys(std::vector<Key>& keys) {
  using A = AccessConfig;
  keys.push_back(duration_key("session_idle", &A::session_idle, seconds(10), hours(24),
                              "a duration from \"10s\" to \"24h\"",
                              "A session without a request for so long is over (docs/users.md)."));
  keys.push_back(duration_key("session_life", &A::session_life, seconds(10), hours(24 * 30),
                              "a duration from \"10s\" to \"30d\"",
                              "A session is over after so long, whatever is done in it."));
  keys.push_back(
      {"access", "require_totp", "true or false",
       "Whoever may do more than view signs in with a code of an authenticator as well, "
       "and can do nothing before one is set up. Without it, acts that would ask for a "
       "fresh code do not ask those who have no authenticator.",
       [](Config& c, std::string_view t) {
         c.access.require_totp = t == "true";
         return t == "true" || t == "false";
       },
       [](const Config& c) -> std::string { return c.access.require_totp ? "true" : "false"; }});
  keys.push_back(
      {"access", "four_eyes", "resume, limits, or both",
       "What is not done before a second person has agreed: lifting a halt, raising a "
       "limit. None: whoever may do it does it.",
       parse_four_eyes,
       [](const Config& c) { return fmt::format("{}", fmt::join(c.access.four_eyes, ",")); },
       true});
  keys.push_back({"access", "password_min", "a number from 8 to 128",
                  "How many characters a password has at least.",
                  [](Config& c, std::string_view t) {
                    const auto count = parse_scaled(t, 0);
                    if (!count || *count < 8 || *count > 128) return false;
                    c.access.password_min = static_cast<std::uint32_t>(*count);
                    return true;
                  },
                  [](const Config& c) { return std::to_string(c.access.password_min); }, false,
                  true});
}

}  // namespace ats::services
