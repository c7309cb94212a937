// The InfluxDB server of the configuration, ready to be connected to: URL taken apart, secret read, authority loaded.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/influx_client.hpp"
#include "io/tls.hpp"
#include "services/influx_config.hpp"

namespace ats::services {

class InfluxServer {
 public:
  // The error is one line a person can act on.
  static Result<InfluxServer, std::string> of(const InfluxConfig& config);
  // Lives as long as this.
  const io::InfluxOptions& options() const { return options_; }

 private:
  InfluxServer() = default;
  io::InfluxOptions options_;
  std::shared_ptr<const io::TlsContext> tls_;
};

}  // namespace ats::services
