// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <span>
#include <utility>

namespace pcapml {

/// Memory in large pages, for what is filled in no order; pages that were never written cost nothing, and all
/// go back to the system at once.
class LargeBuffer {
 public:
  LargeBuffer() = default;
  explicit LargeBuffer(std::size_t size) { reserve(size); }
  ~LargeBuffer() { release(); }
  LargeBuffer(LargeBuffer&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  LargeBuffer(const LargeBuffer&) = delete;
  LargeBuffer& operator=(const LargeBuffer&) = delete;

  std::byte* get() const { return bytes_; }
  std::size_t size() const { return size_; }

  /// Has the pages of a part ready before they are used, as far as the system can (Linux 5.14). May be
  /// called beside whoever uses them.
  void populate(std::size_t begin, std::size_t end) const {
#ifdef MADV_POPULATE_WRITE
    ::madvise(bytes_ + begin, end - begin, MADV_POPULATE_WRITE);
#endif
  }

  /// Drops what it holds where that is less than `size`.
  void reserve(std::size_t size) {
    if (size <= size_) return;
    release();
    void* bytes =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED) throw std::bad_alloc();
    bytes_ = static_cast<std::byte*>(bytes);
    size_ = size;
    ::madvise(bytes_, size_, MADV_HUGEPAGE);  // where there are none, small ones do
  }

  void release() {
    if (bytes_ != nullptr) ::munmap(bytes_, size_);
    bytes_ = nullptr;
    size_ = 0;
  }

 private:
  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pcapml
