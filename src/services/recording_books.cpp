#include "services/recording_books.hpp"

#include <fmt/format.h>
#include <simdjson.h>

namespace ats::services {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using Done = Status<std::string>;

constexpr const char* shape =
    R"(expected [{"venue":"…","base":"…","quote":"…","bids":[["price","quantity"],…],"asks":[…]},…])";

// A positive decimal string.
Result<Decimal, std::string> amount(const element& from) {
  std::string_view text;
  if (from.get_string().get(text) != simdjson::SUCCESS)
    return fail(std::string("expected a decimal number as a string"));
  const auto parsed = Decimal::parse(text);
  if (!parsed)
    return fail(fmt::format("\"{}\" is {}, expected a decimal number", text, name(parsed.error())));
  if (parsed->negative() || parsed->is_zero())
    return fail(fmt::format("\"{}\", expected a number above 0", text));
  return *parsed;
}

Done read_side(const object& book, std::string_view side, std::vector<RecordedBook::Level>& out) {
  array levels;
  if (book.at_key(side).get_array().get(levels) != simdjson::SUCCESS)
    return fail(fmt::format("no list \"{}\"", side));
  for (const element item : levels) {
    const auto wrong = [&](const std::string& why) {
      return fail(fmt::format("{}[{}]: {}", side, out.size(), why));
    };
    array pair;
    // Coinbase adds how many orders the level is made of.
    if (item.get_array().get(pair) != simdjson::SUCCESS || pair.size() < 2 || pair.size() > 3)
      return wrong(R"(expected ["price","quantity"])");
    const auto price = amount(pair.at(0).value_unsafe());
    if (!price) return wrong("price: " + price.error());
    const auto quantity = amount(pair.at(1).value_unsafe());
    if (!quantity) return wrong("quantity: " + quantity.error());
    if (!out.empty()) {
      const bool in_order = side == "bids" ? *price < out.back().price : *price > out.back().price;
      if (!in_order)
        return wrong(fmt::format("price {} after {}, expected best first and none twice",
                                 price->to_string(), out.back().price.to_string()));
    }
    out.push_back({*price, *quantity});
  }
  return ats::Done{};
}

Done read_name(const object& book, std::string_view key, std::string& out) {
  std::string_view text;
  // Older recordings name the venue alone: who reads the file may know the assets.
  if (key != "venue" && book.at_key("base").error() == simdjson::NO_SUCH_FIELD &&
      book.at_key("quote").error() == simdjson::NO_SUCH_FIELD)
    return ats::Done{};
  if (book.at_key(key).get_string().get(text) != simdjson::SUCCESS || text.empty())
    return fail(fmt::format("no \"{}\"", key));
  if (text.size() > 15) return fail(fmt::format("{} \"{}\" is longer than 15", key, text));
  out = text;
  return ats::Done{};
}

Done read_book(const element& item, RecordedBook& out) {
  object book;
  if (item.get_object().get(book) != simdjson::SUCCESS) return fail(std::string("not an object"));
  for (const auto& [key, name] : {std::pair{"venue", &out.venue}, std::pair{"base", &out.base},
                                  std::pair{"quote", &out.quote}}) {
    if (auto read = read_name(book, key, *name); !read) return read;
  }
  if (auto read = read_side(book, "bids", out.bids); !read) return read;
  return read_side(book, "asks", out.asks);
}

// {"product":"BTC-USD","sequence":…,"bids":[["price","quantity",orders],…],"asks":[…]}: of one venue, which
// it does not name.
Done read_product(const object& document, RecordedBook& out) {
  std::string_view product;
  if (document.at_key("product").get_string().get(product) != simdjson::SUCCESS)
    return fail(std::string("no \"product\""));
  const std::size_t dash = product.find('-');
  if (dash == 0 || dash == std::string_view::npos || dash > 15 || product.size() - dash - 1 > 15)
    return fail(fmt::format("product \"{}\", expected BASE-QUOTE", product.substr(0, 60)));
  out.base = product.substr(0, dash);
  out.quote = product.substr(dash + 1);
  if (auto read = read_side(document, "bids", out.bids); !read) return read;
  return read_side(document, "asks", out.asks);
}

}  // namespace

bool is_books_json(std::string_view first_line) {
  if (first_line.starts_with(R"({"product":)")) return true;
  if (!first_line.starts_with('[')) return false;
  const std::size_t at = first_line.find_first_not_of(" \t\r\n", 1);
  if (at == std::string_view::npos) return true;  // a document of several lines
  return first_line[at] == '{' &&
         first_line.substr(0, 4096).find("\"e\":") == std::string_view::npos;
}

Result<std::vector<RecordedBook>, std::string> parse_books(std::string_view document) {
  simdjson::dom::parser parser;
  array list;
  const auto root = parser.parse(document.data(), document.size());
  if (root.error() != simdjson::SUCCESS)
    return fail(fmt::format("not JSON ({}), {}", simdjson::error_message(root.error()), shape));
  std::vector<RecordedBook> books;
  if (object product; root.get_object().get(product) == simdjson::SUCCESS &&
                      product.at_key("product").error() == simdjson::SUCCESS) {
    books.emplace_back();
    if (const auto read = read_product(product, books.back()); !read)
      return fail(fmt::format("{}; {}", read.error(), shape));
    return books;
  }
  if (root.get_array().get(list) != simdjson::SUCCESS)
    return fail(fmt::format("not a list, {}", shape));
  for (const element item : list) {
    RecordedBook book;
    if (const auto read = read_book(item, book); !read) {
      return fail(fmt::format("book {} ({} {}/{}): {}; {}", books.size(), book.venue, book.base,
                              book.quote, read.error(), shape));
    }
    for (const RecordedBook& other : books) {
      if (other.venue == book.venue && other.base == book.base && other.quote == book.quote)
        return fail(fmt::format("book {}: {} {}/{} stands there twice", books.size(), book.venue,
                                book.base, book.quote));
    }
    books.push_back(std::move(book));
  }
  return books;
}

}  // namespace ats::services
