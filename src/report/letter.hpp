// One message to one channel: what it says, as a line, as text and as HTML. Made from hits alone, so that each attempt says
// the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/notice.hpp"

namespace ats::report {

struct Letter {
  std::string key;  // of this delivery and no other, the same in each attempt
  std::string rule;
  Severity severity = Severity::Info;
  WallTime made;
  std::vector<Hit> hits;  // never empty, as they came
};

// "critical ledger_break, kraken: differs by 3"; of several how many they are.
std::string title(const Letter& letter);
// One paragraph a hit, at most `hits_shown_most` of them.
constexpr std::size_t hits_shown_most = 200;
std::string text(const Letter& letter, const Zone& zone);
std::string html(const Letter& letter, const Zone& zone);

// {title}, {severity}, {category}, {scope}, {source}, {message}, {rule}, {count}, {text}, {html}, {key}; of several hits those of
// the most severe. Anything else in braces stays as it is. `escape`: as HTML asks.
std::string fill_template(std::string_view pattern, const Letter& letter, const Zone& zone,
                          bool escape);
std::string escape_html(std::string_view text);

}  // namespace ats::report
