// Lets an object be destroyed from within a callback that it makes: the code that calls out keeps a
// Watch on its object's Lifeline and looks at it before it touches the object again.
#pragma once

namespace ats::io {

class Lifeline {
 public:
  class Watch {
   public:
    explicit Watch(Lifeline& line) : line_(&line), outer_(line.innermost_) {
// The destructor takes this back, unless the Lifeline itself is gone: g++ cannot see the second half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
      line.innermost_ = this;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() {
      if (line_ != nullptr) line_->innermost_ = outer_;
    }
    bool dead() const { return line_ == nullptr; }

   private:
    friend class Lifeline;
    Lifeline* line_;
    Watch* outer_;
  };

  Lifeline() = default;
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;
  ~Lifeline() {
    for (Watch* w = innermost_; w != nullptr; w = w->outer_) w->line_ = nullptr;
  }

 private:
  Watch* innermost_ = nullptr;
};

}  // namespace ats::io
