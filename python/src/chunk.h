// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

namespace pcapml::python {

/// Memory for packets, given out again when it is dropped: batches come and go faster than the kernel clears
/// pages. At most kKept bytes wait to be used again. Movable; thread-safe as a whole.
class Chunk {
 public:
  static constexpr std::size_t kSmallest = std::size_t{4} << 10;
  static constexpr std::size_t kLargest = std::size_t{256} << 10;
  static constexpr std::size_t kKept = std::size_t{16} << 20;

  /// At least so many bytes.
  explicit Chunk(std::size_t size);
  ~Chunk();
  Chunk(Chunk&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Chunk& operator=(Chunk&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_;
  std::size_t size_;
};

}  // namespace pcapml::python
