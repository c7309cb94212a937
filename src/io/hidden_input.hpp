// Secrets that a person types: read from the terminal without showing them, byte by byte into locked memory. The
// terminal is given back as it was, also when a signal ends the process in the middle.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "security/secret.hpp"

namespace ats::io {

enum class InputError : std::uint8_t {
  NoTerminal,  // nobody is there to be asked
  Cancelled,   // Ctrl-C, Ctrl-D on an empty line, or a signal
  TooLong,
  Failed,  // the terminal went away
};
const char* name(InputError error);

class HiddenTerminal {
 public:
  // The process's controlling terminal, whatever standard input is.
  static Result<HiddenTerminal, InputError> open();
  // For tests: a terminal that is open already; the caller keeps it.
  static HiddenTerminal over(int terminal) { return HiddenTerminal(terminal, false); }
  ~HiddenTerminal();
  HiddenTerminal(HiddenTerminal&& other) noexcept;
  HiddenTerminal& operator=(HiddenTerminal&&) = delete;

  // Backspace takes a byte back, Ctrl-U all of them. The line is without its end.
  Result<security::Secret, InputError> line(std::string_view prompt, std::size_t size_max);
  // A line, or where it begins a PEM text ("-----BEGIN") all lines to its end.
  Result<security::Secret, InputError> line_or_pem(std::string_view prompt, std::size_t size_max);
  // Shown as it is typed; for questions whose answer is no secret.
  Result<security::Secret, InputError> shown_line(std::string_view prompt, std::size_t size_max);

 private:
  HiddenTerminal(int terminal, bool owned) : terminal_(terminal), owned_(owned) {}
  Result<security::Secret, InputError> read(std::string_view prompt, std::size_t size_max, bool pem,
                                            bool shown);

  int terminal_ = -1;
  bool owned_ = false;
};

// Whether a text that began as PEM is whole: it ends in a mark that says END. Its lines may be written with \n, as in
// JSON, or run into one.
bool pem_is_whole(std::string_view text);

}  // namespace ats::io
