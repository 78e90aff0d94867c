// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <memory>

#include "io/appender.h"
#include "pcapml/bytes.h"
#include "pcapml/sink.h"

namespace pcapml {

/// Gathers output in large buffers and hands them to a sink, on a thread of its own where that helps.
///
/// Used from one thread. Errors of the sink appear at a later call, at the latest in finish(). Destroying a
/// stream without finish() drops what was not yet written.
class OutputStream final : public Appender {
 public:
  enum class Threading : unsigned char { background, none };

  explicit OutputStream(std::unique_ptr<Sink> sink, Threading threading = Threading::none);
  ~OutputStream() override;
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  std::byte* append(std::size_t n) override {
    if (n > capacity_ - used_) make_room(n);
    std::byte* at = buffer_ + used_;
    used_ += n;
    return at;
  }

  void write(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(append(bytes.size()), bytes.data(), bytes.size());
  }

  /// Bytes appended so far.
  std::uint64_t position() const { return flushed_ + used_; }

  /// Hands on everything, waits for it, and finishes the sink.
  void finish();

 private:
  class Worker;

  void make_room(std::size_t n);
  void flush();

  std::unique_ptr<Sink> sink_;
  Threading threading_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<std::byte[]> storage_;
  std::byte* buffer_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::uint64_t flushed_ = 0;
};

}  // namespace pcapml
