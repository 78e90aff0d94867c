// SPDX-License-Identifier: Apache-2.0
#include "io/read_ahead.h"

#include "io/worker_thread.h"

namespace pcapml {

ReadAhead::ReadAhead(Source& source) : source_(source), thread_(start_worker([this] { run(); })) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::start(std::span<std::byte> into) {
  {
    const std::lock_guard lock(mutex_);
    into_ = into;
    filled_ = 0;
    reading_ = true;
  }
  changed_.notify_all();
}

std::size_t ReadAhead::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !reading_; });
  if (error_ && filled_ == 0) std::rethrow_exception(error_);
  return filled_;
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || reading_; });
    if (stop_) return;
    const std::span<std::byte> into = into_;
    const bool failed = error_ != nullptr;
    lock.unlock();
    std::size_t filled = 0;
    std::exception_ptr error;
    try {
      while (!failed && filled < into.size()) {
        const std::size_t got = source_.read(into.subspan(filled));
        if (got == 0) break;
        filled += got;
      }
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    filled_ = filled;
    if (error) error_ = error;
    reading_ = false;
    changed_.notify_all();
  }
}

}  // namespace pcapml
