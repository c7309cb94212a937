// Rows of tables as events: rows of one moment that belong together make one snapshot or delta.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "services/recording_file.hpp"
#include "services/recording_source.hpp"
#include "services/recording_table.hpp"
#include "venues/table_rules.hpp"

namespace ats::services {
namespace {

constexpr int scale_max = 12;  // of an Instrument

int decimals_of(Decimal number) {
  int decimals = 0;
  while (decimals < Decimal::scale && number.floor_to(decimals) != number) ++decimals;
  return decimals;
}

// The lines of a table, as rows that say whose they are.
class Rows {
 public:
  static Result<Rows, std::string> open(const RecordingFile& file, std::string_view venue,
                                        std::string_view symbol) {
    auto lines = file.lines();
    if (!lines) return fail(lines.error());
    TableOwner owner = table_owner(file.path());
    if (!venue.empty()) owner.venue = venue;
    if (owner.symbol.empty()) owner.symbol = symbol;
    return Rows(*std::move(lines), std::move(owner));
  }

  // Null at the end.
  Result<const TableRow*, std::string> next() {
    for (;;) {
      const auto line = lines_.next();
      if (!line) return fail(line.error());
      if (!*line) return nullptr;
      if (!reader_) {
        if (line->value().find_first_not_of(" \t") == std::string_view::npos) continue;
        reader_ = make_table_reader(**line);
        if (!reader_) return fail(lines_.at_line("expected the head of a table"));
      }
      const auto row = reader_->read(**line);
      if (!row) return fail(lines_.at_line(row.error()));
      if (*row == nullptr) continue;
      if (!(*row)->venue.empty() && !(*row)->symbol.empty()) return *row;
      named_ = **row;
      if (named_.venue.empty()) named_.venue = owner_.venue;
      if (named_.symbol.empty()) named_.symbol = owner_.symbol;
      if (named_.venue.empty() || named_.symbol.empty()) {
        return fail(lines_.at_line(
            "the table does not say whose it is, nor does its file's name; expected --venue and "
            "--symbol"));
      }
      return &named_;
    }
  }
  const RecordingLines& lines() const { return lines_; }

 private:
  Rows(RecordingLines lines, TableOwner owner)
      : lines_(std::move(lines)), owner_(std::move(owner)) {}

  RecordingLines lines_;
  TableOwner owner_;
  std::unique_ptr<TableReader> reader_;
  TableRow named_;
};

struct Known {
  VenueId venue;
  InstrumentId instrument;
  int price = 0;  // decimals seen
  int quantity = 0;
};
// Venue and symbol, found without making texts of them.
struct ByText {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    const int venues = std::string_view(a.first).compare(b.first);
    return venues != 0 ? venues < 0 : std::string_view(a.second) < std::string_view(b.second);
  }
};
using ByName = std::map<std::pair<std::string, std::string>, Known, ByText>;

Known* find(ByName& all, const TableRow& row) {
  const auto at = all.find(std::pair(row.venue, row.symbol));
  return at == all.end() ? nullptr : &at->second;
}

void see(Known& known, Decimal price, Decimal quantity) {
  known.price = std::max(known.price, decimals_of(price));
  known.quantity = std::max(known.quantity, decimals_of(quantity));
}

Status<std::string> learn(Rows& rows, Universe& universe, ByName& all) {
  std::vector<const ByName::value_type*> in_order;
  for (;;) {
    const auto row = rows.next();
    if (!row) return fail(row.error());
    if (*row == nullptr) break;
    Known* known = find(all, **row);
    if (known == nullptr) {
      if (!Text<15>::fits((*row)->venue) || !Text<31>::fits((*row)->symbol))
        return fail(rows.lines().at_line("expected a venue of at most 15 bytes, a symbol of 31"));
      const auto added =
          all.try_emplace(std::pair(std::string((*row)->venue), std::string((*row)->symbol))).first;
      in_order.push_back(&*added);
      known = &added->second;
    }
    if ((*row)->kind == TableRow::Kind::Level || (*row)->kind == TableRow::Kind::Trade ||
        (*row)->kind == TableRow::Kind::Last)
      see(*known, (*row)->price, (*row)->quantity);
    for (const auto* side : {&(*row)->bids, &(*row)->asks}) {
      for (const RecordedBook::Level& level : *side) see(*known, level.price, level.quantity);
    }
  }
  for (const ByName::value_type* entry : in_order) {
    const auto& [venue, symbol] = entry->first;
    Known& known = all.find(entry->first)->second;
    if (known.price > scale_max || known.quantity > scale_max ||
        known.price + known.quantity > Decimal::scale) {
      return fail(fmt::format("{} {}: prices of {} and quantities of {} decimals cannot be exact",
                              venue, symbol, known.price, known.quantity));
    }
    known.venue = universe.find_venue(venue);
    if (!known.venue.valid()) known.venue = universe.add_venue(venue, venues::table_rules);
    const SymbolParts parts = split_symbol(venue, symbol);
    if (!Text<15>::fits(parts.base) || !Text<15>::fits(parts.quote))
      return fail(fmt::format("{} {}: expected assets of at most 15 bytes", venue, symbol));
    Instrument i;
    i.venue = known.venue;
    i.base = universe.add_asset(parts.base);
    i.quote = universe.add_asset(parts.quote);
    i.symbol = Text<31>(symbol);
    i.price_scale = static_cast<std::uint8_t>(known.price);
    i.qty_scale = static_cast<std::uint8_t>(known.quantity);
    known.instrument = universe.add_instrument(i);
  }
  return Done{};
}

class TableSource final : public RecordSource {
 public:
  TableSource(Rows rows, Universe universe, ByName names)
      : rows_(std::move(rows)), universe_(std::move(universe)), names_(std::move(names)) {}

