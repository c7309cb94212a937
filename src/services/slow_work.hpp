// What takes long (argon2id: a tenth of a second and 64 MiB), on one thread of its own, one at a time; what follows from it is
// brought back to the thread that asked.
//
// Invariants: what waits is bounded; of what was not taken (false) nothing runs. What follows runs only where `post` brings it, and not at all
// once this is gone.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace ats::services {

class SlowWork {
 public:
  using Call = std::function<void()>;
  using Post = std::function<void(Call)>;
  explicit SlowWork(Post post);
  ~SlowWork();
  SlowWork(const SlowWork&) = delete;
  SlowWork& operator=(const SlowWork&) = delete;

  // `work` runs on the other thread and says what is to be done here. False: too much waits already.
  bool take(std::function<Call()> work);

 private:
  void run();
  const Post post_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // asked on our thread alone
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<Call()>> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace ats::services
