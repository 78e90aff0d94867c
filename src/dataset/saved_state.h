// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// Writes values one behind the other, in the form that they have in memory: for temporary files.
class StateWriter {
 public:
  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    append({reinterpret_cast<const std::byte*>(&value), sizeof value});
  }
  void put(const std::string& text) {
    put(text.size());
    append(as_bytes(text));
  }
  Bytes bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  std::vector<std::byte> bytes_;
};

/// Takes the values again, in the same order.
class StateReader {
 public:
  explicit StateReader(Bytes bytes) : bytes_(bytes) {}

  template <class T>
  T take() {
    T value;
    std::memcpy(&value, next(sizeof value).data(), sizeof value);
    return value;
  }
  std::string take_text() { return std::string(as_text(next(take<std::size_t>()))); }

 private:
  Bytes next(std::size_t n) {
    const Bytes taken = bytes_.first(n);
    bytes_ = bytes_.subspan(n);
    return taken;
  }

  Bytes bytes_;
};

}  // namespace pcapml
