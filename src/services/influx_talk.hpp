// A conversation with InfluxDB for commands: each question waits for its answer.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/influx_client.hpp"
#include "services/influx_config.hpp"

namespace ats::services {

class InfluxTalk {
 public:
  using Answer = Result<nlohmann::json, std::string>;

  static Result<InfluxTalk, std::string> with(const InfluxConfig& config);
  InfluxTalk(InfluxTalk&&) noexcept;
  ~InfluxTalk();

  // In InfluxQL: the series of the answer, an array. The error is what the server said.
  Answer ask(std::string_view question);
  Answer command(std::string_view text);
  // Of a 2.x: its own interface; the answer's JSON, null where it is empty.
  Answer call(std::string_view method, std::string_view target, const nlohmann::json& body = {});
  bool speaks_2() const;

 private:
  struct Parts;
  explicit InfluxTalk(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services
