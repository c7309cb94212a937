// Tables from anywhere: every row is either refused by name or says what an event may say.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "services/recording_table.hpp"

using namespace ats;
using namespace ats::services;

namespace {

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void check(const TableRow& row) {
  ATS_ASSERT(plausible_ns(row.ns));
  ATS_ASSERT(row.venue_ns == 0 || plausible_ns(row.venue_ns));
  ATS_ASSERT(row.id.size() <= 39);
  if (row.kind == TableRow::Kind::Level || row.kind == TableRow::Kind::Trade ||
      row.kind == TableRow::Kind::Last)
    ATS_ASSERT(row.price.raw() > 0 && row.quantity.raw() >= 0);
  if (row.kind == TableRow::Kind::Quote) ATS_ASSERT(row.bids.size() <= 1 && row.asks.size() <= 1);
  for (const auto* side : {&row.bids, &row.asks}) {
    for (std::size_t i = 0; i < side->size(); ++i) {
      ATS_ASSERT((*side)[i].price.raw() > 0 && (*side)[i].quantity.raw() > 0);
      if (i == 0) continue;
      const Decimal before = (*side)[i - 1].price;
      ATS_ASSERT(side == &row.bids ? (*side)[i].price < before : (*side)[i].price > before);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view rest = text;
  const auto owner = table_owner(next_line(rest));
  static_cast<void>(split_symbol(owner.venue, owner.symbol));
  std::string_view lines = text;
  const auto reader = make_table_reader(next_line(rest = text));
  if (!reader) return 0;
  while (!lines.empty()) {
    const auto row = reader->read(next_line(lines));
    if (row) {
      if (*row != nullptr) check(**row);
    } else {
      ATS_ASSERT(row.error().find("expected") != std::string::npos);
    }
  }
  return 0;
}
