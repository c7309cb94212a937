#include "services/web_page.hpp"

namespace ats::services {
namespace {

std::span<const WebFile>& files() {
  static std::span<const WebFile> all;
  return all;
}

}  // namespace

void use_web_files(std::span<const WebFile> files_of_build) { files() = files_of_build; }

const WebFile* find_web_file(std::string_view path) {
  if (path == "/") path = "/index.html";
  for (const WebFile& file : files()) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace ats::services
