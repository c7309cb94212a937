#include "io/hidden_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

namespace ats::io {
namespace {

using security::Secret;

constexpr char ctrl_c = 3;
constexpr char ctrl_d = 4;
constexpr char ctrl_u = 21;
constexpr char backspace = 8;
constexpr char delete_back = 127;

// No echo, no line editing by the system, no signals by keys: what is typed comes byte by byte, and Ctrl-C is one
// of them. Signals from elsewhere wait until the terminal is as it was.
class Quiet {
 public:
  explicit Quiet(int terminal) : terminal_(terminal) {
    sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP})
      sigaddset(&signals_, number);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    arrived_ = ::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
    if (::tcgetattr(terminal_, &was_) != 0) return;
    termios quiet = was_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~Quiet() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &was_);
    if (arrived_ >= 0) ::close(arrived_);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);  // what has arrived acts now
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

  bool ready() const { return changed_; }
  // Nothing: a signal has come.
  std::optional<Result<char, InputError>> next() {
    pollfd waits[] = {{terminal_, POLLIN, 0}, {arrived_, POLLIN, 0}};
    while (::poll(waits, 2, -1) < 0) {
      if (errno != EINTR) return fail(InputError::Failed);
    }
    if (waits[1].revents != 0) return std::nullopt;
    char byte = 0;
    if (::read(terminal_, &byte, 1) != 1) return fail(InputError::Failed);
    return Result<char, InputError>(byte);
  }

 private:
  int terminal_;
  int arrived_ = -1;
  sigset_t signals_{};
  sigset_t before_{};
  termios was_{};
  bool changed_ = false;
};

void show(int terminal, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(terminal, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

const char* name(InputError error) {
  switch (error) {
    case InputError::NoTerminal:
      return "no_terminal";
    case InputError::Cancelled:
      return "cancelled";
    case InputError::TooLong:
      return "too_long";
    case InputError::Failed:
      return "failed";
  }
  return "?";
}

bool pem_is_whole(std::string_view text) {
  for (const std::string_view end : {"\\n", "\r\n", "\n"}) {
    if (text.ends_with(end)) text.remove_suffix(end.size());
  }
  const std::size_t last = text.rfind("-----END ");
  constexpr std::string_view dashes = "-----";
  return last != std::string_view::npos && text.ends_with(dashes) &&
         text.find(dashes, last + dashes.size()) == text.size() - dashes.size();
}

Result<HiddenTerminal, InputError> HiddenTerminal::open() {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return fail(InputError::NoTerminal);
  return HiddenTerminal(terminal, true);
}

HiddenTerminal::~HiddenTerminal() {
  if (owned_) ::close(terminal_);
}

HiddenTerminal::HiddenTerminal(HiddenTerminal&& other) noexcept
    : terminal_(other.terminal_), owned_(std::exchange(other.owned_, false)) {}

Result<Secret, InputError> HiddenTerminal::line(std::string_view prompt, std::size_t size_max) {
  return read(prompt, size_max, false, false);
}

Result<Secret, InputError> HiddenTerminal::line_or_pem(std::string_view prompt,
                                                       std::size_t size_max) {
  return read(prompt, size_max, true, false);
}

Result<Secret, InputError> HiddenTerminal::shown_line(std::string_view prompt,
                                                      std::size_t size_max) {
  return read(prompt, size_max, false, true);
}

Result<Secret, InputError> HiddenTerminal::read(std::string_view prompt, std::size_t size_max,
                                                bool pem, bool shown) {
  Quiet quiet(terminal_);
  if (!quiet.ready()) return fail(InputError::NoTerminal);
  show(terminal_, prompt);
  Secret room(size_max);
  std::size_t size = 0;
  std::optional<InputError> wrong;
  for (bool done = false; !done && !wrong;) {
    const auto next = quiet.next();
    if (!next || !*next) {
      wrong = next ? next->error() : InputError::Cancelled;
      continue;
    }
    const char c = **next;
    const std::string_view text = room.reveal().substr(0, size);
    if (c == ctrl_c || (c == ctrl_d && size == 0)) {
      wrong = InputError::Cancelled;
    } else if (c == ctrl_d) {
      done = true;
    } else if (c == ctrl_u) {
      while (shown && size > 0) show(terminal_, "\b \b"), --size;
      size = 0;
    } else if (c == backspace || c == delete_back) {
      if (shown && size > 0) show(terminal_, "\b \b");
      // A character, which in UTF-8 may be several bytes.
      constexpr unsigned continuation = 0x80;
      while (size > 0 && (room.bytes()[--size] & 0xc0u) == continuation) {
      }
    } else if ((c == '\r' || c == '\n') &&
               !(pem && text.starts_with("-----BEGIN ") && !pem_is_whole(text))) {
      done = true;
    } else if (size == size_max) {
      wrong = InputError::TooLong;
    } else {
      const char kept = c == '\r' ? '\n' : c;
      room.bytes()[size++] = static_cast<std::uint8_t>(kept);
      if (shown) show(terminal_, {&kept, 1});
    }
  }
  show(terminal_, "\n");
  if (wrong) return fail(*wrong);
  return room.clone(size);
}

}  // namespace ats::io
