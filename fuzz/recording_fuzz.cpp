// The readers of recordings take any bytes: what they let pass keeps what its type promises.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "services/recording.hpp"

namespace {

using namespace ats;
using namespace ats::services;

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void check(const Record& record) { ATS_ASSERT(record.ns == 0 || plausible_ns(record.ns)); }

void check(const QuoteRow& row) {
  ATS_ASSERT(plausible_ns(row.ns) && !row.venue.empty() && !row.symbol.empty());
  for (const Decimal number : {row.bid, row.bid_quantity, row.ask, row.ask_quantity})
    ATS_ASSERT(number.raw() > 0);
}

void check(const RecordedBook& book) {
  for (const auto* side : {&book.bids, &book.asks}) {
    for (std::size_t i = 0; i < side->size(); ++i) {
      const RecordedBook::Level& level = (*side)[i];
      ATS_ASSERT(level.price.raw() > 0 && level.quantity.raw() > 0);
      if (i == 0) continue;
      const Decimal before = (*side)[i - 1].price;
      ATS_ASSERT(side == &book.bids ? level.price < before : level.price > before);
    }
  }
}

template <class Reader>
void read_all(Reader& reader, std::string_view text) {
  while (!text.empty()) {
    const auto read = reader.read(next_line(text));
    if (read && *read) check(**read);
    ATS_ASSERT(read || read.error().find("expected") != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view rest = text;
  const RecordingFormat* format = recognise(next_line(rest));
  if (format == nullptr) return 0;
  if (format->form == RecordingForm::Table) return 0;  // table_fuzz has those
  if (format->records != nullptr) {
    read_all(*format->records(), text);
  } else if (format->quotes != nullptr) {
    read_all(*format->quotes(), text);
  } else {
    const auto books = format->books(text);
    if (!books) return 0;
    for (const RecordedBook& book : *books) check(book);
  }
  return 0;
}
