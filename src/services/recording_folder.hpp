// A folder of recordings, by names: what lies below it, and where a name leads. A name comes from somebody else.
//
// Invariant: what path_of() gives lies below the folder, whatever links there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace ats::services {

class RecordingFolder {
 public:
  static constexpr std::size_t names_most = 1000;

  struct Entry {
    std::string name;  // its path below the folder
    std::string form;  // as recording_formats() names it
    std::uint64_t bytes = 0;
    WallTime changed;
  };
  struct Listing {
    std::vector<Entry> entries;  // by name
    bool more = false;           // there are more than are told
  };

  explicit RecordingFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Reads the first line of each file. A folder that is not there has nothing in it.
  Listing list() const;
  // The error is a sentence about the name.
  Result<std::filesystem::path, std::string> path_of(std::string_view name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace ats::services
