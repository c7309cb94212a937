// The same bytes to our frame reader and to Boost.Beast's WebSocket stream, in the same role: the same
// messages in the same order, and the same verdict on whether the peer may go on. Every fifth or so input
// is taken as a recipe of frames, so that fragments, masks and compressed messages are reached at once.
//
// Where Beast 1.81 and the standards (or we) differ, and what is therefore not compared:
//  - Close codes: Beast takes those from 5000 on, which no registry can give out, and refuses 1014, which is
//    registered. We follow the registry.
//  - We refuse a frame on the first bytes that are wrong; Beast waits for the whole head, and for the whole
//    of a control frame. When the bytes ended there, Beast gets as many more before it is asked again.
//  - We refuse text at the first byte that cannot go on as UTF-8; Beast waits for the whole character, and
//    until then answers what comes between two fragments.
//  - A compressed message whose wire form is over the limit is refused by us before it is inflated.
//  - RFC 7692's blocks marked final: the standard has them go on, Beast stops at them. Messages that end
//    within a block: Beast takes them or not by what its window of input held; we refuse them. Beast's
//    inflater takes codes that zlib refuses (incomplete sets), and refuses a piece that it can make nothing
//    of at once, an empty fragment being one. So once a compressed message was damaged in the eyes of one of
//    the two, nothing more is compared but what came before it.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "io/websocket.hpp"
#include "io/websocket_frame.hpp"

