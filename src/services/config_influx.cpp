// The keys of history: where it goes, how much waits for it, and what is written how often.
#include "io/net_address.hpp"
#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

Key text_key(const char* name, std::string InfluxConfig::*field, const char* expected,
             const char* help) {
  return {"influx",
          name,
          expected,
          help,
          [field](Config& c, std::string_view t) { return c.influx.*field = t, true; },
          [field](const Config& c) { return c.influx.*field; }};
}

Key duration_key(const char* name, Duration InfluxConfig::*field, const char* help) {
  return {"influx",
          name,
          "a duration such as \"250ms\", \"2s\" or \"1m\", above zero",
          help,
          [field](Config& c, std::string_view t) {
            return parse_duration(t, c.influx.*field) && (c.influx.*field).ns > 0;
          },
          [field](const Config& c) { return print_duration(c.influx.*field); }};
}

Key count_key(const char* name, std::uint32_t InfluxConfig::*field, std::uint32_t least,
              std::uint32_t most, const char* help) {
  return {"influx",
          name,
          "a number from " + std::to_string(least) + " to " + std::to_string(most),
          help,
          [field, least, most](Config& c, std::string_view t) {
            const auto n = parse_scaled(t, 0);
            if (!n || *n < least || *n > most) return false;
            c.influx.*field = static_cast<std::uint32_t>(*n);
            return true;
          },
          [field](const Config& c) { return std::to_string(c.influx.*field); },
          false,
          true};
}

Key flag_key(const char* name, bool InfluxConfig::*field, const char* help) {
  return {"influx",
          name,
          "true or false",
          help,
          [field](Config& c, std::string_view t) {
            c.influx.*field = t == "true";
            return t == "true" || t == "false";
          },
          [field](const Config& c) { return c.influx.*field ? "true" : "false"; }};
}

bool parse_server(std::string_view text) {
  if (text.empty()) return true;
  const auto url = io::parse_url(text);
  return url && !url->websocket && url->target == "/";
}

// A name that needs no quoting anywhere.
bool parse_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.find_first_of("\"'\\/\n") == text.npos;
}

constexpr std::uint64_t queue_limit_least = std::uint64_t{1} << 20;

}  // namespace

void add_influx_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"influx", "server", "a URL such as \"http://127.0.0.1:8086\", or \"\" for none",
       "An InfluxDB server that history is written to (docs/influx.md). Plain http is for "
       "this machine only.",
       [](Config& c, std::string_view t) { return parse_server(t) && (c.influx.server = t, true); },
       [](const Config& c) { return c.influx.server; }});
  keys.push_back(text_key("organisation", &InfluxConfig::organisation,
                          "a name, or \"\" for a 1.x server",
                          "Of a 2.x server: whose buckets they are."));
  keys.push_back(
      {"influx", "database", "a name without quotes and slashes",
       "Its database; on a 2.x server, what its buckets' names begin with.",
       [](Config& c, std::string_view t) { return parse_name(t) && (c.influx.database = t, true); },
       [](const Config& c) { return c.influx.database; }});
  keys.push_back(text_key("user", &InfluxConfig::user, "a name, or \"\" for none",
                          "Who we are on a 1.x server that wants to know."));
  keys.push_back(text_key("secret_file", &InfluxConfig::secret_file, "a path, or \"\" for none",
                          "A file of mode 0600 with that user's password, or with the token of a "
                          "2.x server."));
  keys.push_back(text_key("tls_ca", &InfluxConfig::tls_ca,
                          "a path, or \"\" for the system's authorities",
                          "Whose certificate an https server has, PEM."));
  keys.push_back(
      flag_key("compress", &InfluxConfig::compress, "Whether what is sent is compressed (gzip)."));
  keys.push_back(count_key("batch", &InfluxConfig::batch, 1, 100'000,
                           "How many points are sent in one request."));
  keys.push_back(duration_key("flush_every", &InfluxConfig::flush_every,
                              "What waits longer is sent in a smaller one."));
  keys.push_back(
      {"influx", "queue_limit", "a size such as \"256M\" or \"2G\", at least \"1M\"",
       "How much may wait on disk while the server is away: a quarter of it for events, the "
       "rest for samples. Then the oldest goes, and it is said how much.",
       [](Config& c, std::string_view t) {
         return parse_size(t, c.influx.queue_limit) && c.influx.queue_limit >= queue_limit_least;
       },
       [](const Config& c) { return print_size(c.influx.queue_limit); }});
  keys.push_back(duration_key("keep_samples", &InfluxConfig::keep_samples,
                              "How long the server is to keep samples, where `ats influx setup` "
                              "makes its database; events stay."));
  keys.push_back(duration_key("quotes_every", &InfluxConfig::quotes_every,
                              "How often it is looked for books whose top has changed."));
  keys.push_back(duration_key("measures_every", &InfluxConfig::measures_every,
                              "How often profit and loss, holdings, limits and the process are "
                              "written."));
  keys.push_back(count_key("book_levels", &InfluxConfig::book_levels, 0,
                           InfluxConfig::book_levels_most,
                           "How many levels of each side of each book are written; 0: none."));
  keys.push_back(duration_key("books_every", &InfluxConfig::books_every, "How often they are."));
  keys.push_back(flag_key("trades", &InfluxConfig::trades,
                          "Whether every trade that a venue tells of is written."));
}

}  // namespace ats::services
