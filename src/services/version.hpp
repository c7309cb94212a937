// Which ATS this is: the number of CMakeLists.txt.
#pragma once

namespace ats::services {

const char* version();

}  // namespace ats::services
