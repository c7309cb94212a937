// A running process as those see it who ask for its risk and command it, by whichever way they come: the control socket
// and gRPC are answered from here and nowhere else. One thread, the core's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "domain/command.hpp"
#include "domain/instrument.hpp"
#include "domain/status.hpp"
#include "report/alert_desk.hpp"
#include "services/lease_letters.hpp"
#include "services/risk_role.hpp"

namespace ats::services {

struct RiskTold {
  core::RiskReport report;
  const Universe* names = nullptr;  // of the venues and assets in it; outlives the answer
  bool profits = true;              // false: `report.profit` says nothing
};

class RiskSource {
 public:
  virtual const Universe& universe() const = 0;
  virtual void status(CoreStatus& out) const = 0;
  virtual RiskTold risk() const = 0;
  virtual const report::AlertDesk& alerts() const = 0;
  virtual bool paper() const = 0;
  // Journals and handles it: what was said to it, or why it could not be journalled.
  virtual Result<std::vector<std::string>, std::string> command(const Command& command) = 0;
  // The risk role of this process; null: it is in another, or there is none.
  virtual const RiskRole* role() const = 0;
  // An engine of another process asks for a lease. False: this is not where leases are given.
  virtual bool ask_lease(const LeaseQuestion& question) = 0;

 protected:
  ~RiskSource() = default;
};

// Why a person's wish was not carried out. Nothing was done.
struct Refusal {
  enum class Kind : std::uint8_t {
    BadRequest,
    NotFound,
    NotAsThingsAre,
    Unavailable,  // it cannot be journalled
  };
  Kind kind = Kind::BadRequest;
  std::string why;
};

struct Wish {
  std::string who;
  std::string reason;
};
struct HaltWish {
  bool reduce_only = false;
  bool at_once = false;
  bool flatten = false;
};
using Told = Result<std::vector<std::string>, Refusal>;

// `scope` as scope_text writes it.
Told wish_halt(RiskSource& source, const Wish& wish, std::string_view scope, const HaltWish& how);
Told wish_resume(RiskSource& source, const Wish& wish, std::string_view scope);
// `limit` as parse_limit reads it.
Told wish_limit(RiskSource& source, const Wish& wish, std::string_view limit, bool take_back);
Told wish_acknowledge(RiskSource& source, const Wish& wish, std::uint64_t alert);
// Where the risk role is.
Told wish_write_off(RiskSource& source, const Wish& wish, std::string_view engine);

}  // namespace ats::services
