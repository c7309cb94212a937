#include "services/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

namespace ats::services {
namespace {

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n <= 0) return;  // the terminal went away: nothing to draw on
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

bool terminal_is_interactive() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

Terminal::Terminal() : thread_([this] { loop(); }) { write_all("\x1b[?1049h\x1b[?25l\x1b[2J"); }

Terminal::~Terminal() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  write_all("\x1b[?25h\x1b[?1049l");
}

void Terminal::show(LiveView view) {
  {
    const std::lock_guard guard(mutex_);
    next_ = std::make_unique<LiveView>(std::move(view));
  }
  wake_.notify_all();
}

void Terminal::loop() {
  std::unique_lock guard(mutex_);
  while (!stopping_) {
    if (!next_) {
      wake_.wait(guard);
      continue;
    }
    const std::unique_ptr<LiveView> view = std::move(next_);
    guard.unlock();
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
      size.ws_col = 120, size.ws_row = 40;
    write_all("\x1b[H" + render_screen(*view, size.ws_col, size.ws_row) + "\x1b[J");
    guard.lock();
  }
}

}  // namespace ats::services
