#include "report/notice.hpp"

#include <array>

namespace ats::report {
namespace {

template <class E, std::size_t N>
std::optional<E> find(std::string_view text, const std::array<E, N>& all) {
  for (const E one : all) {
    if (text == name(one)) return one;
  }
  return std::nullopt;
}

}  // namespace

const char* name(Notice::What what) {
  switch (what) {
    case Notice::What::New:
      return "new";
    case Notice::What::Again:
      return "again";
    case Notice::What::Worse:
      return "worse";
    case Notice::What::Acknowledged:
      return "acknowledged";
    case Notice::What::Over:
      return "over";
  }
  return "?";
}

std::optional<Notice::What> find_what(std::string_view text) {
  using enum Notice::What;
  return find(text, std::array{New, Again, Worse, Acknowledged, Over});
}

std::optional<Severity> find_severity(std::string_view text) {
  for (const Severity severity :
       {Severity::Info, Severity::Warning, Severity::Critical, Severity::Emergency}) {
    if (text == ats::name(severity)) return severity;
  }
  return std::nullopt;
}

std::string id_of(const Notice& notice) {
  return notice.source + "/" + std::to_string(notice.journal) + "-" + std::to_string(notice.number);
}

const char* name(NoticeRule::Digest digest) {
  switch (digest) {
    case NoticeRule::Digest::Immediate:
      return "immediate";
    case NoticeRule::Digest::Hourly:
      return "hourly";
    case NoticeRule::Digest::Daily:
      return "daily";
  }
  return "?";
}

const char* name(Hit::Kind kind) {
  switch (kind) {
    case Hit::Kind::Told:
      return "told";
    case Hit::Kind::Summed:
      return "summed";
    case Hit::Kind::Escalated:
      return "escalated";
    case Hit::Kind::Acknowledged:
      return "acknowledged";
    case Hit::Kind::AllClear:
      return "all_clear";
  }
  return "?";
}

std::optional<Hit::Kind> find_kind(std::string_view text) {
  using enum Hit::Kind;
  return find(text, std::array{Told, Summed, Escalated, Acknowledged, AllClear});
}

}  // namespace ats::report
