// The house's rules, read off the sources: which layer may include which, what the pure layers
// never touch, where binary floating point may stand, and what no file of the repository may
// contain. Each rule is a pure function from a text to what is wrong with it, and is first shown a
// bad snippet, so that a rule which has stopped seeing is noticed. See ARCHITECTURE.md for the
// reasons.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Source {
  std::string path;  // relative to the repository, with '/'
  std::string text;
};

struct Finding {
  std::string path;
  std::size_t line;
  std::string what;
};

std::ostream& operator<<(std::ostream& out, const Finding& finding) {
  return out << finding.path << ':' << finding.line << ": " << finding.what;
}

using Findings = std::vector<Finding>;

// ---- reading C++
// ----------------------------------------------------------------------------------

bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The text with comments and the insides of literals blanked, line for line as long as before.
std::string code_only(const std::string& text) {
  std::string out = text;
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, out.size()); ++i) {
      if (out[i] != '\n') out[i] = ' ';
    }
  };
  const auto end_of = [&](std::string_view what, std::size_t from) {
    const std::size_t at = text.find(what, from);
    return at == std::string::npos ? text.size() : at;
  };
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '/' && text.compare(i, 2, "//") == 0) {
      const std::size_t end = end_of("\n", i);
      blank(i, end);
      i = end;
    } else if (c == '/' && text.compare(i, 2, "/*") == 0) {
      const std::size_t end = end_of("*/", i + 2) + 2;
      blank(i, end);
      i = end;
    } else if (c == '"' && i > 0 && text[i - 1] == 'R') {
      const std::size_t open = end_of("(", i);
      const std::size_t end = end_of(")" + text.substr(i + 1, open - i - 1) + "\"", open);
      blank(i + 1, end);
      i = end_of("\"", end) + 1;
    } else if (c == '"' || (c == '\'' && (i == 0 || !word_char(text[i - 1])))) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != c && text[end] != '\n')
        end += text[end] == '\\' ? 2 : 1;
      blank(i + 1, end);
      i = end + 1;
    } else {
      ++i;
    }
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Whether `word` stands in `line` with no letter, digit or underscore touching either end.
bool has_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    // "::open" is the system's; "Ledger::open" is somebody's own.
    const bool joins = word_char(word.front()) || word.front() == ':';
    const bool free_before = at == 0 || !word_char(line[at - 1]) || !joins;
    const bool free_after = end == line.size() || !word_char(line[end]) || !word_char(word.back());
    if (free_before && free_after) return true;
  }
  return false;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_test(const std::string& path) {
  return ends_with(path, "_test.cpp") || ends_with(path, "/testing_shared.hpp");
}

// "src/core/x.hpp" -> "core"; empty when the file is not under src/.
std::string layer_of(const std::string& path) {
  if (path.rfind("src/", 0) != 0) return {};
  const std::size_t slash = path.find('/', 4);
  return slash == std::string::npos ? std::string{} : path.substr(4, slash - 4);
}

// What a line includes: `"a/b.hpp"` or `<vector>` with its marks, or nothing.
std::string included(const std::string& line) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line.compare(hash, 8, "#include") != 0) return {};
  const std::size_t open = line.find_first_of("\"<", hash);
  if (open == std::string::npos) return {};
  const std::size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  return close == std::string::npos ? std::string{} : line.substr(open, close - open + 1);
}

// ---- the rules
// ------------------------------------------------------------------------------------

const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::map<std::string, std::set<std::string>> table = {
      {"base", {}},
      {"domain", {"base"}},
      {"security", {"base"}},
      {"venues", {"domain", "security", "base"}},
      {"core", {"domain", "base"}},
      {"report", {"domain", "base"}},
      {"sim", {"venues", "domain", "base"}},
      {"io", {"venues", "security", "domain", "base"}},
      {"services", {"io", "sim", "core", "report", "venues", "security", "domain", "base"}},
  };
  return table;
}

