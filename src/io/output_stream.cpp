// SPDX-License-Identifier: Apache-2.0
#include "io/output_stream.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "io/interrupt.h"
#include "io/worker_thread.h"

namespace pcapml {
namespace {

constexpr std::size_t kBufferSize = std::size_t{1} << 20;
constexpr std::size_t kQueuedBuffers = 3;

struct Buffer {
  std::unique_ptr<std::byte[]> bytes;
  std::size_t capacity = 0;
  std::size_t used = 0;
};

Buffer new_buffer(std::size_t capacity) {
  return {std::make_unique_for_overwrite<std::byte[]>(capacity), capacity, 0};
}

}  // namespace

/// One thread that writes what it is given, in order.
class OutputStream::Worker {
 public:
  explicit Worker(Sink& sink) : sink_(sink) {
    thread_ = start_worker([this] { run(); });
  }

  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      queue_.clear();
    }
    changed_.notify_all();
    thread_.join();
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Queues a full buffer and gives an empty one of at least `capacity` in return.
  Buffer exchange(Buffer full, std::size_t capacity) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return error_ || queue_.size() < kQueuedBuffers; });
    rethrow();
    queue_.push_back(std::move(full));
    Buffer empty;
    if (!free_.empty() && free_.back().capacity >= capacity) {
      empty = std::move(free_.back());
      free_.pop_back();
    }
    lock.unlock();
    changed_.notify_all();
    if (!empty.bytes) empty = new_buffer(capacity);
    return empty;
  }

  void wait_until_written() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return error_ || (queue_.empty() && !writing_); });
    rethrow();
  }

 private:
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      Buffer buffer = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      lock.unlock();
      std::exception_ptr error;
      try {
        sink_.write({buffer.bytes.get(), buffer.used});
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      writing_ = false;
      error_ = error;
      if (buffer.capacity == kBufferSize) free_.push_back(std::move(buffer));
      changed_.notify_all();
      if (error_) return;
    }
  }

  Sink& sink_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Buffer> queue_;
  std::vector<Buffer> free_;
  std::exception_ptr error_;
  bool writing_ = false;
  bool stop_ = false;
  std::thread thread_;
};

OutputStream::OutputStream(std::unique_ptr<Sink> sink, Threading threading)
    : sink_(std::move(sink)), threading_(threading) {}

OutputStream::~OutputStream() = default;

void OutputStream::make_room(std::size_t n) {
  flush();
  if (n <= capacity_) return;
  capacity_ = std::max(n, kBufferSize);
  storage_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
  buffer_ = storage_.get();
}

void OutputStream::flush() {
  if (used_ == 0) return;
  check_interrupt();
  if (threading_ == Threading::background) {
    if (!worker_) worker_ = std::make_unique<Worker>(*sink_);
    flushed_ += used_;
    Buffer full{std::move(storage_), std::exchange(capacity_, 0), std::exchange(used_, 0)};
    buffer_ = nullptr;  // no buffer while the exchange may throw
    Buffer next = worker_->exchange(std::move(full), kBufferSize);
    storage_ = std::move(next.bytes);
    capacity_ = next.capacity;
    buffer_ = storage_.get();
  } else {
    const std::size_t size = std::exchange(used_, 0);
    flushed_ += size;
    sink_->write({buffer_, size});
  }
}

void OutputStream::finish() {
  if (worker_) {
    flush();
    worker_->wait_until_written();
  } else if (const std::size_t size = std::exchange(used_, 0); size > 0) {
    flushed_ += size;
    sink_->write({buffer_, size});  // a small output never needs the thread
  }
  sink_->finish();
}

}  // namespace pcapml