  Result<std::optional<SourceRecord>, std::string> next() override {
    if (!ahead_ && !over_) {
      if (auto read = fetch(); !read) return fail(read.error());
    }
    if (over_) return std::optional<SourceRecord>();
    line_ = rows_.lines().line();
    const TableRow& row = *ahead_;
    const Known known = *find(names_, row);
    const Instrument& i = universe_.instrument(known.instrument);
    SourceRecord out;
    out.kind = RecordKind::Event;
    out.ns = row.ns;
    out.venue = universe_.venue(known.venue).name.view();
    out.connection = table_connection;
    out.universe = &universe_;
    out.event = &event_;
    const Times times{{row.venue_ns}, {row.ns}};
    if (row.kind == TableRow::Kind::Level) {
      if (auto read = levels(row, known, times); !read) return fail(read.error());
      return std::optional(out);
    }
    bids_.clear();
    asks_.clear();
    bool exact = true;
    for (const auto& [from, to] : {std::pair{&row.bids, &bids_}, std::pair{&row.asks, &asks_}}) {
      for (const RecordedBook::Level& level : *from)
        exact = add(*to, i, level.price, level.quantity) && exact;
    }
    if (row.kind == TableRow::Kind::Book) {
      event_ = BookSnapshot{i.id, times, 0, {}, bids_, asks_};
    } else if (row.kind == TableRow::Kind::Quote) {
      event_ = Quote{i.id, times, 0, bids_.empty() ? Level{} : bids_[0],
                     asks_.empty() ? Level{} : asks_[0]};
    } else {
      std::vector<Level> print;
      exact = add(print, i, row.price, row.quantity);
      if (exact)
        event_ = Trade{i.id, times, row.side, print[0].price, print[0].quantity, FillId(row.id)};
    }
    if (!exact) return fail(rows_.lines().at_line("a number that is too large to be held exactly"));
    if (auto read = fetch(); !read) return fail(read.error());
    return std::optional(out);
  }
  std::uint64_t line() const override { return line_; }
  const Universe* instruments() override { return &universe_; }
  std::string at(std::string_view what) const override { return rows_.lines().at_line(what); }

 private:
  Status<std::string> fetch() {
    const auto row = rows_.next();
    if (!row) return fail(row.error());
    ahead_ = *row;
    over_ = *row == nullptr;
    return Done{};
  }

  static bool add(std::vector<Level>& to, const Instrument& i, Decimal price, Decimal quantity) {
    const auto p = price.to_scaled(i.price_scale);
    const auto q = quantity.to_scaled(i.qty_scale);
    if (!p || !q) return false;
    to.push_back({{*p}, {*q}});
    return true;
  }

  // This row and those that follow it and tell of the same moment of the same book.
  Status<std::string> levels(const TableRow& first, const Known& known, const Times& times) {
    const bool snapshot = first.snapshot;
    const std::int64_t ns = first.ns;
    const std::int64_t venue_ns = first.venue_ns;
    bids_.clear();
    asks_.clear();
    do {
      const TableRow& row = *ahead_;
      const Instrument& i = universe_.instrument(known.instrument);
      if (!add(row.side == Side::Buy ? bids_ : asks_, i, row.price, row.quantity))
        return fail(rows_.lines().at_line("a number that is too large to be held exactly"));
      line_ = rows_.lines().line();
      if (auto read = fetch(); !read) return read;
    } while (ahead_ != nullptr && ahead_->kind == TableRow::Kind::Level && ahead_->ns == ns &&
             ahead_->venue_ns == venue_ns && ahead_->snapshot == snapshot &&
             find(names_, *ahead_)->instrument == known.instrument);
    if (!snapshot) {
      event_ = BookDelta{known.instrument, times, 0, 0, 0, {}, bids_, asks_};
      return Done{};
    }
    for (std::vector<Level>* side : {&bids_, &asks_}) {
      std::erase_if(*side, [](const Level& level) { return level.quantity.is_zero(); });
      const bool down = side == &bids_;
      std::stable_sort(side->begin(), side->end(), [down](const Level& a, const Level& b) {
        return down ? a.price > b.price : a.price < b.price;
      });
      for (std::size_t i = 1; i < side->size(); ++i) {
        if ((*side)[i].price == (*side)[i - 1].price)
          return fail(rows_.lines().at_line("a snapshot before this row has a price twice"));
      }
    }
    event_ = BookSnapshot{known.instrument, times, 0, {}, bids_, asks_};
    return Done{};
  }

  Rows rows_;
  Universe universe_;
  ByName names_;
  const TableRow* ahead_ = nullptr;
  bool over_ = false;
  std::uint64_t line_ = 0;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
  Event event_;
};

}  // namespace

Result<std::unique_ptr<RecordSource>, std::string> table_source(const RecordingFile& file,
                                                                std::string_view venue,
                                                                std::string_view symbol) {
  auto first = Rows::open(file, venue, symbol);
  if (!first) return fail(first.error());
  Universe universe;
  ByName names;
  if (auto learnt = learn(*first, universe, names); !learnt) return fail(learnt.error());
  auto rows = Rows::open(file, venue, symbol);
  if (!rows) return fail(rows.error());
  return std::unique_ptr<RecordSource>(
      std::make_unique<TableSource>(*std::move(rows), std::move(universe), std::move(names)));
}

}  // namespace ats::services
