// SPDX-License-Identifier: Apache-2.0
#include "background.h"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "errors.h"
#include "io/interrupt.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

constexpr std::chrono::milliseconds kFirstWait{1}, kLongestWait{50};

/// A piece of work on its thread. The destructor waits for its end.
class Background {
 public:
  explicit Background(const std::function<void()>& work)
      : thread_([this, &work] {
          watch_interrupt(&interrupt_);
          try {
            work();
          } catch (...) {
            error_ = std::current_exception();
          }
          const std::lock_guard lock(mutex_);
          done_ = true;
          ended_.notify_one();
        }) {}
  ~Background() { thread_.join(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  bool wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, time, [this] { return done_; });
  }
  /// Has it end, and waits for that.
  void end() {
    interrupt_ = SIGINT;
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return done_; });
  }
  /// After its end.
  const std::exception_ptr& error() const { return error_; }

 private:
  InterruptMark interrupt_ = 0;  // its own: other threads may run operations, too
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

void SharedProgress::tell(const nb::object& callback) const {
  if (callback.is_none()) return;
  const std::uint64_t total = total_.load(std::memory_order_relaxed);
  callback(done_.load(std::memory_order_relaxed),
           total == kUnknown ? nb::none() : nb::object(nb::int_(total)),
           packets_.load(std::memory_order_relaxed));
}

void run_in_background(const std::function<void()>& work, const SharedProgress& progress,
                       const nb::object& callback) {
  std::exception_ptr raised, failed;
  {
    const nb::gil_scoped_release unlocked;
    Background background(work);
    auto wait = kFirstWait;
    while (!raised && !background.wait_for(wait)) {
      wait = std::min(wait * 2, kLongestWait);
      const nb::gil_scoped_acquire locked;
      try {
        check_signals();
        if (wait == kLongestWait) progress.tell(callback);
      } catch (...) {
        raised = std::current_exception();
      }
    }
    if (raised) background.end();
    failed = background.error();
  }
  if (raised) std::rethrow_exception(raised);
  if (failed) std::rethrow_exception(failed);
  progress.tell(callback);
}

}  // namespace pcapml::python
