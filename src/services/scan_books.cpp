#include "services/scan_books.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/recording_table.hpp"

namespace ats::services {
namespace {

constexpr int scale_max = 12;  // of an Instrument

// Decimals that the number needs.
int decimals_of(Decimal number) {
  int decimals = 0;
  while (decimals < Decimal::scale && number.floor_to(decimals) != number) ++decimals;
  return decimals;
}

struct Scales {
  int price = 0;
  int quantity = 0;
};

Scales scales_of(const RecordedBook& book) {
  Scales scales;
  for (const auto* side : {&book.bids, &book.asks}) {
    for (const RecordedBook::Level& level : *side) {
      scales.price = std::max(scales.price, decimals_of(level.price));
      scales.quantity = std::max(scales.quantity, decimals_of(level.quantity));
    }
  }
  return scales;
}

Result<std::vector<Level>, std::string> units_of(const std::vector<RecordedBook::Level>& levels,
                                                 const Scales& scales) {
  std::vector<Level> units;
  units.reserve(levels.size());
  for (const RecordedBook::Level& level : levels) {
    const auto price = level.price.to_scaled(scales.price);
    const auto quantity = level.quantity.to_scaled(scales.quantity);
    if (!price || !quantity) {
      return fail(fmt::format("{} at {}: too large for {} and {} decimals",
                              level.quantity.to_string(), level.price.to_string(), scales.quantity,
                              scales.price));
    }
    units.push_back({{*price}, {*quantity}});
  }
  return units;
}

// A book made ready to be walked.
struct Side {
  Instrument instrument;
  std::vector<Level> bids;
  std::vector<Level> asks;
};

Result<Side, std::string> ready(const RecordedBook& book, const Scales& scales) {
  Side side;
  side.instrument.price_scale = static_cast<std::uint8_t>(scales.price);
  side.instrument.qty_scale = static_cast<std::uint8_t>(scales.quantity);
  side.instrument.base = AssetId{0};
  side.instrument.quote = AssetId{1};
  auto bids = units_of(book.bids, scales);
  if (!bids) return fail("bids: " + bids.error());
  auto asks = units_of(book.asks, scales);
  if (!asks) return fail("asks: " + asks.error());
  side.bids = *std::move(bids);
  side.asks = *std::move(asks);
  return side;
}

Result<WalkReport::Result, std::string> walk(Side buy, Side sell, Rate buy_fee, Rate sell_fee) {
  // Nothing is rounded: the fee of a level needs the decimals of its notional and those of the rate.
  for (const auto& [side, rate] : {std::pair{&buy, buy_fee}, std::pair{&sell, sell_fee}}) {
    Instrument& instrument = side->instrument;
    instrument.fees = {
        .maker = rate, .taker = rate, .charged_in = FeeAsset::Quote, .decimals = Decimal::scale};
    const int decimals =
        instrument.price_scale + instrument.qty_scale + decimals_of(rate.decimal());
    if (decimals > Decimal::scale) {
      return fail(fmt::format(
          "prices of {} decimals, quantities of {} and a fee of {} bps need {} decimals; {} are "
          "exact",
          instrument.price_scale, instrument.qty_scale, bps_text(rate), decimals, Decimal::scale));
    }
  }
  const core::VenuePair pair(buy.instrument, sell.instrument, Rate{});
  const core::WalkResult walked =
      pair.walk(core::Levels(buy.asks), core::Levels(sell.bids), core::WalkLimits{});
  if (walked.stop == core::WalkStop::Overflow)
    return fail(std::string("what is paid or received is too large to be held exactly"));
  WalkReport::Result result;
  result.quantity = buy.instrument.quantity_decimal(walked.buy_quantity);
  result.paid = walked.paid;
  result.received = walked.received;
  result.profit = walked.profit;
  result.deepest_ask = buy.instrument.price_decimal(walked.buy_deepest);
  result.deepest_bid = sell.instrument.price_decimal(walked.sell_deepest);
  result.net = walked.net;
  result.ran_out = walked.stop == core::WalkStop::Depth;
  return result;
}

Result<WalkReport, std::string> report_of(const RecordedBook& buy_book,
                                          const RecordedBook& sell_book, const TakerFees& fees) {
  WalkReport report;
  report.base = buy_book.base;
  report.quote = buy_book.quote;
  report.buy = buy_book.venue;
  report.sell = sell_book.venue;
  // Quantities of both on one grid, so that no lot rounds them.
  Scales buy_scales = scales_of(buy_book);
  Scales sell_scales = scales_of(sell_book);
  buy_scales.quantity = sell_scales.quantity = std::max(buy_scales.quantity, sell_scales.quantity);
  for (const auto& [book, scales] :
       {std::pair{&buy_book, &buy_scales}, std::pair{&sell_book, &sell_scales}}) {
    if (scales->price > scale_max || scales->quantity > scale_max) {
      return fail(fmt::format("{}: prices of {} and quantities of {} decimals, expected at most {}",
                              book->venue, scales->price, scales->quantity, scale_max));
    }
  }
  const auto buy = ready(buy_book, buy_scales);
  if (!buy) return fail(fmt::format("{} {}", buy_book.venue, buy.error()));
  const auto sell = ready(sell_book, sell_scales);
  if (!sell) return fail(fmt::format("{} {}", sell_book.venue, sell.error()));
  if (!buy->asks.empty() && !sell->bids.empty()) {
    report.best_ask = buy_book.asks.front().price;
    report.best_bid = sell_book.bids.front().price;
    report.gross = core::VenuePair(buy->instrument, sell->instrument, Rate{})
                       .gross(buy->asks.front().price, sell->bids.front().price);
  }
  const auto plain = walk(*buy, *sell, {}, {});
  if (!plain) return fail(plain.error());
  report.without_fees = *plain;
  if (fees.off()) return report;
  for (const auto& [venue, rate] :
       {std::pair{&report.buy, &report.buy_fee}, std::pair{&report.sell, &report.sell_fee}}) {
    const auto fee = fees.of(*venue);
    if (!fee) {
      return fail(
          fmt::format("no taker fee is known of {0}: say --fee {0}=BPS, or --no-fees", *venue));
    }
    *rate = *fee;
  }
  const auto net = walk(*buy, *sell, report.buy_fee, report.sell_fee);
  if (!net) return fail(net.error());
  report.with_fees = *net;
  return report;
}

}  // namespace

Result<BooksScan, std::string> scan_books(const RecordingFile& file, const TakerFees& fees,
                                          std::string_view venue, std::string_view symbol) {
  const auto document = file.document();
  if (!document) return fail(document.error());
  auto books = file.format().books(*document);
  if (!books) return fail(fmt::format("{}:1: {}", file.path(), books.error()));
  BooksScan scan{file.path(), *std::move(books), {}};
  for (RecordedBook& book : scan.books) {
    if (book.venue.empty()) book.venue = venue.empty() ? table_owner(file.path()).venue : venue;
    if (book.base.empty()) {
      const SymbolParts parts = split_symbol(book.venue, symbol);
      book.base = parts.base;
      book.quote = parts.quote;
    }
    if (book.venue.empty() || book.base.empty() || book.quote.empty()) {
      return fail(fmt::format("{}: a book does not say {}, expected {}", file.path(),
                              book.venue.empty() ? "whose it is" : "its assets",
                              book.venue.empty() ? "--venue" : "--symbol BASE/QUOTE"));
    }
  }
  const auto same_assets = [](const RecordedBook& a, const RecordedBook& b) {
    return a.base == b.base && a.quote == b.quote;
  };
  for (std::size_t first = 0; first < scan.books.size(); ++first) {
    const auto begin = scan.books.begin();
    const auto here = begin + static_cast<std::ptrdiff_t>(first);
    const bool seen = std::any_of(
        begin, here, [&](const RecordedBook& earlier) { return same_assets(earlier, *here); });
    if (seen) continue;
    for (const RecordedBook& buy : scan.books) {
      for (const RecordedBook& sell : scan.books) {
        if (!same_assets(buy, *here) || !same_assets(sell, *here) || buy.venue == sell.venue)
          continue;
        auto report = report_of(buy, sell, fees);
        if (!report) {
          return fail(fmt::format("{}: {}/{}, {} to {}: {}", file.path(), buy.base, buy.quote,
                                  buy.venue, sell.venue, report.error()));
        }
        scan.walks.push_back(*std::move(report));
      }
    }
  }
  return scan;
}

}  // namespace ats::services
