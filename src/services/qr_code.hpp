// A text as a QR code, to be shown on a page or in a terminal.
#pragma once

#include <string>

namespace ats::services {

// Empty, all of them: the text is too long for one.
std::string qr_svg(const std::string& text);
// Half blocks of UTF-8, dark on light whatever the terminal's colours, each line ended.
std::string qr_terminal(const std::string& text);

}  // namespace ats::services
