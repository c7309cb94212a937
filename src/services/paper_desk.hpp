// Paper trading in a running process: the paper exchange, its time from the reactor, its answers to the core,
// and its state from the journal. Nothing of it touches a socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/status.hpp"
#include "io/reactor.hpp"
#include "services/config.hpp"
#include "sim/paper_exchange.hpp"

namespace ats::services {

class PaperDesk {
 public:
  PaperDesk(io::Reactor& reactor, const PaperConfig& config);
  ~PaperDesk();

  // What a journal holds of earlier lives, in its order.
  void fold(const Event& event, const Actions& actions);
  // Whether the configured balances are of venues and assets that there are; what is wrong with them.
  std::optional<std::string> check(const Universe& universe) const;
  // After Started: every venue answers from now on, to `core`. Lines worth telling a person.
  std::vector<std::string> open(const Universe& universe, std::uint32_t incarnation,
                                EventSink& core);

  // From within the handling of an event, before its effects are carried out.
  void on_handled(const Event& event, Instant now);
  static bool concerns(const Action& action) { return sim::PaperExchange::concerns(action); }
  void act(const Action& action, Instant now);

  // Every order and answer has arrived.
  bool settled() const { return exchange_.idle(); }
  // Where the ledger is not what the paper exchange says.
  std::vector<std::string> differences(const CoreStatus& status, const Universe& universe) const;

 private:
  void advance();
  void arm();

  io::Reactor& reactor_;
  const PaperConfig& config_;
  sim::PaperExchange exchange_;
  bool begun_ = false;         // by an earlier life: the accounts hold something
  EventSink* core_ = nullptr;  // null: not open yet
  io::TimerId timer_;
  Instant armed_ = sim::PaperExchange::never;
};

}  // namespace ats::services
