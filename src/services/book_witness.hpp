// Watches a journal go by and says whether every order that left was priced from a book that could be priced
// from, or, to unwind, from an answer by REST that was not too old: by plain books of its own, fed with the same market events, that share nothing with the core's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "sim/audit_book.hpp"

namespace ats::services {

class BookWitness {
 public:
  BookWitness() = default;
  BookWitness(const BookWitness&) = delete;  // books refer to the universe
  BookWitness& operator=(const BookWitness&) = delete;

  // An event of the journal and what the core wanted then; the first one is Started.
  void observe(const Event& event, Instant now, const Actions& actions);
  // The two halves of it.
  void hear(const Event& event, Instant now);
  void check(const OrderRequest& order, Instant now);

  std::uint64_t orders() const { return orders_; }
  // Orders whose book was not to be priced from.
  std::uint64_t unproven() const { return unproven_; }
  // Of the first of them, for people; empty when there is none.
  const std::string& first() const { return first_; }

 private:
  void start(const Universe& universe, const CoreConfig& config);

  Universe universe_;
  std::vector<sim::AuditBook> books_;  // by instrument
  std::vector<Instant> heard_;         // by venue: the last sign of life
  std::vector<Instant>
      images_;  // by instrument: when the question for its last image left; zero: none
  Duration max_polled_age_;
  std::uint64_t orders_ = 0;
  std::uint64_t unproven_ = 0;
  std::string first_;
};

}  // namespace ats::services
