// Goal 12: what it costs to compile the slowest sources of src/, beside a source that uses the standard
// containers and nothing else, by the same commands; and to link what ships. Runs only when it is asked for
// by name (--filter build): it compiles everything once. The compiler is called as the build calls it, but
// not through ccache, and what it makes is thrown away.
//
// A compiler's time is its processor time, so that other work on the machine counts little; the linker
// works with several threads, so its time is by the clock.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness.hpp"
#include "temporary_folder.hpp"

extern char** environ;

namespace ats::bench {

namespace {

namespace fs = std::filesystem;

constexpr double most = 12;           // times the containers' source
constexpr std::size_t looked_at = 3;  // of the slowest, again and again

// The sources that stand between the project and a heavy library: see docs/dependencies.md.
constexpr std::array quarantined = {"src/io/http_parse.cpp"};

constexpr const char* containers_source = R"(#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>
struct Order { std::string symbol; std::optional<double> price; std::variant<int, std::string> id; };
int containers(int argc) {
  std::vector<std::string> names(static_cast<std::size_t>(argc), "x");
  std::map<std::string, std::vector<int>> by_name;
  std::unordered_map<int, std::unique_ptr<Order>> orders;
  std::set<std::string> seen;
  std::deque<std::function<int(int)>> works;
  for (const auto& name : names) {
    by_name[name].push_back(argc);
    seen.insert(name);
    orders.emplace(argc, std::make_unique<Order>(Order{name, 1.0, name}));
    works.push_back([&](int n) { return n + static_cast<int>(by_name.size()); });
  }
  std::sort(names.begin(), names.end());
  int sum = static_cast<int>(seen.size() + orders.size());
  for (const auto& f : works) sum += f(sum);
  return sum;
}
)";

struct Unit {
  std::string name;  // src/…
  std::string command;
  bool own = true;
  double times = 0;  // of the containers' source
};

// Runs a shell command; processor seconds, or seconds by the clock.
struct Cost {
  double processor = 0;
  double clock = 0;
};
Cost run_command(const std::string& command, const fs::path& folder) {
  const std::string line = "cd '" + folder.string() + "' && exec " + command;
  const char* const arguments[] = {"/bin/sh", "-c", line.c_str(), nullptr};
  pid_t child = 0;
  const std::int64_t from = now_ns();
  if (posix_spawn(&child, "/bin/sh", nullptr, nullptr, const_cast<char* const*>(arguments),
                  environ) != 0) {
    die("build: cannot start a shell");
  }
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child || status != 0) die("build: failed: " + command);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {seconds(used.ru_utime) + seconds(used.ru_stime),
          static_cast<double>(now_ns() - from) / 1e9};
}

// Where this program was built.
fs::path build_folder() { return fs::canonical("/proc/self/exe").parent_path(); }

// "… -o a.o -c b.cpp" with another output and another source.
std::string redirected(std::string command, const std::string& source, const std::string& output) {
  const std::size_t at = command.find(" -o ");
  if (at == command.npos) die("build: no output in: " + command);
  return command.substr(0, at) + " -o " + output + " -c " + source;
}

class Build {
 public:
  Build() : folder_(build_folder()) {
    std::ifstream in(folder_ / "compile_commands.json");
    const auto commands = nlohmann::json::parse(in, nullptr, false);
    if (!commands.is_array()) die("build: no compile_commands.json beside the program");
    for (const auto& entry : commands) {
      const std::string file = entry["file"];
      const std::size_t src = file.rfind("/src/");
      if (src == file.npos) continue;
      Unit unit;
      unit.name = file.substr(src + 1);
      unit.command = redirected(entry["command"], file, output());
      unit.own = std::ranges::find(quarantined, unit.name) == quarantined.end();
      units_.push_back(std::move(unit));
    }
    if (units_.empty()) die("build: no sources");
    std::ofstream(temporary_.path() / "containers.cpp") << containers_source;
    containers_ = redirected(units_.front().command,
                             (temporary_.path() / "containers.cpp").string(), output());
  }

  double containers() const { return run_command(containers_, folder_).processor; }
  double compile(const Unit& unit) const { return run_command(unit.command, folder_).processor; }

