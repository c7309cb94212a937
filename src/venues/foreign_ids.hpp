// Orders on the account that were seen not to be ours, by the venue's id: for venues whose fills do not say
// whose order it was. A fill is somebody else's only when its order is among these: one that is simply not
// known may be ours, of an earlier life.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string_view>

#include "domain/ids.hpp"

namespace ats::venues {

class ForeignIds {
 public:
  static constexpr std::size_t capacity = 512;  // the newest

  void add(std::string_view id) {
    if (has(id)) return;
    if (ids_.size() == capacity) ids_.pop_front();
    ids_.emplace_back(id);
  }
  bool has(std::string_view id) const {
    return std::find_if(ids_.rbegin(), ids_.rend(), [&](const VenueOrderId& known) {
             return known.view() == id;
           }) != ids_.rend();
  }

 private:
  std::deque<VenueOrderId> ids_;
};

}  // namespace ats::venues
