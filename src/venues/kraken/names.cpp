#include "venues/kraken/names.hpp"

namespace ats::venues::kraken {
namespace {

struct Spelling {
  std::string_view asset;
  std::string_view alt;
  std::string_view rest;
};

// Assets from before 2016 or so have a class letter in front of their REST id; no new one gets it.
constexpr Spelling spellings[] = {
    {"BTC", "XBT", "XXBT"}, {"DOGE", "XDG", "XXDG"}, {"ETC", "ETC", "XETC"}, {"ETH", "ETH", "XETH"},
    {"LTC", "LTC", "XLTC"}, {"MLN", "MLN", "XMLN"},  {"REP", "REP", "XREP"}, {"XLM", "XLM", "XXLM"},
    {"XMR", "XMR", "XXMR"}, {"XRP", "XRP", "XXRP"},  {"ZEC", "ZEC", "XZEC"}, {"AUD", "AUD", "ZAUD"},
    {"CAD", "CAD", "ZCAD"}, {"EUR", "EUR", "ZEUR"},  {"GBP", "GBP", "ZGBP"}, {"JPY", "JPY", "ZJPY"},
    {"USD", "USD", "ZUSD"},
};

const Spelling* find(std::string_view asset) {
  for (const Spelling& spelling : spellings) {
    if (spelling.asset == asset) return &spelling;
  }
  return nullptr;
}

}  // namespace

std::string_view asset_name(std::string_view rest_or_alt_name) {
  for (const Spelling& spelling : spellings) {
    if (spelling.rest == rest_or_alt_name || spelling.alt == rest_or_alt_name)
      return spelling.asset;
  }
  return rest_or_alt_name;
}

std::string_view alt_asset(std::string_view asset) {
  const Spelling* const spelling = find(asset);
  return spelling == nullptr ? asset : spelling->alt;
}

std::string_view rest_asset(std::string_view asset) {
  const Spelling* const spelling = find(asset);
  return spelling == nullptr ? asset : spelling->rest;
}

std::string alt_pair(std::string_view base, std::string_view quote) {
  return std::string(alt_asset(base)).append(alt_asset(quote));
}

std::string rest_pair(std::string_view base, std::string_view quote) {
  if (find(base) != nullptr && find(quote) != nullptr)
    return std::string(rest_asset(base)).append(rest_asset(quote));
  return alt_pair(base, quote);
}

std::string_view tif_word(TimeInForce tif) {
  switch (tif) {
    case TimeInForce::Ioc:
      return "IOC";
    case TimeInForce::Gtc:
      return "GTC";
    case TimeInForce::Fok:
      return "FOK";
  }
  return "GTC";
}

}  // namespace ats::venues::kraken
