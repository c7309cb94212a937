// The one binary: picks the command and hands over.
#include <cstdio>
#include <cstring>

#include "io/secret_file.hpp"
#include "services/command_line.hpp"
#include "services/commands.hpp"
#include "services/version.hpp"
#include "services/web_page.hpp"

#ifdef ATS_WEB
namespace ats::services {
std::span<const WebFile> web_files();  // made by the build (web/embed.mjs)
}
#endif

namespace {

using ats::services::Command;
using ats::services::commands;

void print_help(std::FILE* out) {
  std::fprintf(out,
               "ats: automated cross-exchange arbitrage\n\nusage: ats COMMAND [OPTIONS]   (ats "
               "COMMAND --help says "
               "more; ats --version)\n\n");
  for (const Command& command : commands()) {
    std::fprintf(out, "  %-10s %s\n", command.name, command.summary);
  }
  std::fprintf(
      out,
      "\nExamples:\n  ats run                     simulated exchanges, live screen, paper money\n"
      "  ats run --config ats.toml   the venues of a configuration\n"
      "  ats simulate --seed 1..5 --hours 24 --faults all\n\n"
      "Exit codes: 0 done, 1 failed, 2 usage or configuration error, 3 an invariant broke.\n");
}

}  // namespace

int main(int argc, char** argv) {
  ats::io::forbid_core_files();
#ifdef ATS_WEB
  ats::services::use_web_files(ats::services::web_files());
#endif
  if (argc < 2) {
    print_help(stderr);
    return ats::services::exit_usage;
  }
  if (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0 ||
      std::strcmp(argv[1], "help") == 0) {
    print_help(stdout);
    return ats::services::exit_done;
  }
  if (std::strcmp(argv[1], "--version") == 0) {
    std::printf("ats %s\n", ats::services::version());
    return ats::services::exit_done;
  }
  for (const Command& command : commands()) {
    if (std::strcmp(argv[1], command.name) == 0) return command.run(argc - 1, argv + 1);
  }
  std::fprintf(stderr, "ats: there is no command '%s'; `ats --help` lists them\n", argv[1]);
  return ats::services::exit_usage;
}
