// The dashboard's page as it is in the binary: files made of web/ by the build. Programs that are built without it (tests) have
// none, and say so where the page would be.
#pragma once

#include <span>
#include <string_view>

namespace ats::services {

struct WebFile {
  std::string_view path;  // "/index.html", "/assets/index-4f2a.js"
  std::string_view type;  // of its content
  std::string_view etag;  // quotes included
  std::string_view bytes;
  std::string_view gzip;  // the same, packed; empty: it does not pay
};

// Before any thread that asks for them.
void use_web_files(std::span<const WebFile> files);
// Null: there is no such file. "/" is "/index.html".
const WebFile* find_web_file(std::string_view path);

}  // namespace ats::services
