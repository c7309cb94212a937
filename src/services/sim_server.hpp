// Simulated exchanges behind sockets: each venue's own REST and WebSocket paths on its own loopback port,
// authentication enforced, one matching engine and one seeded market behind them all. Runs in a thread
// of its own, so that `ats run` can bring its exchanges along.
//
// Ports: base = control, then one per venue in the order of design: +1 Binance, +2 Upbit, +3 Coinbase,
// +4 Kraken, +5 Bitfinex. Control: GET /venues, GET /state, POST /faults.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "venues/client.hpp"

namespace ats::services {

// Every venue of the registry that has an exchange's side.
std::vector<std::string> simulated_venues();

struct SimServerOptions {
  std::uint16_t port_base = 0;  // 0: free ports are found
  std::uint64_t seed = 1;
  std::vector<std::string> venues = simulated_venues();
  std::vector<std::string> pairs = {"BTC/USDT", "ETH/USDT", "SOL/USDT"};
  std::vector<std::string> withdrawal_rights;  // venues whose keys may also withdraw
  Duration key_life;                           // of all keys, from the start; 0: without end
};

struct SimVenue {
  std::string name;
  venues::VenueUrls urls;
  venues::Credentials credentials;
};

struct Config;

class SimServer {
 public:
  // Returns when every port listens. The error says which port is taken or which name is not known.
  static Result<std::unique_ptr<SimServer>, std::string> start(const SimServerOptions& options);
  // Closes all connections and ends the thread.
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  std::string control_url() const;
  const std::vector<SimVenue>& venues() const;
  // Enables the simulated venues in the configuration, at their URLs; their credentials, by venue.
  std::map<std::string, venues::Credentials> point(Config& config) const;
  // What GET /state answers: every account's balances, open orders, fills. Any thread.
  std::string state_json() const;

 private:
  class World;
  explicit SimServer(std::unique_ptr<World> world);
  std::unique_ptr<World> world_;
};

}  // namespace ats::services
