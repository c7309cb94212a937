#include "io/websocket_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/websocket_testing.hpp"

namespace ats::io {
namespace {

using namespace std::string_literals;

// The examples of RFC 6455 section 5.7.
const std::string unmasked_hello = "\x81\x05Hello"s;
const std::string masked_hello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;
const std::string fragment_hel = "\x01\x03Hel"s;
const std::string fragment_lo = "\x80\x02lo"s;
const std::string ping_hello = "\x89\x05Hello"s;

TEST(FrameReader, reads_the_standards_examples) {
  const Outcome hello{{{Opcode::Text, "Hello"}}, false, {}, 0};
  EXPECT_EQ(read(WsRole::Client, unmasked_hello), hello);
  EXPECT_EQ(read(WsRole::Server, masked_hello), hello);
  EXPECT_EQ(read(WsRole::Client, fragment_hel + fragment_lo), hello);
  const Outcome ping{{{Opcode::Ping, "Hello"}}, false, {}, 0};
  EXPECT_EQ(read(WsRole::Client, ping_hello), ping);
  EXPECT_EQ(
      read(WsRole::Client, frame(Opcode::Binary, std::string(256, 'b'), false)).messages[0].second,
      std::string(256, 'b'));
  EXPECT_EQ(read(WsRole::Client, frame(Opcode::Binary, std::string(65536, 'b'), false))
                .messages[0]
                .second.size(),
            65536u);
}

TEST(FrameReader, reads_the_same_wherever_the_stream_is_cut) {
  for (const WsRole role : {WsRole::Client, WsRole::Server}) {
    const bool masked = role == WsRole::Server;
    std::string fragments;
    for (const std::string& piece : {fragment_hel, ping_hello, fragment_lo}) {
      if (!masked) fragments += piece;
    }
    const std::string wire = frame(Opcode::Text, "first", masked) + fragments +
                             frame(Opcode::Binary, std::string(200, '\xff'), masked) +
                             frame(Opcode::Ping, "", masked) +
                             frame(Opcode::Text,
                                   "gr\xc3\xbc\xc3\x9f"
                                   "e \xed\x95\x9c\xea\xb5\xad",
                                   masked) +
                             frame(Opcode::Close, "\x03\xe8"s, masked);
    const Outcome whole = read(role, wire);
    ASSERT_FALSE(whole.failed);
    ASSERT_EQ(whole.messages.size(), masked ? 5u : 7u);
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
      EXPECT_EQ(read_in_pieces(role, wire, {cut}), whole) << "cut at " << cut;
    }
    std::vector<std::size_t> every_byte;
    for (std::size_t i = 1; i < wire.size(); ++i) every_byte.push_back(i);
    EXPECT_EQ(read_in_pieces(role, wire, every_byte), whole);
  }
}

TEST(FrameReader, delivers_control_frames_that_come_between_fragments_in_their_place) {
  const Outcome outcome = read(WsRole::Client, fragment_hel + ping_hello + fragment_lo);
  const std::vector<std::pair<Opcode, std::string>> expected = {{Opcode::Ping, "Hello"},
                                                                {Opcode::Text, "Hello"}};
  EXPECT_EQ(outcome.messages, expected);
}

TEST(FrameReader, joins_any_number_of_fragments_and_characters_cut_between_them) {
  // The two bytes of one character in two fragments, with an empty one between them.
  const std::string split = "\x01\x01\xc3"s + "\x00\x00"s + "\x80\x01\xbc"s;
  EXPECT_EQ(read(WsRole::Client, split).messages[0].second, "\xc3\xbc");
  EXPECT_EQ(error_of(WsRole::Client, "\x01\x01\xc3"s + "\x80\x01\xc3"s), FrameError::BadUtf8);
}

TEST(FrameReader, hands_over_a_message_of_one_frame_where_it_lies) {
  FrameReader reader(WsRole::Client, 1000);
  std::string wire = unmasked_hello;
  ASSERT_EQ(reader.next({wire.data(), wire.size()}), FrameReader::Step::Message);
  EXPECT_EQ(reader.message().payload.data(), wire.data() + 2);
}

TEST(FrameReader, refuses_what_the_standard_forbids_with_the_reason) {
  const WsRole us = WsRole::Client;
  EXPECT_EQ(error_of(us, "\xc1\x00"s), FrameError::ReservedBits);
  EXPECT_EQ(error_of(us, "\x91\x00"s), FrameError::ReservedBits);
  EXPECT_EQ(error_of(us, "\x83\x00"s), FrameError::UnknownOpcode);
  EXPECT_EQ(error_of(us, "\x8b\x00"s), FrameError::UnknownOpcode);
  EXPECT_EQ(error_of(us, "\x09\x00"s), FrameError::ControlFragmented);
  EXPECT_EQ(error_of(us, "\x89\x7e\x00\x7e"s), FrameError::ControlTooLong);
  EXPECT_EQ(error_of(us, "\x81\x7e\x00\x7d"s), FrameError::LengthNotMinimal);
  EXPECT_EQ(error_of(us, "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s),
            FrameError::LengthNotMinimal);
  EXPECT_EQ(error_of(us, "\x81\x7f\x80\x00\x00\x00\x00\x00\xff\xff"s), FrameError::LengthTooLarge);
  EXPECT_EQ(error_of(us, masked_hello), FrameError::Masked);
  EXPECT_EQ(error_of(WsRole::Server, unmasked_hello), FrameError::NotMasked);
  EXPECT_EQ(error_of(us, fragment_lo), FrameError::NothingToContinue);
  EXPECT_EQ(error_of(us, fragment_hel + unmasked_hello), FrameError::MessageNotFinished);
  EXPECT_EQ(error_of(us, "\x81\x02\xc3\x28"s), FrameError::BadUtf8);
  EXPECT_FALSE(read(us, "\x82\x02\xc3\x28"s).failed) << "binary need not be UTF-8";
}

TEST(FrameReader, refuses_a_message_over_the_limit_before_its_payload_has_come) {
  EXPECT_EQ(error_of(WsRole::Client, "\x81\x06"s, 5), FrameError::MessageTooLarge);
  EXPECT_FALSE(read(WsRole::Client, unmasked_hello, 5).failed);
  EXPECT_EQ(error_of(WsRole::Client, fragment_hel + "\x80\x03"s, 5), FrameError::MessageTooLarge);
  EXPECT_EQ(error_of(WsRole::Client, "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s),
            FrameError::MessageTooLarge);
}

TEST(FrameReader, stays_failed_once_it_has_failed) {
  FrameReader reader(WsRole::Client, 1000);
  std::string wrong = "\xc1\x00"s;
  EXPECT_EQ(reader.next({wrong.data(), wrong.size()}), FrameReader::Step::Failed);
  std::string right = unmasked_hello;
  EXPECT_EQ(reader.next({right.data(), right.size()}), FrameReader::Step::Failed);
}

TEST(FrameWriter, writes_what_the_reader_reads_at_every_length_form) {
  for (const std::size_t size : {0, 1, 125, 126, 127, 65535, 65536, 100000}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);
    for (const bool masked : {false, true}) {
      const std::string wire = frame(Opcode::Binary, payload, masked);
      const Outcome outcome = read(masked ? WsRole::Server : WsRole::Client, wire);
      ASSERT_EQ(outcome.messages.size(), 1u) << size;
      EXPECT_EQ(outcome.messages[0].second, payload) << size;
    }
  }
}

TEST(Mask, is_its_own_inverse_at_every_size_and_alignment) {
  const char key[] = {'\x01', '\x80', '\x7f', '\xfe'};
  for (std::size_t size = 0; size < 70; ++size) {
    std::string plain(size + 3, '\0');
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<char>('a' + i % 26);
    for (std::size_t offset = 0; offset < 3; ++offset) {
      std::string bytes = plain;
      apply_mask(bytes.data() + offset, bytes.data() + offset, size, key);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(bytes[offset + i], static_cast<char>(plain[offset + i] ^ key[i % 4]));
      }
      apply_mask(bytes.data() + offset, bytes.data() + offset, size, key);
      ASSERT_EQ(bytes, plain);
    }
  }
}

TEST(ClosePayload, is_read_with_its_code_and_text_and_refused_when_it_is_not_allowed) {
  EXPECT_EQ(parse_close("")->code, close_code::not_told);
  const std::string payload_of_1001 = "\x03\xe9going away";
  const auto full = parse_close(payload_of_1001);
  EXPECT_EQ(full->code, 1001);
  EXPECT_EQ(full->text, "going away");
  EXPECT_EQ(parse_close("\x03"s).error(), FrameError::BadClosePayload);
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    const char payload[] = {static_cast<char>(code >> 8), static_cast<char>(code & 255)};
    EXPECT_EQ(parse_close({payload, 2}).error(), FrameError::BadCloseCode) << code;
  }
  EXPECT_EQ(parse_close("\x03\xe8\xff"s).error(), FrameError::BadUtf8);
}

}  // namespace
}  // namespace ats::io
