// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <thread>

#include "pcapml/source.h"

namespace pcapml {

/// Reads the next piece of a source on a thread of its own while the piece before is used. Borrows the
/// source, which nobody else may read; its name, size and position may be asked. Used from one thread.
class ReadAhead {
 public:
  explicit ReadAhead(Source& source);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// Begins to fill a piece, which must stay where it is until wait() returns.
  void start(std::span<std::byte> into);
  /// How much of the piece was filled: all of it, unless the source ends there. Throws what reading threw,
  /// once everything before was given out.
  std::size_t wait();

 private:
  void run();

  Source& source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::span<std::byte> into_;
  std::size_t filled_ = 0;
  std::exception_ptr error_;
  bool reading_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pcapml
