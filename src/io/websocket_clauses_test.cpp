// RFC 6455 and RFC 7692, clause by clause, as they bear on a frame reader. The sections are named where
// the tests of websocket_frame_test.cpp tell the story by behaviour instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/rng.hpp"
#include "io/websocket_testing.hpp"

namespace ats::io {
namespace {

using namespace std::string_literals;
using Messages = std::vector<std::pair<Opcode, std::string>>;

constexpr unsigned fin = 0x80;
constexpr unsigned rsv1 = 0x40;
constexpr WsRole us = WsRole::Client;

DeflateAgreement agreed() { return {}; }

std::string deflated(Deflater& deflater, const std::string& text) {
  return std::string(deflater.message(text));
}

// 5.1: a client masks every frame, control frames included; a server none.
TEST(Rfc6455, section_5_1_masking_is_the_clients_duty_and_nobody_elses) {
  for (const Opcode opcode : {Opcode::Text, Opcode::Binary, Opcode::Ping, Opcode::Pong}) {
    EXPECT_FALSE(read(WsRole::Server, frame(opcode, "x", true)).failed);
    EXPECT_FALSE(read(WsRole::Client, frame(opcode, "x", false)).failed);
    EXPECT_EQ(error_of(WsRole::Server, frame(opcode, "x", false)), FrameError::NotMasked);
    EXPECT_EQ(error_of(WsRole::Client, frame(opcode, "x", true)), FrameError::Masked);
    EXPECT_EQ(error_of(WsRole::Server, frame(opcode, "", false)), FrameError::NotMasked);
    EXPECT_EQ(error_of(WsRole::Client, frame(opcode, "", true)), FrameError::Masked);
  }
}

// 5.2: RSV1 to RSV3 must be 0 unless an extension says otherwise; every other opcode is reserved.
TEST(Rfc6455, section_5_2_reserved_bits_and_opcodes_fail_the_connection) {
  for (const unsigned bits : {0x10u, 0x20u, 0x30u, 0x40u, 0x50u, 0x60u, 0x70u}) {
    for (const unsigned opcode : {1u, 2u, 8u, 9u, 10u}) {
      EXPECT_EQ(error_of(us, raw_frame(fin | bits | opcode, "")), FrameError::ReservedBits);
    }
  }
  for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
    EXPECT_EQ(error_of(us, raw_frame(fin | opcode, "")), FrameError::UnknownOpcode);
    EXPECT_EQ(error_of(us, raw_frame(opcode, "")), FrameError::UnknownOpcode);
  }
}

// 5.2: "the minimal number of bytes MUST be used to encode the length"; the top bit of 64 must be 0.
TEST(Rfc6455, section_5_2_lengths_have_one_form) {
  EXPECT_EQ(read(us, frame(Opcode::Binary, std::string(125, 'x'), false)).messages.size(), 1u);
  EXPECT_EQ(read(us, "\x82\x7e\x00\x7e"s + std::string(126, 'x')).messages.size(), 1u);
  EXPECT_EQ(read(us, "\x82\x7e\xff\xff"s + std::string(65535, 'x')).messages.size(), 1u);
  EXPECT_EQ(read(us, "\x82\x7f\0\0\0\0\0\1\0\0"s + std::string(65536, 'x')).messages.size(), 1u);
  for (const int length : {0, 1, 125}) {
    EXPECT_EQ(error_of(us, "\x82\x7e\x00"s + static_cast<char>(length)),
              FrameError::LengthNotMinimal);
  }
  EXPECT_EQ(error_of(us, "\x82\x7f\0\0\0\0\0\0\0\x7d"s), FrameError::LengthNotMinimal);
  EXPECT_EQ(error_of(us, "\x82\x7f\0\0\0\0\0\0\x7f\xff"s), FrameError::LengthNotMinimal);
  EXPECT_EQ(error_of(us, "\x82\x7f\x80\0\0\0\0\0\0\0"s), FrameError::LengthTooLarge);
}

// 5.3: octet i is XORed with octet i mod 4 of the key, whatever pieces it comes in.
TEST(Rfc6455, section_5_3_unmasking_goes_on_where_the_last_piece_ended) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + i % 26);
  const std::string wire = frame(Opcode::Text, text, true) + frame(Opcode::Binary, text, true);
  const Messages whole = {{Opcode::Text, text}, {Opcode::Binary, text}};
  for (std::size_t a = 0; a < wire.size(); a += 7) {
    for (std::size_t b = a; b < wire.size(); b += 13) {
      ASSERT_EQ(read_in_pieces(WsRole::Server, wire, {a, b}).messages, whole);
    }
  }
}

