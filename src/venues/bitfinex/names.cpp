#include "venues/bitfinex/names.hpp"

namespace ats::venues::bitfinex {
namespace {

struct Spelling {
  std::string_view code;
  std::string_view asset;
};

constexpr Spelling spellings[] = {
    {"UST", "USDT"},      {"UDC", "USDC"},   {"TSD", "TUSD"},   {"EUT", "EURT"},  {"EUS", "EURS"},
    {"TERRAUST", "USTC"}, {"LUNA", "LUNC"},  {"LUNA2", "LUNA"}, {"ALG", "ALGO"},  {"AMP", "AMPL"},
    {"ATO", "ATOM"},      {"BCHABC", "XEC"}, {"BCHN", "BCH"},   {"DAT", "DATA"},  {"DSH", "DASH"},
    {"EDO", "PNT"},       {"IOT", "IOTA"},   {"IQX", "IQ"},     {"MNA", "MANA"},  {"PAS", "PASS"},
    {"QSH", "QASH"},      {"QTM", "QTUM"},   {"RBT", "RBTC"},   {"SNG", "SNGLS"}, {"STJ", "STORJ"},
    {"VSY", "VSYS"},      {"WAX", "WAXP"},   {"XCH", "XCHF"},   {"YYW", "YOYOW"},
};

bool is_code(std::string_view code) {
  if (code.empty()) return false;
  for (const char c : code) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

}  // namespace

std::string_view asset_name(std::string_view code) {
  for (const Spelling& spelling : spellings) {
    if (spelling.code == code) return spelling.asset;
  }
  return code;
}

std::string_view asset_code(std::string_view asset) {
  for (const Spelling& spelling : spellings) {
    if (spelling.asset == asset) return spelling.code;
  }
  return asset;
}

std::string pair_of(std::string_view base, std::string_view quote) {
  constexpr std::size_t joined = 3;
  const std::string_view b = asset_code(base);
  const std::string_view q = asset_code(quote);
  std::string pair(b);
  if (b.size() != joined || q.size() != joined) pair += ':';
  return pair.append(q);
}

std::string symbol_of(std::string_view base, std::string_view quote) {
  return pair_of(base, quote).insert(0, 1, 't');
}

std::optional<PairNames> split_pair(std::string_view pair) {
  constexpr std::size_t joined = 6;
  const std::size_t colon = pair.find(':');
  std::string_view base;
  std::string_view quote;
  if (colon != std::string_view::npos) {
    base = pair.substr(0, colon);
    quote = pair.substr(colon + 1);
  } else if (pair.size() == joined) {
    base = pair.substr(0, joined / 2);
    quote = pair.substr(joined / 2);
  }
  if (!is_code(base) || !is_code(quote)) return std::nullopt;
  return PairNames{asset_name(base), asset_name(quote)};
}

SymbolKind kind_of(std::string_view symbol) {
  const bool derivative = symbol.ends_with("F0") && symbol.find(':') != std::string_view::npos;
  return symbol.starts_with('t') && !derivative ? SymbolKind::Spot : SymbolKind::OtherProduct;
}

}  // namespace ats::venues::bitfinex