Findings wrong_arrows(const Source& source) {
  Findings found;
  const std::string layer = layer_of(source.path);
  if (layer.empty()) return found;
  const auto own = arrows().find(layer);
  if (own == arrows().end())
    return {{source.path, 1, "layer '" + layer + "' is not in the design"}};
  const auto lines = lines_of(source.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string target = included(lines[i]);
    if (target.empty() || target.front() != '"') continue;
    const std::size_t slash = target.find('/');
    const std::string to = slash == std::string::npos ? std::string{} : target.substr(1, slash - 1);
    if (arrows().count(to) == 0) {
      found.push_back({source.path, i + 1, "include " + target + " does not begin with a layer"});
    } else if (to != layer && own->second.count(to) == 0) {
      found.push_back({source.path, i + 1, layer + " must not include " + to});
    }
  }
  return found;
}

bool is_pure_layer(const std::string& layer) {
  return !layer.empty() && layer != "io" && layer != "services";
}

// Printing a broken invariant before abort() is the one output a pure layer makes.
bool may_write_stderr(const std::string& path) { return path == "src/base/assert.cpp"; }
// The single-producer single-consumer rings are made of atomics; who runs on which side is decided
// above.
bool may_use_atomics(const std::string& path) {
  return path == "src/base/ring.hpp" || path == "src/base/byte_ring.hpp";
}

// Time, randomness, threads, files, sockets and the environment reach the pure layers as arguments
// only.
Findings impurities(const Source& source) {
  static const std::set<std::string> headers = {
      "<thread>",      "<mutex>",          "<shared_mutex>", "<condition_variable>",
      "<future>",      "<semaphore>",      "<latch>",        "<barrier>",
      "<stop_token>",  "<fstream>",        "<filesystem>",   "<iostream>",
      "<unistd.h>",    "<fcntl.h>",        "<poll.h>",       "<netdb.h>",
      "<pthread.h>",   "<signal.h>",       "<csignal>",      "<random>",
      "<x86intrin.h>", "<openssl/rand.h>", "<openssl/ssl.h>"};
  static const std::vector<std::string> header_folders = {"<sys/",   "<netinet/",   "<arpa/",
                                                          "<linux/", "<boost/asio", "<boost/beast"};
  static const std::vector<std::string> words = {
      // clocks
      "system_clock", "steady_clock", "high_resolution_clock", "utc_clock", "file_clock",
      "clock_gettime", "gettimeofday", "timespec_get", "std::time(", "::time(", "time(nullptr",
      "time(NULL", "time(0)", "std::clock(", "localtime", "localtime_r", "__rdtsc", "__rdtscp",
      "__builtin_ia32_rdtsc", "nanosleep", "usleep", "sleep_for", "sleep_until",
      // threads
      "std::thread", "std::jthread", "std::async", "std::mutex", "std::shared_mutex",
      "std::recursive_mutex", "std::condition_variable", "std::call_once", "pthread_create",
      "thread_local",
      // files and the screen
      "fopen", "freopen", "fdopen", "fread", "fwrite", "mmap", "std::ifstream", "std::ofstream",
      "std::fstream", "std::filesystem", "std::cout", "std::cerr", "std::clog", "std::cin",
      "printf", "fmt::print", "std::puts", "::open(", "::read(", "::write(",
      // sockets
      "socket(", "::connect(", "::bind(", "::listen(", "::accept(", "::send(", "::recv(",
      "epoll_wait", "epoll_create1", "getaddrinfo",
      // unseeded randomness and the environment
      "random_device", "rand(", "srand(", "::random(", "drand48", "getrandom", "arc4random",
      "RAND_bytes", "RAND_priv_bytes", "getenv", "secure_getenv", "std::system("};
  Findings found;
  const std::string layer = layer_of(source.path);
  if (!is_pure_layer(layer) || is_test(source.path)) return found;
  const auto raw = lines_of(source.text);
  const auto code = lines_of(code_only(source.text));
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto report = [&](const std::string& what) {
      found.push_back({source.path, i + 1, layer + " is pure and must not use " + what});
    };
    const std::string target = included(raw[i]);
    if (headers.count(target) != 0) report(target);
    for (const auto& folder : header_folders) {
      if (target.rfind(folder, 0) == 0) report(target);
    }
    if (target == "<atomic>" && !may_use_atomics(source.path)) report(target);
    for (const auto& word : words) {
      if (has_word(code[i], word)) report(word);
    }
    if (has_word(code[i], "fprintf") && !may_write_stderr(source.path)) report("fprintf");
  }
  return found;
}

