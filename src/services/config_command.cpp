#include "services/config_command.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "services/command_line.hpp"
#include "services/config.hpp"

namespace ats::services {

int config_command(int argc, const char* const* argv) {
  std::string file;
  bool markdown = false;
  CLI::App app("Checks a configuration and prints the effective one: defaults, file, environment.",
               "ats config");
  app.add_option("file", file, "TOML file; without it the defaults");
  app.add_flag("--markdown", markdown, "docs/configuration.md instead");
  app.footer("Examples:\n  ats config > ats.toml\n  ats config ats.toml");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (markdown) {
    std::fputs(configuration_markdown().c_str(), stdout);
    return exit_done;
  }
  const auto config = load_config(file, environment_variables());
  if (!config) return usage_error(config.error());
  std::fputs(to_toml(*config).c_str(), stdout);
  return exit_done;
}

}  // namespace ats::services