namespace {

namespace beast = boost::beast;
namespace ws = boost::beast::websocket;
using namespace ats::io;

constexpr std::size_t message_max = 4096;

enum class End : std::uint8_t { More, Closed, Refused };

struct Heard {
  std::vector<std::pair<Opcode, std::string>> messages;
  End end = End::More;
  std::string why;
  FrameError error{};       // ours
  bool in_deflate = false;  // refused by what was compressed
};

struct Setting {
  WsRole role = WsRole::Client;
  bool deflate = false;
  bool afresh = false;
};

Heard ours(const Setting& setting, const std::string& wire, std::size_t piece) {
  std::optional<DeflateAgreement> agreement;
  if (setting.deflate) {
    agreement.emplace();
    agreement->receive_afresh = setting.afresh;
  }
  FrameReader reader(setting.role, message_max, agreement);
  Heard heard;
  std::string buffer;
  for (std::size_t at = 0; at < wire.size();) {
    const std::size_t n = std::min(piece, wire.size() - at);
    buffer.append(wire, at, n);
    at += n;
    while (true) {
      const auto step = reader.next({buffer.data(), buffer.size()});
      if (step == FrameReader::Step::Failed) {
        heard.end = End::Refused;
        heard.error = reader.error();
        heard.why = name(reader.error());
        heard.in_deflate = reader.error() == FrameError::BadDeflate;
        return heard;
      }
      if (step == FrameReader::Step::Message) {
        const WsMessage& message = reader.message();
        if (message.opcode == Opcode::Close) {
          const auto close = parse_close(message.payload);
          if (!close.ok()) {
            heard.end = End::Refused;
            heard.error = close.error();
            heard.why = name(close.error());
            return heard;
          }
          heard.messages.emplace_back(Opcode::Close, close->text);
          heard.end = End::Closed;
          return heard;
        }
        heard.messages.emplace_back(message.opcode, message.payload);
      }
      buffer.erase(0, reader.consumed());
      if (step == FrameReader::Step::NeedMore) break;
    }
  }
  return heard;
}

std::string extension(const Setting& setting) {
  if (!setting.deflate) return {};
  std::string header = "Sec-WebSocket-Extensions: permessage-deflate";
  if (setting.afresh) header += "; server_no_context_takeover; client_no_context_takeover";
  return header + "\r\n";
}

// Brings a Beast stream to where the handshake is behind it.
void shake_hands(const Setting& setting, boost::asio::io_context& io,
                 ws::stream<beast::test::stream>& stream, beast::test::stream& remote) {
  beast::error_code error = ws::error::no_host;
  if (setting.role == WsRole::Server) {
    stream.next_layer().append(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
        extension(setting) + "\r\n");
    stream.accept(error);
  } else {
    stream.async_handshake("x", "/", [&](beast::error_code e) { error = e; });
    io.poll();
    const std::string request(remote.str());
    const std::string field = "Sec-WebSocket-Key: ";
    const std::string key = request.substr(request.find(field) + field.size(), 24);
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        websocket_accept(key) + "\r\n" + extension(setting) + "\r\n";
    remote.write_some(boost::asio::buffer(answer));
    io.restart();
    io.poll();
  }
  ATS_ASSERT(!error);
}

Heard theirs(const Setting& setting, const std::string& wire) {
  boost::asio::io_context io;
  ws::stream<beast::test::stream> stream(io);
  beast::test::stream remote(io);
  stream.next_layer().connect(remote);
  ws::permessage_deflate deflate;
  deflate.client_enable = deflate.server_enable = setting.deflate;
  deflate.client_no_context_takeover = deflate.server_no_context_takeover = setting.afresh;
  stream.set_option(deflate);
  stream.set_option(
      ws::stream_base::timeout{ws::stream_base::none(), ws::stream_base::none(), false});
  stream.read_message_max(message_max);
  shake_hands(setting, io, stream, remote);

  Heard heard;
  stream.control_callback([&](ws::frame_type kind, beast::string_view payload) {
    const Opcode opcode = kind == ws::frame_type::ping   ? Opcode::Ping
                          : kind == ws::frame_type::pong ? Opcode::Pong
                                                         : Opcode::Close;
    heard.messages.emplace_back(opcode, std::string(payload));
  });
  stream.next_layer().append(wire);
  remote.close();
  while (true) {
    beast::flat_buffer buffer;
    beast::error_code error;
    stream.read(buffer, error);
    if (!error) {
      heard.messages.emplace_back(stream.got_text() ? Opcode::Text : Opcode::Binary,
                                  beast::buffers_to_string(buffer.data()));
      continue;
    }
    heard.why = error.message();
    if (error == ws::error::closed) {
      heard.end = End::Closed;
    } else if (error == boost::asio::error::eof || error == boost::asio::error::broken_pipe ||
               error == boost::asio::error::connection_reset) {
      heard.end = End::More;
    } else {
      heard.end = End::Refused;
      heard.in_deflate =
          error.category() == beast::error_code(beast::zlib::error::need_buffers).category();
    }
    return heard;
  }
}

struct Input {
  const std::uint8_t* at;
  const std::uint8_t* end;
  std::uint8_t take() { return at == end ? 0 : *at++; }
  std::string take(std::size_t n) {
    n = std::min<std::size_t>(n, static_cast<std::size_t>(end - at));
    std::string out(reinterpret_cast<const char*>(at), n);
    at += n;
    return out;
  }
};

std::string frame_of(unsigned first, const std::string& payload, bool masked, Input& input) {
  std::string out(frame_size(payload.size(), masked), '\0');
  const char mask[4] = {static_cast<char>(input.take()), '\x5a', '\x01', '\xff'};
  write_frame(out.data(), Opcode::Binary, payload, masked ? mask : nullptr);
  out[0] = static_cast<char>(first);
  return out;
}

// Frames by recipe: mostly proper ones, now and then a bit out of place.
std::string cook(const Setting& setting, Input input) {
  DeflateAgreement agreement;
  agreement.send_afresh = setting.afresh;
  Deflater deflater(agreement, 6);
  const bool masked = setting.role == WsRole::Server;
  std::string wire;
  while (input.at != input.end && wire.size() < 64 * 1024) {
    const std::uint8_t what = input.take();
    const std::uint8_t size = input.take();
    const unsigned kind = what & 7u;
    if (kind < 2) {
      static constexpr unsigned control[] = {8, 9, 10, 10};
      wire += frame_of(0x80u | control[size % 4u], input.take(what >> 4), masked, input);
      continue;
    }
    if (kind == 7) {
      wire += frame_of(what ^ size, input.take(3), masked, input);
      continue;
    }
    std::string payload = input.take(size);
    for (unsigned i = 0; i < (what >> 6); ++i) payload += payload;
    const bool compress = setting.deflate && (what & 8) != 0;
    if (compress) payload = deflater.message(payload);
    const unsigned first = (compress ? 0x40u : 0u) | (kind < 5 ? 1u : 2u);
    if ((what & 16) == 0) {
      wire += frame_of(0x80u | first, payload, masked, input);
      continue;
    }
    const std::size_t cut = payload.empty() ? 0 : input.take() % payload.size();
    wire += frame_of(first, payload.substr(0, cut), masked, input);
    if ((what & 32) != 0) wire += frame_of(0x89, input.take(2), masked, input);
    wire += frame_of(0x80, payload.substr(cut), masked, input);
  }
  return wire;
}

[[noreturn]] void differ(const char* what, const Heard& we, const Heard& they) {
  std::fprintf(stderr, "%s: ours %zu messages, end %d (%s); Beast's %zu messages, end %d (%s)\n",
               what, we.messages.size(), static_cast<int>(we.end), we.why.c_str(),
               they.messages.size(), static_cast<int>(they.end), they.why.c_str());
  std::abort();
}

bool begins_with(const Heard& longer, const Heard& shorter) {
  return shorter.messages.size() <= longer.messages.size() &&
         std::equal(shorter.messages.begin(), shorter.messages.end(), longer.messages.begin());
}

bool only_control_since(const Heard& heard, std::size_t from) {
  return std::all_of(heard.messages.begin() + static_cast<std::ptrdiff_t>(from),
                     heard.messages.end(), [](const auto& message) {
                       return message.first == Opcode::Ping || message.first == Opcode::Pong;
                     });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Setting setting;
  setting.role = (data[0] & 1) != 0 ? WsRole::Server : WsRole::Client;
  setting.deflate = (data[0] & 2) != 0;
  setting.afresh = (data[0] & 4) != 0;
  const bool recipe = (data[0] & 8) != 0;
  const Input input{data + 2, data + size};
  const std::string wire = recipe ? cook(setting, input)
                                  : std::string(reinterpret_cast<const char*>(data + 2), size - 2);

  const Heard we = ours(setting, wire, 1 + data[1]);
  const Heard they = theirs(setting, wire);
  if (we.in_deflate || they.in_deflate) {
    if (!begins_with(we, they) && !begins_with(they, we)) differ("before the damage", we, they);
    return 0;
  }
  if (we.end == End::Refused && they.end != End::Refused) {
    const bool registry = we.error == FrameError::BadCloseCode && they.end == End::Closed;
    const bool wire_limit = we.error == FrameError::MessageTooLarge && setting.deflate;
    if (registry || wire_limit) return 0;
    // Beast waits for more before it looks.
    const Heard later = theirs(setting, wire + std::string(256, '\0'));
    if (later.end != End::Refused) differ("we refuse, Beast does not", we, later);
    if (later.messages != we.messages) differ("messages before a refusal", we, later);
    return 0;
  }
  if (they.end == End::Refused && we.end == End::Closed &&
      they.why.find("close code") != std::string::npos) {
    return 0;  // 1014
  }
  if (we.end != they.end) differ("verdicts", we, they);
  if (we.end == End::Refused && we.error == FrameError::BadUtf8) {
    if (!begins_with(they, we) || !only_control_since(they, we.messages.size()))
      differ("messages before text that is not UTF-8", we, they);
    return 0;
  }
  if (we.messages != they.messages) differ("messages", we, they);
  return 0;
}
