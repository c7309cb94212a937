// Sec-WebSocket-Extensions: its grammar, and the agreement on permessage-deflate.
#include <charconv>
#include <utility>

#include "io/http_parse.hpp"
#include "io/websocket_deflate.hpp"

namespace ats::io {

namespace {

constexpr const char* extension_name = "permessage-deflate";

bool is_token_char(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

// What is left of a header, read from its front.
struct Scanner {
  std::string_view rest;

  void skip_blanks() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t')) rest.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  std::optional<std::string> token() {
    skip_blanks();
    std::size_t n = 0;
    while (n < rest.size() && is_token_char(rest[n])) ++n;
    if (n == 0) return std::nullopt;
    std::string out(rest.substr(0, n));
    rest.remove_prefix(n);
    return out;
  }
  // Quoted or not, the value must have the form of a token.
  std::optional<std::string> value() {
    if (!take('"')) return token();
    std::string out;
    while (!rest.empty() && rest[0] != '"') {
      if (rest[0] == '\\') rest.remove_prefix(1);
      if (rest.empty() || !is_token_char(rest[0])) return std::nullopt;
      out += rest[0];
      rest.remove_prefix(1);
    }
    if (rest.empty() || out.empty()) return std::nullopt;
    rest.remove_prefix(1);
    return out;
  }
};

std::optional<Extension> read_extension(Scanner& scanner) {
  Extension extension;
  auto name = scanner.token();
  if (!name) return std::nullopt;
  extension.name = std::move(*name);
  while (scanner.take(';')) {
    auto parameter = scanner.token();
    if (!parameter) return std::nullopt;
    std::optional<std::string> value;
    if (scanner.take('=')) {
      value = scanner.value();
      if (!value) return std::nullopt;
    }
    extension.parameters.push_back({std::move(*parameter), std::move(value)});
  }
  return extension;
}

// 8 to 15, without a leading zero.
std::optional<int> read_bits(const std::string& text) {
  int bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (bits < 8 || bits > 15 || text.size() != (bits < 10 ? 1u : 2u)) return std::nullopt;
  return bits;
}

// The four parameters of RFC 7692 section 7.1.
struct Parameters {
  bool server_afresh = false;
  bool client_afresh = false;
  std::optional<int> server_bits;
  std::optional<int> client_bits;
  bool client_bits_bare = false;  // without a value: an offer's way to say that it may be limited
};

// Nothing when one is unknown, told twice or has a value that it may not have.
std::optional<Parameters> read_parameters(const Extension& extension, bool is_offer) {
  Parameters out;
  for (const auto& [name, value] : extension.parameters) {
    if (name == "server_no_context_takeover") {
      if (value || std::exchange(out.server_afresh, true)) return std::nullopt;
    } else if (name == "client_no_context_takeover") {
      if (value || std::exchange(out.client_afresh, true)) return std::nullopt;
    } else if (name == "server_max_window_bits") {
      if (!value || out.server_bits) return std::nullopt;
      if (!(out.server_bits = read_bits(*value))) return std::nullopt;
    } else if (name == "client_max_window_bits") {
      if (out.client_bits || out.client_bits_bare || (!value && !is_offer)) return std::nullopt;
      if (!value) {
        out.client_bits_bare = true;
      } else if (!(out.client_bits = read_bits(*value))) {
        return std::nullopt;
      }
    } else {
      return std::nullopt;
    }
  }
  return out;
}

void add_bits(std::string& header, const char* name, int bits) {
  header += std::string("; ") + name + "=" + std::to_string(bits);
}

}  // namespace

std::optional<std::vector<Extension>> parse_extensions(std::span<const std::string_view> headers) {
  std::vector<Extension> out;
  for (const std::string_view header : headers) {
    Scanner scanner{header};
    do {
      // An element of a list may be empty (RFC 7230 section 7).
      scanner.skip_blanks();
      if (scanner.rest.empty() || scanner.rest[0] == ',') continue;
      auto extension = read_extension(scanner);
      if (!extension) return std::nullopt;
      out.push_back(std::move(*extension));
    } while (scanner.take(','));
    scanner.skip_blanks();
    if (!scanner.rest.empty()) return std::nullopt;
  }
  return out;
}

std::string deflate_offer(const DeflateOptions& options) {
  if (!options.enabled) return {};
  std::string header = extension_name;
  if (options.send_bits < 15) {
    add_bits(header, "client_max_window_bits", options.send_bits);
  } else {
    header += "; client_max_window_bits";
  }
  if (options.receive_bits < 15) add_bits(header, "server_max_window_bits", options.receive_bits);
  if (options.send_afresh) header += "; client_no_context_takeover";
  if (options.receive_afresh) header += "; server_no_context_takeover";
  return header;
}

DeflateAnswer read_deflate_answer(std::span<const std::string_view> headers,
                                  const DeflateOptions& offered) {
  using Kind = DeflateAnswer::Kind;
  const DeflateAnswer refused{Kind::Refused, {}};
  if (headers.empty()) return {};
  const auto extensions = parse_extensions(headers);
  if (!extensions) return refused;
  if (extensions->empty()) return {};
  if (extensions->size() != 1 || !offered.enabled ||
      !equals_ignoring_case(extensions->front().name, extension_name)) {
    return refused;
  }
  const auto answer = read_parameters(extensions->front(), false);
  if (!answer) return refused;
  // What was asked of the server must be granted, or the offer is not accepted.
  if (offered.receive_afresh && !answer->server_afresh) return refused;
  const int server_bits = answer->server_bits.value_or(15);
  if (server_bits > offered.receive_bits) return refused;

  DeflateAnswer out{Kind::Agreed, {}};
  const int client_bits = answer->client_bits.value_or(15);
  out.agreement.may_send = client_bits >= 9;
  out.agreement.send_bits = std::min(offered.send_bits, std::max(client_bits, 9));
  out.agreement.send_afresh = offered.send_afresh || answer->client_afresh;
  out.agreement.receive_bits = server_bits;
  out.agreement.receive_afresh = answer->server_afresh;
  return out;
}

std::optional<DeflateChoice> choose_deflate(std::span<const std::string_view> headers,
                                            const DeflateOptions& options) {
  if (!options.enabled || headers.empty()) return std::nullopt;
  const auto extensions = parse_extensions(headers);
  if (!extensions) return std::nullopt;
  for (const Extension& extension : *extensions) {
    if (!equals_ignoring_case(extension.name, extension_name)) continue;
    const auto offer = read_parameters(extension, true);
    if (!offer) continue;
    const int server_bits = offer->server_bits.value_or(15);
    if (server_bits < 9) continue;  // zlib cannot keep to it
    const bool may_limit = offer->client_bits_bare || offer->client_bits;
    const int client_bits = offer->client_bits.value_or(15);

    DeflateChoice choice;
    DeflateAgreement& agreed = choice.agreement;
    agreed.send_bits = std::min(options.send_bits, server_bits);
    agreed.send_afresh = options.send_afresh || offer->server_afresh;
    agreed.receive_bits = may_limit ? std::min(options.receive_bits, client_bits) : 15;
    agreed.receive_afresh = options.receive_afresh || offer->client_afresh;

    choice.header = extension_name;
    if (agreed.send_afresh) choice.header += "; server_no_context_takeover";
    if (agreed.receive_afresh) choice.header += "; client_no_context_takeover";
    if (agreed.send_bits < 15) {
      add_bits(choice.header, "server_max_window_bits", agreed.send_bits);
    }
    if (may_limit && agreed.receive_bits < 15) {
      add_bits(choice.header, "client_max_window_bits", agreed.receive_bits);
    }
    return choice;
  }
  return std::nullopt;
}

}  // namespace ats::io
