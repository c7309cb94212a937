#include "io/influx_lines.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/rng.hpp"

namespace ats::io {
namespace {

constexpr WallTime some_time{1'700'000'000'123'456'789};

TEST(LineWriter, writes_a_point_as_the_protocol_spells_it) {
  std::string out;
  LineWriter lines(out);
  EXPECT_TRUE(lines.point("fill")
                  .tag("venue", "kraken")
                  .tag("pair", "BTC/USDT")
                  .integer("number", -7)
                  .number("price", 0.25)
                  .text("id", "a-1")
                  .flag("ours", true)
                  .end(some_time));
  EXPECT_EQ(out,
            "fill,venue=kraken,pair=BTC/USDT number=-7i,price=0.25,id=\"a-1\",ours=true "
            "1700000000123456789\n");
}

TEST(LineWriter, keeps_an_exact_amount_beside_the_number_for_the_eye) {
  std::string out;
  LineWriter lines(out);
  lines.point("fill").exact("price", Decimal::of("61710.010000000000000001")).end(some_time);
  const auto read = read_line(std::string_view(out).substr(0, out.size() - 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text("price_exact"), "61710.010000000000000001");
  EXPECT_DOUBLE_EQ(std::get<double>(*read->field("price")), 61710.01);
}

TEST(LineWriter, leaves_out_what_the_protocol_has_no_spelling_for) {
  std::string out;
  LineWriter lines(out);
  lines.point("a").tag("empty", "").number("x", std::numeric_limits<double>::infinity());
  EXPECT_FALSE(lines.number("y", std::numeric_limits<double>::quiet_NaN()).end(some_time));
  EXPECT_EQ(out, "") << "a point without a field is none";
  EXPECT_TRUE(lines.point("a").integer("n", 1).end(some_time));
  EXPECT_EQ(out, "a n=1i 1700000000123456789\n");
}

TEST(LineWriter, lets_no_value_end_a_line_or_begin_anything) {
  std::string out;
  LineWriter lines(out);
  lines.point("a")
      .tag("t", "x y,z=1\nb c=2 3\\")
      .text("s", "say \"no\"\\\nfill n=1i 1\n")
      .end(some_time);
  EXPECT_EQ(out,
            "a,t=x\\ y\\,z\\=1\\ b\\ c\\=2\\ 3/ s=\"say \\\"no\\\"\\\\ fill n=1i 1 \" "
            "1700000000123456789\n");
}

std::string any_text(Rng& rng, std::size_t most) {
  constexpr std::string_view nasty = " ,=\"\\\n\r\t#i1";
  std::string text;
  for (std::size_t n = rng.below(most + 1); n > 0; --n) {
    text += rng.one_in(2) ? nasty[rng.below(nasty.size())] : static_cast<char>(rng.below(256));
  }
  return text;
}

std::string as_told(std::string text, bool tag) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (tag ? byte < 0x20 || byte == 0x7f : c == '\n' || c == '\r' || c == '\0') c = ' ';
    if (tag && c == '\\') c = '/';
  }
  return text;
}

TEST(LineWriter, what_it_writes_reads_back_whatever_the_values_are) {
  Rng rng(11);
  for (int round = 0; round < 20'000; ++round) {
    LinePoint wanted;
    std::string out;
    LineWriter lines(out);
    lines.point(wanted.measurement = "m");
    for (std::uint64_t n = rng.below(4); n > 0; --n) {
      const std::string value = any_text(rng, 12);
      lines.tag("tag", value);
      if (!value.empty()) wanted.tags.emplace_back("tag", as_told(value, true));
    }
    for (std::uint64_t n = rng.below(5) + 1; n > 0; --n) {
      switch (rng.below(4)) {
        case 0: {
          const auto value = static_cast<std::int64_t>(rng.next());
          lines.integer("n", value);
          wanted.fields.emplace_back("n", value);
          break;
        }
        case 1: {
          const double value = rng.normal() * 1e12 * rng.unit();
          lines.number("x", value);
          wanted.fields.emplace_back("x", value);
          break;
        }
        case 2: {
          const std::string value = any_text(rng, 30);
          lines.text("s", value);
          wanted.fields.emplace_back("s", as_told(value, false));
          break;
        }
        default:
          lines.flag("b", n % 2 == 0);
          wanted.fields.emplace_back("b", n % 2 == 0);
      }
    }
    wanted.at.ns_utc = static_cast<std::int64_t>(rng.next() >> 2);
    ASSERT_TRUE(lines.end(wanted.at));
    ASSERT_EQ(out.find('\n'), out.size() - 1) << out;
    const auto read = read_line(std::string_view(out).substr(0, out.size() - 1));
    ASSERT_TRUE(read) << out;
    EXPECT_EQ(read->measurement, wanted.measurement);
    EXPECT_EQ(read->tags, wanted.tags) << out;
    EXPECT_EQ(read->fields, wanted.fields) << out;
    EXPECT_EQ(read->at, wanted.at);
  }
}

TEST(ReadLine, takes_no_line_that_is_cut_off) {
  const std::string line = "fill,venue=kraken price=1,id=\"a b\" 17";
  ASSERT_TRUE(read_line(line));
  for (std::size_t cut = 0; cut + 2 < line.size(); ++cut)
    EXPECT_FALSE(read_line(line.substr(0, cut))) << cut;
}

}  // namespace
}  // namespace ats::io
