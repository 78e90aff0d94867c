// SPDX-License-Identifier: Apache-2.0
#include "chunk.h"

#include <array>
#include <bit>
#include <mutex>
#include <vector>

namespace pcapml::python {
namespace {

constexpr std::size_t kSizes = std::bit_width(Chunk::kLargest / Chunk::kSmallest);

/// Which of the sizes this is; kSizes where it is none.
std::size_t class_of(std::size_t size) {
  if (size > Chunk::kLargest) return kSizes;
  return static_cast<std::size_t>(std::bit_width((size - 1) / Chunk::kSmallest));
}

class Pool {
 public:
  std::byte* take(std::size_t index) {
    const std::lock_guard lock(mutex_);
    if (free_[index].empty()) return nullptr;
    std::byte* const chunk = free_[index].back();
    free_[index].pop_back();
    kept_ -= Chunk::kSmallest << index;
    return chunk;
  }
  bool give(std::byte* chunk, std::size_t index) {
    const std::size_t size = Chunk::kSmallest << index;
    const std::lock_guard lock(mutex_);
    if (kept_ + size > Chunk::kKept) return false;
    free_[index].push_back(chunk);
    kept_ += size;
    return true;
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<std::byte*>, kSizes> free_;
  std::size_t kept_ = 0;
};

/// Never destroyed: packets may live until the interpreter is gone.
Pool& pool() {
  static Pool* const only = new Pool;
  return *only;
}

}  // namespace

Chunk::Chunk(std::size_t size) : data_(nullptr), size_(size) {
  const std::size_t index = class_of(size);
  if (index < kSizes) {
    size_ = kSmallest << index;
    data_ = pool().take(index);
  }
  if (data_ == nullptr) data_ = new std::byte[size_];
}

Chunk::~Chunk() {
  if (data_ == nullptr) return;
  const std::size_t index = class_of(size_);
  try {
    if (index < kSizes && pool().give(data_, index)) return;
  } catch (...) {
    // No room in the list.
  }
  delete[] data_;
}

}  // namespace pcapml::python
