// `ats inventory`: what a running process holds where, beside what is wanted there, and what could be done
// about it.
#pragma once

#include <string>

#include "core/inventory/plan.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

int inventory_command(int argc, const char* const* argv);
// What a process answers to the question, one JSON object.
std::string inventory_json(const core::InventoryReport& report, const Universe& universe);
// The answer as people read it.
std::string inventory_text(const std::string& json);

}  // namespace ats::services
