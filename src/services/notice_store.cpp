#include "services/notice_store.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>

#include "io/secret_file.hpp"

namespace ats::services {
namespace {

constexpr const char* version = "1";

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS fact(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cursor(stream TEXT PRIMARY KEY, entry TEXT NOT NULL, journal INTEGER NOT NULL,
  number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS matter(source TEXT, category TEXT, scope TEXT, subject TEXT, journal INTEGER NOT NULL,
  severity INTEGER NOT NULL, message TEXT NOT NULL, last TEXT NOT NULL, acknowledged INTEGER NOT NULL,
  at INTEGER NOT NULL, open TEXT NOT NULL, PRIMARY KEY(source, category, scope, subject)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standing(source TEXT, category TEXT, scope TEXT, subject TEXT, rule TEXT,
  told INTEGER NOT NULL, pause INTEGER NOT NULL, counted INTEGER NOT NULL, escalations INTEGER NOT NULL,
  escalate_at INTEGER NOT NULL, clear_due INTEGER NOT NULL,
  PRIMARY KEY(source, category, scope, subject, rule)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery(id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, rule TEXT NOT NULL,
  severity INTEGER NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL, state INTEGER NOT NULL,
  attempts INTEGER NOT NULL, reason TEXT NOT NULL, ended INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS delivery_next ON delivery(channel, state, severity DESC, due, id);
CREATE INDEX IF NOT EXISTS delivery_ended ON delivery(state, ended);
CREATE INDEX IF NOT EXISTS delivery_made ON delivery(state, made);
CREATE TABLE IF NOT EXISTS hit(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, rule TEXT NOT NULL, channel TEXT NOT NULL,
  kind TEXT NOT NULL, severity INTEGER NOT NULL, source TEXT NOT NULL, category TEXT NOT NULL, scope TEXT NOT NULL,
  subject TEXT NOT NULL, message TEXT NOT NULL, alerts TEXT NOT NULL, times INTEGER NOT NULL, at INTEGER NOT NULL,
  due INTEGER NOT NULL, alone INTEGER NOT NULL, delivery INTEGER REFERENCES delivery(id));
CREATE INDEX IF NOT EXISTS hit_held ON hit(due) WHERE delivery IS NULL;
CREATE INDEX IF NOT EXISTS hit_delivery ON hit(delivery);
CREATE TABLE IF NOT EXISTS attempt(delivery INTEGER NOT NULL REFERENCES delivery(id), number INTEGER NOT NULL,
  began INTEGER NOT NULL, ended INTEGER NOT NULL, outcome TEXT NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY(delivery, number)) WITHOUT ROWID;
)";

template <class Numbers>
std::string join(const Numbers& numbers) {
  std::string out;
  for (const std::uint64_t n : numbers) out += (out.empty() ? "" : ",") + std::to_string(n);
  return out;
}

std::vector<std::uint64_t> split(const std::string& text) {
  std::vector<std::uint64_t> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::uint64_t n = 0;
    at = std::from_chars(at, end, n).ptr + 1;
    out.push_back(n);
  }
  return out;
}

io::SqlStatement& bind(io::SqlStatement& to, const report::MatterKey& key) {
  return to.bind(key.source).bind(key.category).bind(key.scope).bind(key.subject);
}

std::int64_t of(DeliveryState state) { return static_cast<std::int64_t>(state); }

constexpr const char* delivery_columns =
    "SELECT id, channel, rule, severity, made, due, state, attempts, reason, ended FROM delivery ";

Delivery read_delivery(const io::SqlStatement& row) {
  Delivery out;
  out.id = row.number(0);
  out.channel = row.text(1), out.rule = row.text(2);
  out.severity = static_cast<Severity>(row.number(3));
  out.made = {row.number(4)}, out.due = {row.number(5)};
  out.state = static_cast<DeliveryState>(row.number(6));
  out.attempts = static_cast<std::uint32_t>(row.number(7));
  out.reason = row.text(8);
  out.ended = {row.number(9)};
  return out;
}

std::string random_name() {
  std::array<std::uint8_t, 8> bytes{};
  io::fill_random(bytes);
  std::string out;
  for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

}  // namespace

const char* name(DeliveryState state) {
  switch (state) {
    case DeliveryState::Waiting:
      return "waiting";
    case DeliveryState::Trying:
      return "trying";
    case DeliveryState::Delivered:
      return "delivered";
    case DeliveryState::Dead:
      return "dead";
  }
  return "?";
}

Result<std::unique_ptr<NoticeStore>, std::string> NoticeStore::open(
    const std::filesystem::path& file) {
  auto database = io::Sqlite::open(file);
  if (!database) return fail(database.error());
  std::unique_ptr<NoticeStore> store(new NoticeStore(*std::move(database)));
  if (auto error = store->prepare()) return fail(std::move(*error));
  return store;
}

std::optional<std::string> NoticeStore::prepare() {
  begin();
  if (!database_->execute(schema)) return failure();
  const auto fact = [this](std::string_view name) {
    std::string value;
    io::SqlStatement& row = sql("SELECT value FROM fact WHERE name = ?").bind(name);
    if (row.step()) value = row.text(0), row.reset();
    return value;
  };
  const std::string found = fact("version");
  if (found.empty()) {
    sql("INSERT INTO fact VALUES ('version', ?)").bind(std::string_view(version)).run();
    sql("INSERT INTO fact VALUES ('identity', ?)").bind(random_name()).run();
  } else if (found != version) {
    return "the notifier's store is of another version of ats (" + found + "): move it away";
  }
  identity_ = fact("identity");
  return commit() ? std::nullopt : std::optional(failure());
}

void NoticeStore::begin() {
  if (!open_) open_ = database_->begin();
}

bool NoticeStore::commit() {
  if (!open_) return failure().empty();
  open_ = false;
  if (!failure().empty()) {
    database_->roll_back();
    return false;
  }
  return database_->commit();
}

NoticeCursor NoticeStore::cursor(const std::string& stream) {
  NoticeCursor out;
  io::SqlStatement& row =
      sql("SELECT entry, journal, number FROM cursor WHERE stream = ?").bind(stream);
  if (!row.step()) return out;
  out = {row.text(0), row.count(1), row.count(2)};
  row.reset();
  return out;
}

void NoticeStore::put(const std::string& stream, const NoticeCursor& cursor) {
  sql("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)")
      .bind(stream)
      .bind(cursor.entry)
      .bind(cursor.journal)
      .bind(cursor.number)
      .run();
}

std::vector<report::Matter> NoticeStore::matters() {
  std::vector<report::Matter> out;
  std::map<report::MatterKey, std::size_t> at;
  const auto key = [](const io::SqlStatement& row) {
    return report::MatterKey{row.text(0), row.text(1), row.text(2), row.text(3)};
  };
  io::SqlStatement& rows =
      sql("SELECT source, category, scope, subject, journal, severity, message, last, "
          "acknowledged, at, "
          "open FROM matter");
  while (rows.step()) {
    report::Matter& matter = out.emplace_back();
    matter.key = key(rows);
    at[matter.key] = out.size() - 1;
    matter.journal = rows.count(4);
    matter.severity = static_cast<Severity>(rows.number(5));
    matter.message = rows.text(6), matter.last = rows.text(7);
    matter.acknowledged = rows.number(8) != 0;
    matter.at = {rows.number(9)};
    for (const std::uint64_t alert : split(rows.text(10))) matter.open.insert(alert);
  }
  io::SqlStatement& standings =
      sql("SELECT source, category, scope, subject, rule, told, pause, counted, escalations, "
          "escalate_at, clear_due FROM standing");
  while (standings.step()) {
    report::Matter::Standing& s = out[at.at(key(standings))].standings[standings.text(4)];
    s.told = {standings.number(5)};
    s.pause = {standings.number(6)};
    s.counted = static_cast<std::uint32_t>(standings.number(7));
    s.escalations = static_cast<std::uint32_t>(standings.number(8));
    s.escalate_at = {standings.number(9)};
    s.clear_due = standings.number(10) != 0;
  }
  return out;
}

void NoticeStore::put(const report::Matter& matter) {
  bind(sql("INSERT OR REPLACE INTO matter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"), matter.key)
      .bind(matter.journal)
      .bind(static_cast<std::int64_t>(matter.severity))
      .bind(matter.message)
      .bind(matter.last)
      .bind(std::int64_t{matter.acknowledged})
      .bind(matter.at.ns_utc)
      .bind(join(matter.open))
      .run();
  for (const auto& [rule, s] : matter.standings) {
    bind(sql("INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
         matter.key)
        .bind(rule)
        .bind(s.told.ns_utc)
        .bind(s.pause.ns)
        .bind(std::int64_t{s.counted})
        .bind(std::int64_t{s.escalations})
        .bind(s.escalate_at.ns_utc)
        .bind(std::int64_t{s.clear_due})
        .run();
  }
}

void NoticeStore::forget(const report::MatterKey& matter) {
  constexpr const char* where[] = {
      "DELETE FROM matter WHERE source = ? AND category = ? AND scope = ? AND subject = ?",
      "DELETE FROM standing WHERE source = ? AND category = ? AND scope = ? AND subject = ?"};
  for (const char* text : where) bind(sql(text), matter).run();
}

bool NoticeStore::add(const report::Hit& hit) {
  io::SqlStatement& there = sql("SELECT 1 FROM hit WHERE key = ?").bind(hit.key);
  if (there.step()) return there.reset(), false;
  sql("INSERT INTO hit (key, rule, channel, kind, severity, source, category, scope, subject, "
      "message, alerts, times, at, due, alone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?)")
      .bind(hit.key)
      .bind(hit.rule)
      .bind(hit.channel)
      .bind(name(hit.kind))
      .bind(static_cast<std::int64_t>(hit.severity))
      .bind(hit.source)
      .bind(hit.category)
      .bind(hit.scope)
      .bind(hit.subject)
      .bind(hit.message)
      .bind(join(hit.alerts))
      .bind(std::int64_t{hit.times})
      .bind(hit.at.ns_utc)
      .bind(hit.due.ns_utc)
      .bind(std::int64_t{hit.alone})
      .run();
  return true;
}

std::size_t NoticeStore::make_deliveries(WallTime now) {
  struct Due {
    std::int64_t hit, severity;
    std::string rule, channel;
    bool alone;
  };
  std::vector<Due> due;
  io::SqlStatement& rows =
      sql("SELECT id, severity, rule, channel, alone FROM hit WHERE delivery IS NULL AND due <= ? "
          "ORDER BY due, id");
  rows.bind(now.ns_utc);
  while (rows.step())
    due.push_back(
        {rows.number(0), rows.number(1), rows.text(2), rows.text(3), rows.number(4) != 0});
  std::map<std::pair<std::string, std::string>, std::int64_t> shared;
  std::size_t made = 0;
  for (const Due& hit : due) {
    std::int64_t* const with = hit.alone ? nullptr : &shared[{hit.rule, hit.channel}];
    std::int64_t delivery = with != nullptr ? *with : 0;
    if (delivery == 0) {
      sql("INSERT INTO delivery (channel, rule, severity, made, due, state, attempts, reason, "
          "ended) "
          "VALUES (?, ?, ?, ?, ?, 0, 0, '', 0)")
          .bind(hit.channel)
          .bind(hit.rule)
          .bind(hit.severity)
          .bind(now.ns_utc)
          .bind(now.ns_utc)
          .run();
      delivery = database_->last_id();
      if (with != nullptr) *with = delivery;
      ++made;
    } else {
      sql("UPDATE delivery SET severity = max(severity, ?) WHERE id = ?")
          .bind(hit.severity)
          .bind(delivery)
          .run();
    }
    sql("UPDATE hit SET delivery = ? WHERE id = ?").bind(delivery).bind(hit.hit).run();
  }
  return made;
}

std::optional<Delivery> NoticeStore::next(const std::string& channel, WallTime now) {
  static const std::string text = std::string(delivery_columns) +
                                  "WHERE channel = ? AND state = 0 AND due <= ? "
                                  "ORDER BY severity DESC, due, id LIMIT 1";
  io::SqlStatement& row = sql(text.c_str()).bind(channel).bind(now.ns_utc);
  if (!row.step()) return std::nullopt;
  Delivery out = read_delivery(row);
  row.reset();
  return out;
}

std::optional<Delivery> NoticeStore::find(std::int64_t id) {
  static const std::string text = std::string(delivery_columns) + "WHERE id = ?";
  io::SqlStatement& row = sql(text.c_str()).bind(id);
  if (!row.step()) return std::nullopt;
  Delivery out = read_delivery(row);
  row.reset();
  return out;
}

std::optional<std::int64_t> NoticeStore::delivery_of(std::string_view hit) {
  io::SqlStatement& row =
      sql("SELECT delivery FROM hit WHERE key = ? AND delivery IS NOT NULL").bind(hit);
  if (!row.step()) return std::nullopt;
  const std::int64_t id = row.number(0);
  row.reset();
  return id;
}

report::Letter NoticeStore::letter(const Delivery& delivery) {
  report::Letter out;
  out.key = fmt::format("ats-{}-{}", identity_, delivery.id);
  out.rule = delivery.rule;
  out.severity = delivery.severity;
  out.made = delivery.made;
  io::SqlStatement& rows = sql(
      "SELECT key, kind, severity, source, category, scope, subject, message, alerts, times, at "
      "FROM hit WHERE delivery = ? ORDER BY due, id");
  rows.bind(delivery.id);
  while (rows.step()) {
    report::Hit& hit = out.hits.emplace_back();
    hit.key = rows.text(0);
    hit.rule = delivery.rule, hit.channel = delivery.channel;
    hit.kind = report::find_kind(rows.text(1)).value_or(report::Hit::Kind::Told);
    hit.severity = static_cast<Severity>(rows.number(2));
    hit.source = rows.text(3), hit.category = rows.text(4), hit.scope = rows.text(5);
    hit.subject = rows.text(6), hit.message = rows.text(7);
    hit.alerts = split(rows.text(8));
    hit.times = static_cast<std::uint32_t>(rows.number(9));
    hit.at = {rows.number(10)};
  }
  return out;
}

void NoticeStore::begin_attempt(std::int64_t delivery, WallTime now) {
  sql("UPDATE delivery SET state = 1, attempts = attempts + 1 WHERE id = ?").bind(delivery).run();
  sql("INSERT INTO attempt SELECT id, attempts, ?, 0, '', '' FROM delivery WHERE id = ?")
      .bind(now.ns_utc)
      .bind(delivery)
      .run();
}

void NoticeStore::end_attempt(std::int64_t delivery, std::uint32_t attempt, WallTime now,
                              std::string_view outcome, std::string_view answer) {
  sql("UPDATE attempt SET ended = ?, outcome = ?, answer = ? WHERE delivery = ? AND number = ?")
      .bind(now.ns_utc)
      .bind(outcome)
      .bind(answer)
      .bind(delivery)
      .bind(std::int64_t{attempt})
      .run();
}

void NoticeStore::delivered(std::int64_t delivery, WallTime now) {
  sql("UPDATE delivery SET state = 2, reason = '', ended = ? WHERE id = ?")
      .bind(now.ns_utc)
      .bind(delivery)
      .run();
}

void NoticeStore::again(std::int64_t delivery, WallTime due, std::string_view reason) {
  sql("UPDATE delivery SET state = 0, due = ?, reason = ? WHERE id = ?")
      .bind(due.ns_utc)
      .bind(reason)
      .bind(delivery)
      .run();
}

void NoticeStore::dead(std::int64_t delivery, WallTime now, std::string_view reason) {
  sql("UPDATE delivery SET state = 3, reason = ?, ended = ? WHERE id = ?")
      .bind(reason)
      .bind(now.ns_utc)
      .bind(delivery)
      .run();
}

bool NoticeStore::retry(std::int64_t delivery, WallTime now) {
  const auto found = find(delivery);
  if (!found || found->state != DeliveryState::Dead) return false;
  // Its age counts from now, and its next attempt is one of many again.
  sql("UPDATE delivery SET state = 0, due = ?, made = ?, ended = 0 WHERE id = ?")
      .bind(now.ns_utc)
      .bind(now.ns_utc)
      .bind(delivery)
      .run();
  return true;
}

std::size_t NoticeStore::take_up_interrupted(WallTime now) {
  std::vector<Delivery> open = list("", DeliveryState::Trying, 1'000'000);
  for (const Delivery& delivery : open) {
    end_attempt(delivery.id, delivery.attempts, now, "unknown",
                "the notifier ended before the answer: perhaps it was delivered");
    again(delivery.id, now, "interrupted");
  }
  return open.size();
}

std::vector<Delivery> NoticeStore::overdue(WallTime before, std::size_t most) {
  static const std::string text =
      std::string(delivery_columns) + "WHERE state = 0 AND made < ? ORDER BY made, id LIMIT ?";
  std::vector<Delivery> out;
  io::SqlStatement& rows = sql(text.c_str()).bind(before.ns_utc).bind(std::uint64_t{most});
  while (rows.step()) out.push_back(read_delivery(rows));
  return out;
}

std::vector<Delivery> NoticeStore::list(const std::string& channel,
                                        std::optional<DeliveryState> state, std::size_t most) {
  static const std::string text = std::string(delivery_columns) +
                                  "WHERE (?1 = '' OR channel = ?1) AND (?2 < 0 OR state = ?2) "
                                  "ORDER BY id DESC LIMIT ?3";
  std::vector<Delivery> out;
  io::SqlStatement& rows = sql(text.c_str())
                               .bind(channel)
                               .bind(state ? of(*state) : std::int64_t{-1})
                               .bind(std::uint64_t{most});
  while (rows.step()) out.push_back(read_delivery(rows));
  return out;
}

std::vector<Attempt> NoticeStore::attempts(std::int64_t delivery) {
  std::vector<Attempt> out;
  io::SqlStatement& rows =
      sql("SELECT number, began, ended, outcome, answer FROM attempt WHERE delivery = ? ORDER BY "
          "number");
  rows.bind(delivery);
  while (rows.step()) {
    out.push_back({static_cast<std::uint32_t>(rows.number(0)),
                   {rows.number(1)},
                   {rows.number(2)},
                   rows.text(3),
                   rows.text(4)});
  }
  return out;
}

ChannelCounts NoticeStore::counts(const std::string& channel) {
  ChannelCounts out;
  io::SqlStatement& rows =
      sql("SELECT state, count(*), min(made) FROM delivery WHERE channel = ? GROUP BY state");
  rows.bind(channel);
  while (rows.step()) {
    const auto state = static_cast<DeliveryState>(rows.number(0));
    if (state == DeliveryState::Delivered) {
      out.delivered = rows.count(1);
    } else if (state == DeliveryState::Dead) {
      out.dead = rows.count(1);
    } else {
      out.waiting += rows.count(1);
      const WallTime made{rows.number(2)};
      if (!out.oldest.told() || made < out.oldest) out.oldest = made;
    }
  }
  return out;
}

std::uint64_t NoticeStore::held() {
  io::SqlStatement& row = sql("SELECT count(*) FROM hit WHERE delivery IS NULL");
  const std::uint64_t out = row.step() ? row.count(0) : 0;
  row.reset();
  return out;
}

void NoticeStore::prune(WallTime before) {
  constexpr const char* all[] = {
      "DELETE FROM attempt WHERE delivery IN (SELECT id FROM delivery WHERE state = 2 AND ended < "
      "?)",
      "DELETE FROM hit WHERE delivery IN (SELECT id FROM delivery WHERE state = 2 AND ended < ?)",
      "DELETE FROM delivery WHERE state = 2 AND ended < ?"};
  for (const char* text : all) sql(text).bind(before.ns_utc).run();
}

}  // namespace ats::services