// 5.4: fragments: first with an opcode and FIN clear, then continuations, the last with FIN.
TEST(Rfc6455, section_5_4_fragments_make_one_message) {
  const std::string three = raw_frame(0x02, "a") + raw_frame(0x00, "") + raw_frame(fin, "b");
  EXPECT_EQ(read(us, three).messages, (Messages{{Opcode::Binary, "ab"}}));
  const std::string empty = raw_frame(0x01, "") + raw_frame(fin, "");
  EXPECT_EQ(read(us, empty).messages, (Messages{{Opcode::Text, ""}}));
  EXPECT_EQ(error_of(us, raw_frame(fin, "x")), FrameError::NothingToContinue);
  EXPECT_EQ(error_of(us, raw_frame(0x00, "x")), FrameError::NothingToContinue);
  EXPECT_EQ(error_of(us, three + raw_frame(fin, "x")), FrameError::NothingToContinue);
  EXPECT_EQ(error_of(us, raw_frame(0x01, "a") + raw_frame(0x01, "b")),
            FrameError::MessageNotFinished);
  EXPECT_EQ(error_of(us, raw_frame(0x01, "a") + raw_frame(fin | 2, "b")),
            FrameError::MessageNotFinished);
}

// 5.4: control frames may be injected in the middle of a fragmented message and are not part of it.
TEST(Rfc6455, section_5_4_control_frames_come_between_fragments_in_their_order) {
  const std::string wire = raw_frame(0x01, "a") + frame(Opcode::Ping, "1", false) +
                           raw_frame(0x00, "b") + frame(Opcode::Pong, "2", false) +
                           frame(Opcode::Ping, "3", false) + raw_frame(fin, "c") +
                           frame(Opcode::Close, "\x03\xe8"s, false);
  const Messages expected = {{Opcode::Ping, "1"},
                             {Opcode::Pong, "2"},
                             {Opcode::Ping, "3"},
                             {Opcode::Text, "abc"},
                             {Opcode::Close, "\x03\xe8"s}};
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    ASSERT_EQ(read_in_pieces(us, wire, {cut}).messages, expected);
  }
}

// 5.5: control frames: 125 bytes at most, not fragmented.
TEST(Rfc6455, section_5_5_control_frames_are_short_and_whole) {
  for (const unsigned opcode : {8u, 9u, 10u}) {
    EXPECT_FALSE(read(us, raw_frame(fin | opcode, std::string(125, 'p'))).failed);
    EXPECT_EQ(error_of(us, raw_frame(fin | opcode, std::string(126, 'p'))),
              FrameError::ControlTooLong);
    EXPECT_EQ(error_of(us, std::string{static_cast<char>(fin | opcode), '\x7f'}),
              FrameError::ControlTooLong);
    EXPECT_EQ(error_of(us, raw_frame(opcode, "p")), FrameError::ControlFragmented);
  }
}

// 5.5: a control frame is heard even where a message of message_max is under way.
TEST(Rfc6455, section_5_5_control_frames_do_not_count_towards_the_message) {
  const std::string wire = raw_frame(0x02, "1234567890") +
                           frame(Opcode::Ping, std::string(100, 'p'), false) + raw_frame(fin, "");
  EXPECT_EQ(read(us, wire, 10).messages.size(), 2u);
}

// 7.4 and 5.5.1.
TEST(Rfc6455, section_7_4_every_close_code_is_allowed_or_refused_as_the_registry_says) {
  for (unsigned code = 0; code < 65536; ++code) {
    const bool defined = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    const bool allowed = defined || (code >= 3000 && code <= 4999);
    const char payload[] = {static_cast<char>(code >> 8), static_cast<char>(code & 255)};
    const auto close = parse_close({payload, 2});
    ASSERT_EQ(close.ok(), allowed) << code;
    if (close.ok()) {
      ASSERT_EQ(close->code, code);
    }
  }
  for (const FrameError error :
       {FrameError::ReservedBits, FrameError::Masked, FrameError::MessageNotFinished}) {
    EXPECT_EQ(close_code_for(error), 1002);
  }
  EXPECT_EQ(close_code_for(FrameError::BadUtf8), 1007);
  EXPECT_EQ(close_code_for(FrameError::BadDeflate), 1007);
  EXPECT_EQ(close_code_for(FrameError::MessageTooLarge), 1009);
  EXPECT_EQ(close_code_for(FrameError::InflatedTooLarge), 1009);
}

