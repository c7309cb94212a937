// For tests only: where the recorded market data and protocol sheets are. They live beside the
// repository and are not part of it, so a test that needs them is skipped, visibly, without them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace ats {

// The folder named by ATS_SHARED; without that variable, `shared` beside the working directory or
// beside one of its parents. Nothing when there is no such folder.
inline std::optional<std::filesystem::path> shared_data() {
  namespace fs = std::filesystem;
  std::error_code error;  // an unreadable folder is an absent one
  if (const char* named = std::getenv("ATS_SHARED"); named != nullptr && *named != '\0') {
    const fs::path path = named;
    if (fs::is_directory(path, error)) return path;
    return std::nullopt;
  }
  fs::path here = fs::current_path(error);
  for (;;) {
    const fs::path parent = here.parent_path();
    if (parent == here || here.empty()) return std::nullopt;
    const fs::path candidate = parent / "shared";
    if (fs::is_directory(candidate / "protocols", error)) return candidate;
    here = parent;
  }
}

}  // namespace ats

// Declares `path_variable` as the shared folder, or skips the running test and says so.
#define ATS_REQUIRE_SHARED(path_variable)                                                    \
  const auto path_variable##_found = ::ats::shared_data();                                   \
  if (!path_variable##_found)                                                                \
    GTEST_SKIP() << "shared data not found: set ATS_SHARED or put it beside the repository"; \
  const std::filesystem::path& path_variable = *path_variable##_found
