// What the dashboard's pages hold copies of: topics, each a table of rows by key. A source is read again and again; what
// changed since is given to each reader by version, so that a slow reader gets fewer updates, each with the newest rows,
// and nothing waits for it. Pure; the time comes in.
//
// Invariants: whoever applies every update from the first on, rows put in place of those of the same key and gone ones
// taken away, holds what the topic holds. A reader that is further back than what is remembered of gone rows gets all of them
// anew. Memory is bounded by the rows that there are and `gone_most` keys.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace ats::services {

// One row as it was read.
struct ReadRow {
  std::string key;
  // What it is, in any form in which equal means equal, without durations that run on by themselves (an age): they are
  // below, and no news while they grow as time does.
  std::string identity;
  std::vector<std::int64_t> running;  // ns
};

class Topic {
 public:
  static constexpr std::size_t gone_most = 1'000;
  // A duration that is further than this from where time would have brought it makes its row news.
  static constexpr Duration drift = seconds(1);

  // The rows there are now, and what each is in JSON, asked for only of those that are news. True: something changed.
  bool read(const std::vector<ReadRow>& rows, const std::function<std::string(std::size_t)>& json,
            Instant now);
  // Rows to be put over those that there are; nothing is taken away.
  bool add(const std::string& key, std::string json);
  // Takes the oldest rows away, so that so many stay.
  void keep(std::size_t rows);

  // 0: nothing was ever read.
  std::uint64_t version() const { return version_; }
  std::size_t rows() const { return rows_.size(); }

  // The members of an update that brings a reader from `seen` (0: it has nothing) to version():
  // "snapshot":true,"rows":{…},"gone":[…]. Nothing: there is no news.
  std::optional<std::string> since(std::uint64_t seen) const;

 private:
  struct Row {
    std::string identity;
    std::vector<std::int64_t> running;
    Instant at;
    std::string json;
    std::uint64_t version = 0;
    std::uint64_t reading = 0;
  };

  bool is_news(const Row& row, const ReadRow& read, Instant now) const;
  void went(std::string key);

  std::map<std::string, Row> rows_;
  std::deque<std::pair<std::uint64_t, std::string>> gone_;  // by version
  std::uint64_t forgotten_ = 0;  // of gone rows up to this version nothing is known
  std::uint64_t version_ = 0;
  std::uint64_t readings_ = 0;
};

// `text` as a JSON string, quotes included. What is no UTF-8 in it is replaced.
std::string json_string(const std::string& text);

}  // namespace ats::services
