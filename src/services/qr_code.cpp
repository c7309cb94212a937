#include "services/qr_code.hpp"

#include <fmt/format.h>
#include <qrencode.h>

#include <memory>

namespace ats::services {
namespace {

constexpr int quiet = 4;  // modules around it that are light, as the standard asks for

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

class Modules {
 public:
  explicit Modules(const std::string& text)
      : code_(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M)) {}
  bool made() const { return code_ != nullptr; }
  int size() const { return code_->width + 2 * quiet; }
  bool dark(int x, int y) const {
    const int column = x - quiet, row = y - quiet;
    if (column < 0 || row < 0 || column >= code_->width || row >= code_->width) return false;
    return (code_->data[row * code_->width + column] & 1) != 0;
  }

 private:
  std::unique_ptr<QRcode, Free> code_;
};

}  // namespace

std::string qr_svg(const std::string& text) {
  const Modules modules(text);
  if (!modules.made()) return {};
  std::string path;
  for (int y = 0; y < modules.size(); ++y) {
    for (int x = 0; x < modules.size(); ++x) {
      const int begin = x;
      while (x < modules.size() && modules.dark(x, y)) ++x;
      if (x > begin) path += fmt::format("M{} {}h{}v1h-{}z", begin, y, x - begin, x - begin);
    }
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" "
      "shape-rendering=\"crispEdges\" role=\"img\"><rect width=\"{0}\" height=\"{0}\" "
      "fill=\"#fff\"/><path d=\"{1}\" fill=\"#000\"/></svg>",
      modules.size(), path);
}

std::string qr_terminal(const std::string& text) {
  const Modules modules(text);
  if (!modules.made()) return {};
  std::string out;
  for (int y = 0; y < modules.size(); y += 2) {
    out += "\x1b[30;47m";
    for (int x = 0; x < modules.size(); ++x) {
      const bool upper = modules.dark(x, y), lower = modules.dark(x, y + 1);
      out += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    }
    out += "\x1b[0m\n";
  }
  return out;
}

}  // namespace ats::services