// 8.1: text that is not UTF-8 fails the connection; we say so with the first byte that shows it.
TEST(Rfc6455, section_8_1_bad_text_is_refused_before_its_frame_or_message_is_whole) {
  // In the first fragment, the second still to come.
  EXPECT_EQ(error_of(us, raw_frame(0x01, "good \xff bad")), FrameError::BadUtf8);
  // Half a character that the next fragment does not complete.
  EXPECT_EQ(error_of(us, raw_frame(0x01, "\xc3") + raw_frame(0x00, "a")), FrameError::BadUtf8);
  // A surrogate, an overlong form and a value past the last, each with their second byte.
  for (const char* bytes : {"\xed\xa0", "\xe0\x9f", "\xf0\x8f", "\xf4\x90", "\xc0\xaf", "\xf5"}) {
    EXPECT_EQ(error_of(us, raw_frame(0x01, bytes)), FrameError::BadUtf8) << bytes;
  }
  // In a frame whose end has not come.
  const std::string long_frame = frame(Opcode::Text, "abc\xff" + std::string(1000, 'x'), false);
  EXPECT_EQ(error_of(us, long_frame.substr(0, 20)), FrameError::BadUtf8);
  EXPECT_FALSE(read(us, long_frame.substr(0, 7)).failed);
  const std::string masked = frame(Opcode::Text, "abc\xff" + std::string(1000, 'x'), true);
  EXPECT_EQ(error_of(WsRole::Server, masked.substr(0, 20)), FrameError::BadUtf8);
  // A text that ends within a character.
  EXPECT_EQ(error_of(us, frame(Opcode::Text, "a\xf0\x9f\x92", false)), FrameError::BadUtf8);
  EXPECT_EQ(error_of(us, raw_frame(0x01, "a") + raw_frame(fin, "\xf0\x9f\x92")),
            FrameError::BadUtf8);
}

TEST(Rfc6455, section_8_1_characters_may_be_cut_anywhere) {
  const std::string text = "\xf0\x9f\x92\xb0 \xed\x95\x9c \xc3\xbc";
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      const std::string wire = raw_frame(0x01, text.substr(0, a)) +
                               raw_frame(0x00, text.substr(a, b - a)) +
                               raw_frame(fin, text.substr(b)) + frame(Opcode::Text, text, false);
      ASSERT_EQ(read(us, wire).messages, (Messages{{Opcode::Text, text}, {Opcode::Text, text}}));
    }
  }
}

// 10.4: limits on frames and on messages put together from them.
TEST(Rfc6455, section_10_4_a_message_has_a_limit_whatever_its_pieces) {
  EXPECT_EQ(error_of(us, raw_frame(0x02, "12345") + raw_frame(fin, "678901"), 10),
            FrameError::MessageTooLarge);
  EXPECT_FALSE(read(us, raw_frame(0x02, "12345") + raw_frame(fin, "67890"), 10).failed);
  std::string drops;
  for (int i = 0; i < 11; ++i) drops += raw_frame(i == 0 ? 0x02 : 0x00, "x");
  EXPECT_EQ(error_of(us, drops, 10), FrameError::MessageTooLarge);
  // The limit is of a message, not of a connection.
  std::string many;
  for (int i = 0; i < 50; ++i) many += frame(Opcode::Binary, "1234567890", false);
  EXPECT_EQ(read(us, many, 10).messages.size(), 50u);
}

// --- RFC 7692 ---