  // Every source once, the slowest first.
  std::vector<Unit>& measure_all() {
    double baseline = std::min(containers(), containers());
    for (std::size_t n = 0; n < units_.size(); ++n) {
      if (n % 8 == 0) baseline = containers();
      units_[n].times = compile(units_[n]) / baseline;
      if (isatty(STDERR_FILENO) != 0) {
        std::fprintf(stderr, "\rbuild: %zu of %zu sources\033[K", n + 1, units_.size());
      }
    }
    std::ranges::sort(units_, std::greater{}, &Unit::times);
    return units_;
  }

  // What ships, of the libraries that are there and main's object, without LTO.
  double link() {
    const auto main = std::ranges::find(units_, "src/services/main.cpp", &Unit::name);
    if (main == units_.end()) die("build: no main.cpp");
    const std::string object = (temporary_.path() / "main.o").string();
    if (!fs::exists(object)) {
      run_command(main->command.substr(0, main->command.find(" -o ")) + " -fno-lto -o " + object +
                      main->command.substr(main->command.find(" -c ")),
                  folder_);
    }
    return run_command(link_command(object), folder_).clock;
  }

 private:
  std::string output() const { return (temporary_.path() / "out.o").string(); }

  // Ninja's command for `ats`, with another object and another output.
  std::string link_command(const std::string& object) {
    if (!link_.empty()) return link_;
    const fs::path told = temporary_.path() / "link.txt";
    run_command("ninja -t commands ats > '" + told.string() + "'", folder_);
    std::ifstream in(told);
    std::string last;
    for (std::string line; std::getline(in, line);) {
      if (!line.empty()) last = line;
    }
    // ": && c++ flags objects -o ats libraries && :"
    const std::size_t begin = last.find("&& ") + 3;
    const std::size_t end = last.rfind(" && :");
    const std::size_t to = last.find(" -o ats ");
    if (end == last.npos || to == last.npos) die("build: an unknown link command: " + last);
    std::string words = last.substr(begin, to - begin);
    words = words.substr(0, words.find("CMakeFiles/"));
    link_ = words + object + " -fno-lto -o '" + (temporary_.path() / "ats").string() + "' " +
            last.substr(to + 8, end - to - 8);
    return link_;
  }

  const fs::path folder_;
  TemporaryFolder temporary_;
  std::vector<Unit> units_;
  std::string containers_;
  std::string link_;
};

void run(Session& session) {
  if (!session.named()) return;
  unpin();
  Build build;
  constexpr const char* link = "link of ats by mold, best of 5";
  if (session.wanted(link)) {
    session.compare({.name = link,
                     .ours =
                         [&] {
                           double best = build.link();
                           for (int n = 1; n < 5; ++n) best = std::min(best, build.link());
                           return Outcome{{best}, 0};
                         },
                     .metrics = {{"", "s", "12", value_at_most(0.2)}}});
  }
  if (!session.wanted("")) return;  // the link alone
  const std::vector<Unit>& units = build.measure_all();
  const auto over = [&](bool own) {
    return static_cast<double>(std::ranges::count_if(
        units, [&](const Unit& unit) { return unit.own == own && unit.times > most; }));
  };
  session.compare(
      {.name = "own sources over 12 times the containers' source",
       .ours =
           [&] {
             return Outcome{{over(true)}, 0};
           },
       .metrics = {{"", "of " + std::to_string(units.size()), "12", value_at_most(0)}}});
  session.compare({.name = "quarantined sources over that",
                   .ours =
                       [&] {
                         return Outcome{{over(false)}, 0};
                       },
                   .metrics = {{"", "", "12", value_at_most(2)}}});
  std::size_t shown = 0;
  for (const Unit& unit : units) {
    if (!unit.own) continue;
    session.compare({.name = unit.name,
                     .baseline_name = "std containers",
                     .baseline =
                         [&] {
                           return Outcome{{build.containers()}, 0};
                         },
                     .ours =
                         [&] {
                           return Outcome{{build.compile(unit)}, 0};
                         },
                     .metrics = {{"", "s", "12", at_most(most)}}});
    if (++shown == looked_at) break;
  }
}

const Register registered{"build", run};

}  // namespace

}  // namespace ats::bench
