#include "report/letter.hpp"

#include <algorithm>

namespace ats::report {
namespace {

const Hit& foremost(const Letter& letter) {
  return *std::max_element(letter.hits.begin(), letter.hits.end(),
                           [](const Hit& a, const Hit& b) { return a.severity < b.severity; });
}

// What the kind of a hit puts before it.
std::string_view prefix(Hit::Kind kind) {
  switch (kind) {
    case Hit::Kind::Escalated:
      return "NOT ACKNOWLEDGED: ";
    case Hit::Kind::Acknowledged:
      return "seen: ";
    case Hit::Kind::AllClear:
      return "over: ";
    case Hit::Kind::Told:
    case Hit::Kind::Summed:
      break;
  }
  return "";
}

std::string line(const Hit& hit) {
  std::string out(prefix(hit.kind));
  out += ats::name(hit.severity);
  out += " " + hit.category;
  if (hit.scope != "all") out += ", " + hit.scope;
  return out + ": " + hit.message;
}

std::string particulars(const Hit& hit, const Zone& zone) {
  std::string out = zone.text(hit.at) + ", " + hit.source;
  if (!hit.subject.empty()) out += ", " + hit.subject;
  for (std::size_t n = 0; n < hit.alerts.size(); ++n)
    out += (n == 0 ? ", alert " : ", ") + std::to_string(hit.alerts[n]);
  if (hit.kind == Hit::Kind::Summed)
    out += ", " + std::to_string(hit.times) + (hit.times == 1 ? " time more" : " times more");
  if (hit.kind == Hit::Kind::Told && hit.times > 1)
    out += ", " + std::to_string(hit.times) + " times";
  if (hit.kind == Hit::Kind::AllClear && hit.times > 0)
    out += ", " + std::to_string(hit.times) + " that were not told before";
  return out;
}

std::string cut_off(const Letter& letter) {
  return "and " + std::to_string(letter.hits.size() - hits_shown_most) +
         " more, which `ats notify history` has";
}

}  // namespace

std::string title(const Letter& letter) {
  if (letter.hits.size() == 1) return line(letter.hits.front());
  return std::to_string(letter.hits.size()) + " notices, the foremost " + line(foremost(letter));
}

std::string text(const Letter& letter, const Zone& zone) {
  std::string out;
  for (std::size_t n = 0; n < std::min(letter.hits.size(), hits_shown_most); ++n) {
    const Hit& hit = letter.hits[n];
    out += line(hit) + "\n  " + particulars(hit, zone) + "\n";
  }
  if (letter.hits.size() > hits_shown_most) out += cut_off(letter) + "\n";
  return out;
}

std::string html(const Letter& letter, const Zone& zone) {
  std::string out = "<table>\n";
  for (std::size_t n = 0; n < std::min(letter.hits.size(), hits_shown_most); ++n) {
    const Hit& hit = letter.hits[n];
    out += "<tr><td><b>" + escape_html(line(hit)) + "</b><br><small>" +
           escape_html(particulars(hit, zone)) + "</small></td></tr>\n";
  }
  out += "</table>\n";
  if (letter.hits.size() > hits_shown_most) out += "<p>" + escape_html(cut_off(letter)) + "</p>\n";
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string fill_template(std::string_view pattern, const Letter& letter, const Zone& zone,
                          bool escape) {
  const Hit& hit = foremost(letter);
  const auto value = [&](std::string_view word) -> std::optional<std::string> {
    if (word == "title") return title(letter);
    if (word == "severity") return std::string(ats::name(letter.severity));
    if (word == "category") return hit.category;
    if (word == "scope") return hit.scope;
    if (word == "source") return hit.source;
    if (word == "message") return hit.message;
    if (word == "rule") return letter.rule;
    if (word == "count") return std::to_string(letter.hits.size());
    if (word == "text") return text(letter, zone);
    if (word == "key") return letter.key;
    return std::nullopt;
  };
  std::string out;
  while (!pattern.empty()) {
    const std::size_t open = std::min(pattern.find('{'), pattern.size());
    out += pattern.substr(0, open);
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const std::size_t close = pattern.find('}');
    if (close == pattern.npos) return out.append(pattern);
    const std::string_view word = pattern.substr(1, close - 1);
    if (escape && word == "html") {
      out += html(letter, zone);
    } else if (const auto told = value(word)) {
      out += escape ? escape_html(*told) : *told;
    } else {
      out += '{';
      pattern.remove_prefix(1);
      continue;
    }
    pattern.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace ats::report