// 7.2.3.1 and 7.2.3.2: the standard's own bytes.
TEST(Rfc7692, section_7_2_3_reads_the_standards_examples) {
  const Messages hello = {{Opcode::Text, "Hello"}};
  const std::string one = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  EXPECT_EQ(read(us, one, 100, agreed()).messages, hello);
  const std::string in_two = "\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"s;
  EXPECT_EQ(read(us, in_two, 100, agreed()).messages, hello);
  // The second message refers to the first.
  const std::string again = one + "\xc1\x05\xf2\x00\x11\x00\x00"s;
  EXPECT_EQ(read(us, again, 100, agreed()).messages,
            (Messages{{Opcode::Text, "Hello"}, {Opcode::Text, "Hello"}}));
  const std::string stored = "\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s;
  EXPECT_EQ(read(us, stored, 100, agreed()).messages, hello);
  const std::string marked_final = "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s;
  EXPECT_EQ(read(us, marked_final, 100, agreed()).messages, hello);
  const std::string two_blocks = "\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s;
  EXPECT_EQ(read(us, two_blocks, 100, agreed()).messages, hello);
  const std::string nothing = "\xc1\x01\x00"s;
  EXPECT_EQ(read(us, nothing, 100, agreed()).messages, (Messages{{Opcode::Text, ""}}));
}

TEST(Rfc7692, section_7_2_3_5_the_window_outlives_a_block_marked_final) {
  const std::string wire =
      "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s + "\xc1\x05\xf2\x00\x11\x00\x00"s;
  EXPECT_EQ(read(us, wire, 100, agreed()).messages,
            (Messages{{Opcode::Text, "Hello"}, {Opcode::Text, "Hello"}}));
}

// 6: RSV1 is set on the first frame of a compressed message, and on no other frame.
TEST(Rfc7692, section_6_the_bit_marks_first_frames_of_data_only) {
  EXPECT_EQ(error_of(us, raw_frame(0x01, "a") + raw_frame(fin | rsv1, "b"), 100, agreed()),
            FrameError::ReservedBits);
  for (const unsigned opcode : {8u, 9u, 10u}) {
    EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | opcode, ""), 100, agreed()),
              FrameError::ReservedBits);
  }
  for (const unsigned bits : {0x10u, 0x20u, 0x50u, 0x60u}) {
    EXPECT_EQ(error_of(us, raw_frame(fin | bits | 1u, ""), 100, agreed()),
              FrameError::ReservedBits);
  }
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 1u, "")), FrameError::ReservedBits)
      << "not agreed on";
}

// 6: compressed and plain messages may alternate, and control frames come between compressed fragments.
TEST(Rfc7692, section_6_1_messages_need_not_be_compressed) {
  Deflater deflater({}, 6);
  const std::string text = "the same words again and again, the same words again and again";
  const std::string first = deflated(deflater, text);
  const std::string second = deflated(deflater, text);
  const std::string wire = raw_frame(rsv1 | 1u, first.substr(0, 9)) +
                           frame(Opcode::Ping, "plain", false) + raw_frame(fin, first.substr(9)) +
                           frame(Opcode::Text, "plain", false) + raw_frame(fin | rsv1 | 2u, second);
  const Messages expected = {{Opcode::Ping, "plain"},
                             {Opcode::Text, text},
                             {Opcode::Text, "plain"},
                             {Opcode::Binary, text}};
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    ASSERT_EQ(read_in_pieces(us, wire, {cut}, 1000, agreed()).messages, expected);
  }
  EXPECT_LT(second.size(), first.size()) << "the window was kept";
}

// 7.1.1: without takeover each message stands alone.
TEST(Rfc7692, section_7_1_1_no_context_takeover_starts_each_message_afresh) {
  DeflateAgreement afresh;
  afresh.send_afresh = afresh.receive_afresh = true;
  Deflater deflater(afresh, 6);
  const std::string text = "the same words again and again, the same words again and again";
  const std::string first = deflated(deflater, text);
  EXPECT_EQ(deflated(deflater, text), first);
  const std::string wire = raw_frame(fin | rsv1 | 1u, first);
  EXPECT_EQ(read(us, wire + wire, 1000, afresh).messages,
            (Messages{{Opcode::Text, text}, {Opcode::Text, text}}));
  // Who is held to it and refers to an earlier message all the same is refused.
  const std::string hello = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  EXPECT_EQ(error_of(us, hello + "\xc1\x05\xf2\x00\x11\x00\x00"s, 1000, afresh),
            FrameError::BadDeflate);
}

