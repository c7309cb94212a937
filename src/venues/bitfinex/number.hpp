// Numbers as Bitfinex writes them: the text JavaScript makes of a number, which is what the book checksum
// is taken over. Shortest digits; plain notation from 1e-6 up to 1e21, exponents outside ("7e-7").
#pragma once

#include <cstdint>
#include <string>

namespace ats::venues::bitfinex {

constexpr std::size_t longest_number = 32;

// units * 10^-scale (0..18). Writes at most longest_number bytes; returns one past the last.
char* write_number(std::int64_t units, int scale, char* out);
std::string spelled(std::int64_t units, int scale);

}  // namespace ats::venues::bitfinex
