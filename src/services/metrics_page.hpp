// A process's numbers in Prometheus' text format. Names are the glossary's, behind `ats_`; what every process has keeps
// the names that all of Prometheus' clients use. docs/monitoring.md lists them.
#pragma once

#include <string>

#include "io/process_usage.hpp"
#include "services/monitor_view.hpp"

namespace ats::services {

constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

std::string metrics_page(const MonitorView& view, const io::ProcessUsage& usage);

}  // namespace ats::services
