// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataset/temporary_file.h"

namespace pcapml {

/// Any number of values in little memory; they are added and taken off at the end, and read at any place.
/// What is far from the end lies in a temporary file. Not thread-safe.
template <class T>
class RecordSpool {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit RecordSpool(std::string directory) : directory_(std::move(directory)) {}

  std::uint64_t size() const { return spilled_ + tail_.size(); }
  void push_back(const T& value) {
    if (tail_.size() == 2 * kChunk) spill();
    tail_.push_back(value);
  }
  /// From the end: back(0) is the last. Those that can be changed are the last two.
  T& back(std::size_t i) {
    while (tail_.size() <= i) load();
    return tail_[tail_.size() - 1 - i];
  }
  void pop_back() {
    if (tail_.empty()) load();
    tail_.pop_back();
  }
  void clear() {
    tail_.clear();
    spilled_ = 0;
    cached_.clear();
  }
  /// A value, by its place; only without pop_back().
  T read(std::uint64_t i) {
    if (i >= spilled_) return tail_[i - spilled_];
    if (i < cache_begin_ || i >= cache_begin_ + cached_.size()) {
      cache_begin_ = i;
      cached_.resize(std::min<std::uint64_t>(kCached, spilled_ - i));
      file_->read_at(i * sizeof(T), std::as_writable_bytes(std::span(cached_)));
    }
    return cached_[i - cache_begin_];
  }

 private:
  static constexpr std::size_t kChunk = 1024, kCached = 128;

  void spill() {
    if (!file_) file_.emplace(directory_);
    file_->write_at(spilled_ * sizeof(T), std::as_bytes(std::span(tail_).first(kChunk)));
    spilled_ += kChunk;
    tail_.erase(tail_.begin(), tail_.begin() + kChunk);
  }

  void load() {
    std::vector<T> chunk(kChunk);
    spilled_ -= kChunk;
    file_->read_at(spilled_ * sizeof(T), std::as_writable_bytes(std::span(chunk)));
    tail_.insert(tail_.begin(), chunk.begin(), chunk.end());
  }

  std::string directory_;
  std::optional<TemporaryFile> file_;
  std::uint64_t spilled_ = 0;  // values in the file that count
  std::vector<T> tail_;
  std::vector<T> cached_;  // values of the file
  std::uint64_t cache_begin_ = 0;
};

}  // namespace pcapml