// A `static` variable that can change is state that no snapshot and no replay would see.
Findings changing_globals(const Source& source) {
  Findings found;
  const std::string layer = layer_of(source.path);
  if (!is_pure_layer(layer) || is_test(source.path)) return found;
  const auto code = lines_of(code_only(source.text));
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::string& line = code[i];
    if (!has_word(line, "static") || has_word(line, "const") || has_word(line, "constexpr") ||
        has_word(line, "consteval")) {
      continue;
    }
    const std::size_t stop = line.find_first_of("(=;{");
    if (stop != std::string::npos && line[stop] != '(') {
      found.push_back({source.path, i + 1, "a static variable that is not constant"});
    }
  }
  return found;
}

// Prices, quantities and money are exact. A line that shows or averages them says so with
// `// display` or `// statistics`.
Findings floating_money(const Source& source) {
  static const std::vector<std::string> money = {"price",   "qty",   "quantity", "amount",
                                                 "balance", "fee",   "notional", "pnl",
                                                 "profit",  "money", "cash",     "proceeds"};
  static const std::vector<std::string> parsers = {"stod",   "stof",    "stold", "strtod",
                                                   "strtof", "strtold", "atof",  "get_double"};
  Findings found;
  if (layer_of(source.path).empty()) return found;
  const auto raw = lines_of(source.text);
  const auto code = lines_of(code_only(source.text));
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::string& said = raw[i];
    if (said.find("// statistics") != said.npos || said.find("// display") != said.npos) continue;
    for (const auto& parser : parsers) {
      if (has_word(code[i], parser)) {
        found.push_back(
            {source.path, i + 1, parser + " reads a number into binary floating point"});
      }
    }
    if (!has_word(code[i], "double") && !has_word(code[i], "float")) continue;
    const std::string line = lower(code[i]);
    for (const auto& word : money) {
      if (line.find(word) != line.npos) {
        found.push_back({source.path, i + 1, "binary floating point beside '" + word + "'"});
        break;
      }
    }
  }
  return found;
}

// Written in two halves, so that this file passes its own rules.
Findings unfinished(const Source& source) {
  static const std::vector<std::string> words = {
      "to"
      "do",
      "fix"
      "me",
      "xx"
      "x",
      "for "
      "now",
      "place"
      "holder",
      "not "
      "implemented"};
  Findings found;
  const auto lines = lines_of(lower(source.text));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto& word : words) {
      if (has_word(lines[i], word)) found.push_back({source.path, i + 1, "says '" + word + "'"});
    }
  }
  return found;
}

Findings machine_paths(const Source& source) {
  static const std::vector<std::string> paths = {
      "/wo"
      "rk/",
      "/fa"
      "rm/",
      "/tmp/"
      "ats/",
      "bash_"
      "jobs",
      "/ro"
      "ot/"};
  Findings found;
  const auto lines = lines_of(source.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto& path : paths) {
      const std::size_t at = lines[i].find(path);
      if (at == std::string::npos) continue;
      const bool inside_longer_path =
          at > 0 && (word_char(lines[i][at - 1]) || lines[i][at - 1] == '.');
      if (!inside_longer_path)
        found.push_back({source.path, i + 1, "names a path of one machine: " + path});
    }
  }
  return found;
}