// 7.1.2: a window of 2^bits bytes is enough to read who is held to it.
TEST(Rfc7692, section_7_1_2_windows_of_every_size_are_read) {
  Rng rng(3);
  for (int bits = 9; bits <= 15; ++bits) {
    DeflateAgreement small;
    small.send_bits = small.receive_bits = bits;
    Deflater deflater(small, 9);
    std::string wire;
    Messages expected;
    for (int i = 0; i < 20; ++i) {
      std::string text;
      while (text.size() < 3000) text += "word" + std::to_string(rng.between(0, 300)) + " ";
      expected.emplace_back(Opcode::Text, text);
      wire += raw_frame(fin | rsv1 | 1u, deflated(deflater, text));
    }
    EXPECT_EQ(read(us, wire, 10'000, small).messages, expected) << bits;
  }
}

TEST(Rfc7692, a_bomb_is_refused_at_the_limit_with_its_name) {
  Deflater deflater({}, 9);
  const std::string bomb = deflated(deflater, std::string(50'000'000, '0'));
  ASSERT_LT(bomb.size(), 60'000u);
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 2u, bomb), 100'000, agreed()),
            FrameError::InflatedTooLarge);
  // Before the frame has come whole, and when it comes in fragments.
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 2u, bomb).substr(0, 1000), 100'000, agreed()),
            FrameError::InflatedTooLarge);
  EXPECT_EQ(error_of(us, raw_frame(rsv1 | 2u, bomb.substr(0, 1000)), 100'000, agreed()),
            FrameError::InflatedTooLarge);
  // Exactly the limit is let through, one byte more is not.
  for (const std::size_t size : {100'000u, 100'001u}) {
    Deflater fresh({}, 6);
    const std::string wire = raw_frame(fin | rsv1 | 2u, deflated(fresh, std::string(size, 'x')));
    EXPECT_EQ(read(us, wire, 100'000, agreed()).failed, size > 100'000u);
  }
}

TEST(Rfc7692, damaged_data_is_refused) {
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 1u, "\xff\xff\xff"), 100, agreed()),
            FrameError::BadDeflate);
  // Cut off within a block.
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 1u, "\xf2\x48\xcd"), 100, agreed()),
            FrameError::BadDeflate);
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 1u, ""), 100, agreed()), FrameError::BadDeflate)
      << "even an empty message has a byte";
  // The bytes under the compression are text and must be UTF-8, early as ever.
  Deflater deflater({}, 6);
  const std::string bad = deflated(deflater, "words \xff words");
  EXPECT_EQ(error_of(us, raw_frame(fin | rsv1 | 1u, bad), 100, agreed()), FrameError::BadUtf8);
  EXPECT_EQ(error_of(us, raw_frame(rsv1 | 1u, bad), 100, agreed()), FrameError::BadUtf8);
}

TEST(Deflate, what_one_side_compresses_the_other_inflates_whatever_it_is_and_however_it_is_cut) {
  Rng rng(11);
  for (int round = 0; round < 60; ++round) {
    DeflateAgreement agreement;
    agreement.send_bits = agreement.receive_bits = static_cast<int>(rng.between(9, 15));
    agreement.send_afresh = agreement.receive_afresh = rng.one_in(2);
    Deflater deflater(agreement, static_cast<int>(rng.between(1, 9)));
    std::string wire;
    Messages expected;
    for (int i = 0; i < 12; ++i) {
      std::string text(static_cast<std::size_t>(rng.between(0, rng.one_in(4) ? 70'000 : 300)), 'x');
      const std::int64_t kinds = rng.between(1, 255);
      for (char& c : text) c = static_cast<char>(rng.between(0, kinds));
      expected.emplace_back(Opcode::Binary, text);
      const std::string payload = deflated(deflater, text);
      const auto cut =
          static_cast<std::size_t>(rng.between(0, static_cast<std::int64_t>(payload.size())));
      wire += raw_frame(rsv1 | 2u, payload.substr(0, cut)) + raw_frame(fin, payload.substr(cut));
    }
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < wire.size();
         at += static_cast<std::size_t>(rng.between(1, 20'000))) {
      cuts.push_back(at);
    }
    const Outcome outcome = read_in_pieces(us, wire, cuts, 100'000, agreement);
    ASSERT_FALSE(outcome.failed) << name(outcome.error);
    ASSERT_TRUE(outcome.messages == expected);
  }
}

}  // namespace
}  // namespace ats::io
