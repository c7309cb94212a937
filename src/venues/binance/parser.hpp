// Any JSON to what the frame says, by simdjson: the reader for what the scan leaves, and its oracle.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "venues/binance/frames.hpp"

namespace ats::venues::binance {

class Parser {
 public:
  Parser(Product product, const Symbols& symbols);
  ~Parser();

  // The frame's levels and texts live until the next call.
  MarketFrame read(std::string_view frame);
  // Body of a REST depth answer for the symbol: a DepthFrame or why not.
  MarketFrame read_depth_body(const Symbol& symbol, std::string_view body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ats::venues::binance