Findings silent_header(const Source& source) {
  if (layer_of(source.path).empty() || !ends_with(source.path, ".hpp")) return {};
  if (source.text.rfind("//", 0) == 0) return {};
  return {{source.path, 1, "a header opens with what the part is for"}};
}

constexpr std::size_t lines_max = 700;

Findings too_long(const Source& source) {
  const std::size_t lines = lines_of(source.text).size();
  if (lines <= lines_max) return {};
  return {{source.path, lines, "more than 700 lines: does it still tell one story?"}};
}

using Rule = Findings (*)(const Source&);
constexpr std::array<Rule, 8> every_rule = {wrong_arrows,   impurities, changing_globals,
                                            floating_money, unfinished, machine_paths,
                                            silent_header,  too_long};

// ---- the repository
// -------------------------------------------------------------------------------

std::vector<Source> read_sources() {
  namespace fs = std::filesystem;
  static const std::set<std::string> endings = {".cpp", ".hpp",   ".h",     ".sh",  ".py", ".mjs",
                                                ".js",  ".ts",    ".tsx",   ".css", ".md", ".toml",
                                                ".txt", ".cmake", ".proto", ".json"};
  static const std::set<std::string> skipped = {"build",  "dist",         ".git",
                                                ".cache", "node_modules", "testdata"};
  const fs::path root = ATS_ROOT;
  std::vector<Source> sources;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator();
       ++at) {
    const std::string file = at->path().filename().string();
    if (at->is_directory()) {
      if (skipped.count(file) != 0) at.disable_recursion_pending();
      continue;
    }
    const bool script = file == "dev" || at->path().parent_path().filename() == ".ci";
    if (!script && endings.count(at->path().extension().string()) == 0) continue;
    if (file == "package-lock.json") continue;
    std::ifstream in(at->path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    sources.push_back({fs::relative(at->path(), root).generic_string(), text.str()});
  }
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return a.path < b.path; });
  return sources;
}

bool is_cpp(const std::string& path) { return ends_with(path, ".cpp") || ends_with(path, ".hpp"); }

std::string listed(const Findings& findings) {
  std::ostringstream out;
  for (const auto& finding : findings) out << "  " << finding << '\n';
  return out.str();
}

