// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "dataset/external_sorter.h"

namespace pcapml {

/// An ExternalSorter of values of one kind.
template <class T>
class RecordSorter {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  RecordSorter(std::size_t memory_bytes, std::string directory)
      : sorter_(memory_bytes, std::move(directory)) {}

  void add(std::uint64_t major, std::uint64_t minor, const T& value) {
    std::memcpy(sorter_.add({major, minor}, sizeof value), &value, sizeof value);
  }

  /// The next value with its keys; nullptr at the end. Dies at the next call.
  const T* next() {
    const ExternalSorter::Record* record = sorter_.next();
    if (record == nullptr) return nullptr;
    major_ = record->key.major;
    minor_ = record->key.minor;
    std::memcpy(&value_, record->content.data(), sizeof value_);
    return &value_;
  }
  std::uint64_t major() const { return major_; }
  std::uint64_t minor() const { return minor_; }

 private:
  ExternalSorter sorter_;
  T value_{};
  std::uint64_t major_ = 0, minor_ = 0;
};

}  // namespace pcapml
