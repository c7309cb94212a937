// The keys of what a process says, how and where to.
#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {

void add_log_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"log", "level", "\"debug\", \"info\", \"warning\" or \"error\"",
       "From what on something is said; while it runs: `ats log LEVEL`, or SIGHUP after a change "
       "here. `debug` says every order's steps.",
       [](Config& c, std::string_view t) {
         const auto level = log_level_of(t);
         if (level) c.log.level = *level;
         return level.has_value();
       },
       [](const Config& c) { return std::string(name(c.log.level)); }});
  keys.push_back({"log", "format", "\"text\" or \"json\"",
                  "A line for people, or a JSON object a line, with the venue, pair, order and "
                  "trade it is of.",
                  [](Config& c, std::string_view t) {
                    c.log.json = t == "json";
                    return t == "json" || t == "text";
                  },
                  [](const Config& c) { return std::string(c.log.json ? "json" : "text"); }});
  keys.push_back({"log", "file", "a path, or \"\" for standard output",
                  "Where to. SIGHUP opens it by its name anew, so that other programs may move it.",
                  [](Config& c, std::string_view t) { return c.log.to.file = t, true; },
                  [](const Config& c) { return c.log.to.file.string(); }});
  keys.push_back({"log", "rotate_size", "a size such as \"64M\", at least \"4K\"",
                  "A file that is full is kept as FILE.1, and a new one begun.",
                  [](Config& c, std::string_view t) {
                    return parse_size(t, c.log.to.rotate_bytes) && c.log.to.rotate_bytes >= 4096;
                  },
                  [](const Config& c) { return print_size(c.log.to.rotate_bytes); }, false, true});
  keys.push_back({"log", "keep", "a whole number from 0 to 1000", "How many files that are full.",
                  [](Config& c, std::string_view t) {
                    const auto n = parse_scaled(t, 0);
                    if (!n || *n < 0 || *n > 1000) return false;
                    c.log.to.keep = static_cast<std::uint32_t>(*n);
                    return true;
                  },
                  [](const Config& c) { return std::to_string(c.log.to.keep); }, false, true});
}

}  // namespace ats::services
