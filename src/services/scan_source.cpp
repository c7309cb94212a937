#include "services/scan_source.hpp"

namespace ats::services {

Status<std::string> play(std::span<ScanSource* const> sources, EdgeBoard& board) {
  while (true) {
    ScanSource* first = nullptr;
    for (ScanSource* source : sources) {
      if (!source->over() && (first == nullptr || source->next_ns() < first->next_ns()))
        first = source;
    }
    if (first == nullptr) break;
    if (auto taken = first->step(board); !taken) return taken;
  }
  board.finish();
  return Done{};
}

}  // namespace ats::services
