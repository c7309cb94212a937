#include "services/shared_answers.hpp"

#include <google/protobuf/message.h>

#include <utility>

#include "io/clock.hpp"

namespace ats::services {

void SharedAnswers::ask(ApiSource& source, const std::string& method, const ApiMessage& request,
                        Duration fresh, Instant now, Callback callback) {
  const std::string key = source.name() + '\n' + method + '\n' + request->SerializeAsString();
  if (entries_.size() >= kept_most) forget(now);
  std::shared_ptr<Entry>& entry = entries_[key];
  if (!entry) entry = std::make_shared<Entry>();
  if (entry->answer && now - entry->answer->at < fresh) return callback(entry->answer);
  entry->waiting.push_back(std::move(callback));
  if (entry->waiting.size() > 1) return;
  source.call(method, request, patience, [entry](Result<ApiMessage, ApiFailure> answer) {
    entry->answer.reset();
    if (answer) {
      entry->answer = std::make_shared<SharedAnswer>();
      entry->answer->message = std::move(*answer);
      entry->answer->at = io::OsClock::now();
    }
    for (const Callback& waits : std::exchange(entry->waiting, {})) {
      answer ? waits(entry->answer) : waits(fail(answer.error()));
    }
  });
}

// What is under way keeps its entry itself.
void SharedAnswers::forget(Instant now) {
  std::erase_if(entries_, [&](const auto& item) {
    const Entry& entry = *item.second;
    return entry.waiting.empty() && (!entry.answer || now - entry.answer->at > seconds(1));
  });
}

}  // namespace ats::services
