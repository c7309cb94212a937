#include "io/redis_client.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "io/clock.hpp"

namespace ats::io {
namespace {

constexpr Duration first_pause = milliseconds(100);
constexpr Duration look_every = seconds(1);

void close_reader(redisReader* reader) { redisReaderFree(reader); }

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

RedisValue value_of(const redisReply& reply) {
  RedisValue value;
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      value.kind = RedisValue::Kind::Integer;
      value.integer = reply.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      value.kind =
          reply.type == REDIS_REPLY_ERROR ? RedisValue::Kind::Error : RedisValue::Kind::Text;
      value.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_ARRAY:
      value.kind = RedisValue::Kind::List;
      for (std::size_t n = 0; n < reply.elements; ++n)
        value.list.push_back(value_of(*reply.element[n]));
      break;
    default:
      break;
  }
  return value;
}

}  // namespace

RedisClient::RedisClient(Reactor& reactor, RedisOptions options, Outside outside)
    : reactor_(reactor),
      options_(std::move(options)),
      outside_(std::move(outside)),
      pause_(first_pause, options_.pause_most, options_.jitter_seed),
      reader_(nullptr, close_reader) {
  connect();
  watch();
}

RedisClient::~RedisClient() {
  reactor_.cancel(again_);
  reactor_.cancel(watch_);
  reactor_.cancel(flush_);
}

void RedisClient::connect() {
  reader_.reset(redisReaderCreate());
  StreamListener& listener = *this;
  stream_ = std::make_unique<Stream>(reactor_, listener,
                                     StreamOptions{.connect_timeout = options_.answer_within});
  stream_->connect(options_.host, options_.port, options_.tls);
}

void RedisClient::on_open() { begin_session(); }

// Who we are, if the server wants to know; then it is asked something anyone may ask, so that a server that does not take us
// is found out before anything is entrusted to it.
void RedisClient::begin_session() {
  const auto refused = [this](const Result<RedisValue, RedisError>& answer) {
    if (answer && answer->kind != RedisValue::Kind::Error) return false;
    if (answer) lose("it does not take us: " + answer->text);
    return true;
  };
  if (!options_.password.empty()) {
    const std::string_view password = options_.password.reveal();
    const std::string_view user =
        options_.user.empty() ? "default" : std::string_view(options_.user);
    write({"AUTH", user, password}, [refused](const auto& answer) { refused(answer); });
  }
  write({"PING"}, [this, refused](const auto& answer) {
    if (!refused(answer)) accepted();
  });
}

void RedisClient::accepted() {
  ready_ = true;
  pause_.succeeded();
  down_told_.clear();
  if (heard_) listen();
  if (outside_.up) outside_.up();
}

void RedisClient::listen() {
  write({"PSUBSCRIBE", pattern_}, [this](const Result<RedisValue, RedisError>& answer) {
    if (answer && answer->kind == RedisValue::Kind::Error)
      lose("it does not let us listen to " + pattern_ + ": " + answer->text);
  });
}

bool RedisClient::send(std::initializer_list<std::string_view> command, Answer answer) {
  if (!ready_ || answers_.size() >= options_.waiting_max) return false;
  return write(command, std::move(answer));
}

void RedisClient::subscribe(const std::string& pattern, Heard heard) {
  pattern_ = pattern;
  heard_ = std::move(heard);
  if (ready_) listen();
}

// What is said in one turn of the loop leaves together, at the beginning of the next: a system call for a hundred commands
// instead of one for each.
bool RedisClient::write(std::initializer_list<std::string_view> command, Answer answer) {
  constexpr std::size_t head_most = 24;  // "$", a size, an end of line
  std::size_t most = head_most;
  for (const std::string_view part : command) most += head_most + part.size();
  char* const begin = stream_->prepare(most);
  if (begin == nullptr) return false;
  char* at = begin;
  const auto head = [&](char kind, std::size_t size) {
    *at++ = kind;
    at = std::to_chars(at, at + head_most, size).ptr;
    *at++ = '\r';
    *at++ = '\n';
  };
  head('*', command.size());
  for (const std::string_view part : command) {
    head('$', part.size());
    at = std::copy(part.begin(), part.end(), at);
    *at++ = '\r';
    *at++ = '\n';
  }
  stream_->commit(static_cast<std::size_t>(at - begin));
  if (!flush_.set()) {
    now_ = OsClock::now();
    flush_ = reactor_.after({}, [this] {
      flush_ = {};
      if (stream_) stream_->flush();
    });
  }
  answers_.push_back({std::move(answer), now_ + options_.answer_within});
  return true;
}

void RedisClient::on_bytes() {
  const Lifeline::Watch watch(lifeline_);
  const Stream* const stream = stream_.get();
  const std::span<char> bytes = stream_->received();
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK)
    return lose("an answer that makes no sense");
  stream_->consume(bytes.size());
  while (true) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK)
      return lose("an answer that makes no sense");
    if (raw == nullptr) return;
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
    take(*reply);
    if (watch.dead() || stream_.get() != stream) return;
  }
}

void RedisClient::take(const redisReply& reply) {
  // A message to a subscriber answers nothing.
  const bool list = reply.type == REDIS_REPLY_ARRAY && heard_ != nullptr;
  const auto word = [&](std::size_t n) {
    return std::string_view(reply.element[n]->str, reply.element[n]->len);
  };
  if (list && reply.elements == 4 && word(0) == "pmessage") return heard_(word(2), word(3));
  if (answers_.empty()) return lose("an answer to nothing");
  const Answer answer = std::move(answers_.front().answer);
  answers_.pop_front();
  if (answer) answer(value_of(reply));
}

void RedisClient::on_close(CloseReason reason) { lose(name(reason)); }

void RedisClient::lose(const std::string& why) {
  const Lifeline::Watch watch(lifeline_);
  ready_ = false;
  reactor_.cancel(flush_);
  // Its own callbacks may be on the stack.
  if (stream_) {
    stream_->reset();
    reactor_.post([gone = std::shared_ptr<Stream>(std::move(stream_))] {});
  }
  reactor_.cancel(again_);
  again_ = reactor_.after(pause_.next(), [this] { connect(); });
  for (const Waiting& lost : std::exchange(answers_, {})) {
    if (lost.answer) lost.answer(fail(RedisError::Lost));
    if (watch.dead()) return;
  }
  if (std::exchange(down_told_, why) != why && outside_.down) outside_.down(why);
}

// Answers come in order: when the first is overdue none behind it will come sooner.
void RedisClient::watch() {
  watch_ = reactor_.after(look_every, [this] { watch(); });
  if (!answers_.empty() && OsClock::now() >= answers_.front().until)
    lose("no answer within " + std::to_string(options_.answer_within.ns / 1'000'000) + " ms");
}

}  // namespace ats::io
