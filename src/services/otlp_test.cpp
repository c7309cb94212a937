#include "services/otlp.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace ats::services {
namespace {

using nlohmann::json;

std::vector<report::TraceSpan> two_spans() {
  report::TraceSpan whole{"trade", 0, {1'000}, {9'000}, {{"ats.trade", "7"}}, {{"fill", {5'000}}},
                          false};
  report::TraceSpan part{"venue", 0, {2'000}, {3'000}, {}, {}, true};
  return {whole, part};
}

TEST(Otlp, IdsFollowFromTheJournalAndTheTrade) {
  EXPECT_EQ(trace_id(0x19a'0000'0001, 7), "0000019a000000010000000000000007");
  const json spans = json::parse("[" + otlp_spans(1, 7, two_spans()) + "]");
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0]["traceId"], trace_id(1, 7));
  EXPECT_EQ(spans[0]["parentSpanId"], "");
  EXPECT_EQ(spans[1]["parentSpanId"], spans[0]["spanId"]);
  EXPECT_NE(spans[1]["spanId"], spans[0]["spanId"]);
  EXPECT_EQ(spans[1]["kind"], 3);
  EXPECT_EQ(spans[1]["status"]["code"], 2);
  EXPECT_EQ(spans[0]["status"], json::object());
  EXPECT_EQ(spans[0]["events"][0]["timeUnixNano"], "5000");
  EXPECT_EQ(spans[0]["attributes"][0]["value"]["stringValue"], "7");
}

TEST(Otlp, ARequestSaysWhoItIsOf) {
  const json request =
      json::parse(otlp_request("ats-engine", "a \"place\"", "1.2",
                               {otlp_spans(1, 7, two_spans()), otlp_spans(1, 8, two_spans())}));
  const json& resource = request["resourceSpans"][0];
  EXPECT_EQ(resource["resource"]["attributes"].size(), 3U);
  EXPECT_EQ(resource["resource"]["attributes"][1]["value"]["stringValue"], "a \"place\"");
  EXPECT_EQ(resource["scopeSpans"][0]["spans"].size(), 4U);
}

TEST(Otlp, TheShareThatIsToldOfIsWhatWasAskedForAndAlwaysTheSame) {
  int told = 0;
  for (std::uint64_t trade = 4'294'967'296; trade < 4'294'977'296; ++trade) {
    told += is_sampled(trade, 250'000) ? 1 : 0;
    EXPECT_EQ(is_sampled(trade, 250'000), is_sampled(trade, 250'000));
    EXPECT_TRUE(is_sampled(trade, 1'000'000));
    EXPECT_TRUE(!is_sampled(trade, 100'000) || is_sampled(trade, 250'000));
  }
  EXPECT_NEAR(told, 2'500, 150);
}

}  // namespace
}  // namespace ats::services
