// Numbers as Bitfinex writes them: the text JavaScript makes of a number, which is what the book checksum
// is taken over. Shortest digits; plain notation from 1e-6 up to 1e21, exponents outside ("7e-7").
#pragma once

#include <cstdint>
#include <string>

namespace ats::venues::bitfinex {

// Room for one: sign, point, twenty digits and five zeros; and what is copied too many.
constexpr std::size_t longest_number = 40;

// units * 10^-scale (0..18). May touch longest_number bytes; returns one past the last that counts.
char* write_number(std::int64_t units, int scale, char* out);
std::string spelled(std::int64_t units, int scale);

}  // namespace ats::venues::bitfinex
