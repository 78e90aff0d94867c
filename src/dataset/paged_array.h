// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataset/temporary_file.h"

namespace pcapml {

/// Any number of values in little memory, to be read and changed at any place; what was used lately is in
/// memory, the rest in a temporary file. Not thread-safe.
template <class T>
class PagedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit PagedArray(std::string directory) : directory_(std::move(directory)) {}

  std::uint64_t size() const { return size_; }
  void push_back(const T& value) { at(size_++) = value; }
  /// To be changed; valid until the next call.
  T& at(std::uint64_t i) {
    Page& page = page_of(i);
    page.is_changed = true;
    return page.values[i % kValues];
  }
  T get(std::uint64_t i) { return page_of(i).values[i % kValues]; }

 private:
  static constexpr std::uint64_t kValues = 64, kPages = 64;

  struct Page {
    std::uint64_t number = 0;
    std::vector<T> values;  // empty: none was here yet
    bool is_changed = false;
  };

  Page& page_of(std::uint64_t i) {
    const std::uint64_t number = i / kValues;
    Page& page = pages_[number % kPages];
    if (page.number != number || page.values.empty()) turn_to(page, number);
    return page;
  }

  void turn_to(Page& page, std::uint64_t number) {
    constexpr std::uint64_t kBytes = kValues * sizeof(T);
    if (!page.values.empty() && page.is_changed) {
      if (!file_) file_.emplace(directory_);
      file_->write_at(page.number * kBytes, std::as_bytes(std::span(page.values)));
      written_ = std::max(written_, page.number + 1);
    }
    page.number = number;
    page.is_changed = false;
    page.values.assign(kValues, T{});
    if (number < written_) file_->read_at(number * kBytes, std::as_writable_bytes(std::span(page.values)));
  }

  std::string directory_;
  std::optional<TemporaryFile> file_;
  std::array<Page, kPages> pages_;
  std::uint64_t size_ = 0;
  std::uint64_t written_ = 0;  // pages up to here may be in the file
};

}  // namespace pcapml
