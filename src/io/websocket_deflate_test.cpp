#include "io/websocket_deflate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ats::io {
namespace {

using Kind = DeflateAnswer::Kind;

DeflateOptions enabled() {
  DeflateOptions options;
  options.enabled = true;
  return options;
}

DeflateAnswer answered(std::string_view header, const DeflateOptions& offered = enabled()) {
  return read_deflate_answer(std::span(&header, 1), offered);
}

std::optional<DeflateChoice> chosen(std::string_view offer,
                                    const DeflateOptions& options = enabled()) {
  return choose_deflate(std::span(&offer, 1), options);
}

// What a client and a server with these options come to hold.
void expect_agreement(const DeflateOptions& client, const DeflateOptions& server) {
  const std::string offer = deflate_offer(client);
  const auto choice = chosen(offer, server);
  ASSERT_TRUE(choice) << offer;
  const DeflateAnswer answer = answered(choice->header, client);
  ASSERT_EQ(answer.kind, Kind::Agreed) << offer << " -> " << choice->header;
  // What one sends the other must be able to read.
  EXPECT_LE(answer.agreement.send_bits, choice->agreement.receive_bits);
  EXPECT_LE(choice->agreement.send_bits, answer.agreement.receive_bits);
  EXPECT_TRUE(!choice->agreement.receive_afresh || answer.agreement.send_afresh);
  EXPECT_TRUE(!answer.agreement.receive_afresh || choice->agreement.send_afresh);
  // And what one was asked for it keeps to.
  EXPECT_LE(choice->agreement.send_bits, client.receive_bits);
  EXPECT_LE(answer.agreement.send_bits, server.receive_bits);
  EXPECT_EQ(choice->agreement.send_afresh, client.receive_afresh || server.send_afresh);
  EXPECT_EQ(answer.agreement.send_afresh, client.send_afresh || server.receive_afresh);
}

TEST(DeflateNegotiation, any_two_sides_come_to_one_agreement) {
  for (int mask = 0; mask < 16; ++mask) {
    for (const int bits : {9, 12, 15}) {
      for (const int other : {9, 12, 15}) {
        DeflateOptions client = enabled();
        DeflateOptions server = enabled();
        client.send_afresh = (mask & 1) != 0;
        client.receive_afresh = (mask & 2) != 0;
        server.send_afresh = (mask & 4) != 0;
        server.receive_afresh = (mask & 8) != 0;
        client.send_bits = server.receive_bits = bits;
        client.receive_bits = server.send_bits = other;
        expect_agreement(client, server);
        std::swap(client.send_bits, client.receive_bits);
        expect_agreement(client, server);
      }
    }
  }
}

TEST(DeflateNegotiation, nothing_is_offered_or_taken_unless_enabled) {
  EXPECT_EQ(deflate_offer({}), "");
  EXPECT_EQ(deflate_offer(enabled()), "permessage-deflate; client_max_window_bits");
  EXPECT_FALSE(chosen("permessage-deflate", {}));
  EXPECT_EQ(answered("permessage-deflate", {}).kind, Kind::Refused);
  EXPECT_EQ(read_deflate_answer({}, enabled()).kind, Kind::None);
  EXPECT_EQ(answered("").kind, Kind::None);
}

// RFC 7692 section 7.1.2.1 and 7.1.2.2.
TEST(DeflateNegotiation, the_server_takes_the_first_offer_it_can_keep_to) {
  EXPECT_EQ(chosen("permessage-deflate")->header, "permessage-deflate");
  EXPECT_EQ(chosen("permessage-deflate; client_max_window_bits")->header, "permessage-deflate");
  EXPECT_EQ(chosen("permessage-deflate; server_max_window_bits=10")->header,
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(chosen("permessage-deflate; client_max_window_bits=\"10\"")->header,
            "permessage-deflate; client_max_window_bits=10");
  EXPECT_EQ(chosen("PerMessage-Deflate; client_max_window_bits=10")->agreement.receive_bits, 10);
  EXPECT_EQ(chosen("permessage-deflate; server_max_window_bits=8, permessage-deflate")->header,
            "permessage-deflate")
      << "zlib has no window of 256 bytes to send with";
  EXPECT_EQ(chosen("x-other; a=b, permessage-deflate; nonsense, permessage-deflate;"
                   "server_no_context_takeover")
                ->header,
            "permessage-deflate; server_no_context_takeover");
  // Without leave the client's window cannot be limited.
  DeflateOptions small = enabled();
  small.receive_bits = 9;
  EXPECT_EQ(chosen("permessage-deflate", small)->agreement.receive_bits, 15);
  EXPECT_EQ(chosen("permessage-deflate; client_max_window_bits", small)->header,
            "permessage-deflate; client_max_window_bits=9");
}

// Section 7.1: unknown names, repeated ones, values that may not be: the offer is declined.
TEST(DeflateNegotiation, an_offer_with_a_fault_is_declined) {
  for (const char* offer :
       {"permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=1x",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", "permessage",
        "permessage-deflate; =9", "permessage-deflate;", "permessage-deflate x",
        "permessage-deflate; client_max_window_bits=\"10"}) {
    EXPECT_FALSE(chosen(offer)) << offer;
  }
}

TEST(DeflateNegotiation, an_answer_that_does_not_fit_the_offer_is_refused) {
  for (const char* answer :
       {"permessage-deflate; unknown", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits", "permessage-deflate, permessage-deflate",
        "x-other", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits=16", "permessage-deflate; a b",
        "permessage-deflate, x-other"}) {
    EXPECT_EQ(answered(answer).kind, Kind::Refused) << answer;
  }
  DeflateOptions asked = enabled();
  asked.receive_bits = 10;
  EXPECT_EQ(answered("permessage-deflate", asked).kind, Kind::Refused);
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=11", asked).kind, Kind::Refused);
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=9", asked).agreement.receive_bits,
            9);
  asked = enabled();
  asked.receive_afresh = true;
  EXPECT_EQ(answered("permessage-deflate", asked).kind, Kind::Refused);
}

TEST(DeflateNegotiation, the_client_keeps_to_what_the_server_asks) {
  EXPECT_TRUE(answered("permessage-deflate; client_no_context_takeover").agreement.send_afresh);
  EXPECT_TRUE(answered("permessage-deflate; server_no_context_takeover").agreement.receive_afresh);
  EXPECT_EQ(answered("permessage-deflate; client_max_window_bits=10").agreement.send_bits, 10);
  const DeflateAnswer smallest = answered("permessage-deflate; client_max_window_bits=8");
  EXPECT_EQ(smallest.kind, Kind::Agreed);
  EXPECT_FALSE(smallest.agreement.may_send) << "we then send plain messages";
}

TEST(Extensions, are_parsed_by_the_grammar_over_several_headers) {
  const std::string_view headers[] = {"a; x=1; y, , b", " c ; z = \"q\" "};
  const auto parsed = parse_extensions(headers);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 3u);
  EXPECT_EQ((*parsed)[0].name, "a");
  ASSERT_EQ((*parsed)[0].parameters.size(), 2u);
  EXPECT_EQ((*parsed)[0].parameters[0].value, "1");
  EXPECT_FALSE((*parsed)[0].parameters[1].value);
  EXPECT_EQ((*parsed)[2].parameters[0].name, "z");
  EXPECT_EQ((*parsed)[2].parameters[0].value, "q");
}

}  // namespace
}  // namespace ats::io
