// The one generator: seeded, small, the same on every machine (xoshiro256**, Blackman & Vigna 2018;
// seeded through splitmix64). Never seeded from a clock or a device in base..sim.
#pragma once

#include <cstdint>

namespace ats {

class Rng {
 public:
  explicit Rng(std::uint64_t seed) {
    for (auto& s : state_) {
      seed += 0x9E3779B97F4A7C15ull;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
      s = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound); bound >= 1. Multiply-shift: the bias is below 2^-32 for bounds under
  // 2^32.
  std::uint64_t below(std::uint64_t bound) {
    __extension__ typedef unsigned __int128 Wide;
    return static_cast<std::uint64_t>((Wide{next()} * bound) >> 64);
  }
  // Uniform in [low, high]; low <= high, up to the whole range of int64.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    const auto first = static_cast<std::uint64_t>(low);
    const std::uint64_t count = static_cast<std::uint64_t>(high) - first + 1;
    return static_cast<std::int64_t>(first + (count == 0 ? next() : below(count)));
  }
  // True once in `n` on average.
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  // Uniform in [0, 1): for models of markets and latency, never for money.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Standard normal (sum of 12 uniforms minus 6: bounded, portable to the last bit).
  double normal() {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) sum += unit();
    return sum;
  }
  // An independent stream for a part of the world, so that one part drawing more leaves others
  // alone.
  Rng fork(std::uint64_t salt) { return Rng(next() ^ (salt * 0xD1342543DE82EF95ull)); }

 private:
  static std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t state_[4];
};

}  // namespace ats
