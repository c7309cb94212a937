// `ats instruments`: what the venues list of the wanted pairs, and what can be compared across them.
#pragma once

#include <string>

#include "domain/instrument.hpp"

namespace ats::services {

int instruments_command(int argc, const char* const* argv);

// {"pairs": [...], "bases": [...]}; figures are decimal strings.
std::string instruments_json(const Universe& universe);
// The same as a table for people.
std::string instruments_table(const Universe& universe);

}  // namespace ats::services