Findings run(Rule rule, bool cpp_only) {
  static const std::vector<Source> sources = read_sources();
  Findings all;
  for (const auto& source : sources) {
    if (cpp_only && !is_cpp(source.path)) continue;
    const Findings found = rule(source);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

#define EXPECT_HOUSE_KEEPS(rule, cpp_only)       \
  const Findings findings = run(rule, cpp_only); \
  EXPECT_TRUE(findings.empty()) << listed(findings)

TEST(House, includes_go_one_way) { EXPECT_HOUSE_KEEPS(wrong_arrows, true); }
TEST(House, pure_layers_touch_no_clock_thread_file_socket_or_unseeded_randomness) {
  EXPECT_HOUSE_KEEPS(impurities, true);
}
TEST(House, pure_layers_have_no_changing_globals) { EXPECT_HOUSE_KEEPS(changing_globals, true); }
TEST(House, money_never_passes_through_binary_floating_point) {
  EXPECT_HOUSE_KEEPS(floating_money, true);
}
TEST(House, nothing_is_left_unfinished) { EXPECT_HOUSE_KEEPS(unfinished, false); }
TEST(House, no_file_names_a_path_of_one_machine) { EXPECT_HOUSE_KEEPS(machine_paths, false); }
TEST(House, every_header_says_what_it_is_for) { EXPECT_HOUSE_KEEPS(silent_header, true); }
TEST(House, every_file_tells_one_story) { EXPECT_HOUSE_KEEPS(too_long, true); }

TEST(House, the_sources_are_really_read) {
  const auto sources = read_sources();
  const auto has = [&](const char* path) {
    return std::any_of(sources.begin(), sources.end(),
                       [&](const Source& s) { return s.path == path; });
  };
  for (const auto& arrow : arrows()) {
    const auto& layer = arrow.first;
    if (!std::filesystem::exists(std::string(ATS_ROOT "/src/") + layer)) continue;
    EXPECT_TRUE(std::any_of(sources.begin(), sources.end(),
                            [&](const Source& s) { return layer_of(s.path) == layer; }) ||
                std::filesystem::is_empty(std::string(ATS_ROOT "/src/") + layer))
        << layer;
  }
  EXPECT_TRUE(has("src/base/result.hpp"));
  EXPECT_TRUE(has("tests/house_test.cpp"));
  EXPECT_TRUE(has("web/src/app.tsx"));
  EXPECT_TRUE(has("dev"));
}

// ---- the rules see
// ----------------------------------------------------------------------------------

std::vector<std::size_t> lines_found(const Findings& findings) {
  std::vector<std::size_t> lines;
  for (const auto& finding : findings) lines.push_back(finding.line);
  return lines;
}

TEST(HouseRules, an_include_upwards_is_found_and_one_downwards_is_not) {
  const Source bad = {"src/core/x.hpp", "#include \"base/text.hpp\"\n#include \"io/socket.hpp\"\n"};
  EXPECT_THAT(lines_found(wrong_arrows(bad)), ElementsAre(2));
  const Source good = {"src/services/x.cpp",
                       "#include \"io/socket.hpp\"\n#include \"sim/world.hpp\"\n"};
  EXPECT_THAT(wrong_arrows(good), IsEmpty());
}

TEST(HouseRules, the_checker_never_includes_what_it_checks_and_the_two_worlds_never_meet) {
  EXPECT_THAT(wrong_arrows({"src/sim/auditor.cpp", "#include \"core/engine.hpp\"\n"}), SizeIs(1));
  EXPECT_THAT(wrong_arrows({"src/sim/world_test.cpp", "#include \"io/file.hpp\"\n"}), SizeIs(1));
  EXPECT_THAT(wrong_arrows({"src/io/driver.cpp", "#include \"sim/world.hpp\"\n"}), SizeIs(1));
}

TEST(HouseRules, an_include_without_its_layer_and_a_layer_nobody_knows_are_found) {
  EXPECT_THAT(wrong_arrows({"src/io/driver.cpp", "#include \"driver.hpp\"\n"}), SizeIs(1));
  EXPECT_THAT(wrong_arrows({"src/utils/all.cpp", "int x;\n"}), SizeIs(1));
}

TEST(HouseRules, clocks_threads_files_sockets_and_randomness_are_found_in_pure_layers_only) {
  for (const char* bad :
       {"auto t = std::chrono::steady_clock::now();", "clock_gettime(CLOCK_REALTIME, &ts);",
        "auto t = time(nullptr);", "std::thread worker;", "std::mutex m;",
        "auto* f = std::fopen(p, m);", "std::ifstream in(path);",
        "int fd = socket(AF_INET, SOCK_STREAM, 0);", "std::random_device seed;",
        "const char* v = std::getenv(name);", "#include <thread>", "#include <sys/socket.h>",
        "#include <atomic>", "RAND_bytes(out, 16);", "int x = rand();"}) {
    EXPECT_THAT(impurities({"src/core/x.cpp", bad}), SizeIs(testing::Ge(1))) << bad;
    EXPECT_THAT(impurities({"src/io/x.cpp", bad}), IsEmpty()) << bad;
    EXPECT_THAT(impurities({"src/core/x_test.cpp", bad}), IsEmpty()) << bad;
  }
}

TEST(HouseRules, comments_strings_and_longer_names_are_not_taken_for_use) {
  const Source source = {"src/sim/x.cpp",
                         "// never std::thread here\n"
                         "const char* text = \"std::mutex \\\" fopen\";\n"
                         "/* random_device\n   getenv */ int opened(int venue_time);\n"
                         "auto raw = R\"json({\"socket(\": 1'000})json\";\n"
                         "const long big = 1'000'000; Instant recv_time(0);\n"
                         "void Ledger::open(int id) { rng.random(id); }\n"};
  EXPECT_THAT(impurities(source), IsEmpty());
  EXPECT_THAT(impurities({"src/sim/x.cpp", "auto a = 'x'; std::mutex m;\n"}), SizeIs(1));
  EXPECT_THAT(impurities({"src/sim/x.cpp", "auto r = R\"(\")\"; std::mutex m;\n"}), SizeIs(1));
}

TEST(HouseRules, a_static_that_changes_is_found_and_constants_and_functions_are_not) {
  const Source source = {"src/core/x.cpp",
                         "static int count = 0;\n"
                         "  static std::string last;\n"
                         "static constexpr int limit = 3;\n"
                         "static const char* const name = \"x\";\n"
                         "static Decimal from_int(int n) { return n; }\n"
                         "static_assert(sizeof(int) == 4);\n"};
  EXPECT_THAT(lines_found(changing_globals(source)), ElementsAre(1, 2));
}

TEST(HouseRules, floating_money_is_found_unless_the_line_says_it_is_statistics_or_display) {
  const Source source = {"src/core/x.hpp",
                         "double price = 0;\n"
                         "float getFee();\n"
                         "double mean_price = 0;  // statistics\n"
                         "double shown = to_double(price);  // display\n"
                         "double seconds = 0;\n"
                         "// a double price would be wrong\n"
                         "auto p = std::stod(text);\n"};
  EXPECT_THAT(lines_found(floating_money(source)), ElementsAre(1, 2, 7));
}

TEST(HouseRules, unfinished_work_is_found) {
  const Source source = {"docs/x.md",
                         "fine\nTO"
                         "DO later\ngood for"
                         " now\nplace"
                         "holder\nmethodology\n"};
  EXPECT_THAT(lines_found(unfinished(source)), ElementsAre(2, 3, 4));
}

TEST(HouseRules, paths_of_one_machine_are_found) {
  const Source source = {"dev",
                         "cd /wo"
                         "rk/main\nls ./wo"
                         "rk/x src/fra"
                         "mework/y\ncat /ro"
                         "ot/x\n"};
  EXPECT_THAT(lines_found(machine_paths(source)), ElementsAre(1, 3));
}

TEST(HouseRules, a_header_without_its_opening_comment_is_found) {
  EXPECT_THAT(silent_header({"src/base/x.hpp", "#pragma once\n// late\n"}), SizeIs(1));
  EXPECT_THAT(silent_header({"src/base/x.hpp", "// What x is for.\n#pragma once\n"}), IsEmpty());
}

TEST(HouseRules, a_file_of_more_than_700_lines_is_found) {
  std::string text;
  for (std::size_t i = 0; i < lines_max; ++i) text += "int x;\n";
  EXPECT_THAT(too_long({"src/base/x.cpp", text}), IsEmpty());
  EXPECT_THAT(too_long({"src/base/x.cpp", text + "int y;\n"}), SizeIs(1));
}

TEST(HouseRules, every_rule_passes_an_honest_file) {
  const Source honest = {"src/domain/x.hpp",
                         "// What x is for.\n#pragma once\n#include \"base/text.hpp\"\nint x();\n"};
  for (const Rule rule : every_rule) EXPECT_THAT(rule(honest), IsEmpty());
}

TEST(HouseRules, a_finding_names_file_and_line) {
  const Findings found = wrong_arrows({"src/core/x.cpp", "\n#include \"io/a.hpp\"\n"});
  EXPECT_THAT(listed(found), HasSubstr("src/core/x.cpp:2: core must not include io"));
}

}  // namespace
