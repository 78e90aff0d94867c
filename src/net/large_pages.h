// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace pcapml {

/// Gives large arrays that are read here and there large pages, where the system has any: looking up where a
/// page of 4 KiB lies costs more than reading from it. Small arrays come from the heap as ever.
template <class T>
struct LargePages {
  using value_type = T;

  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>& /*other*/) noexcept {}  // NOLINT: allocators convert

  T* allocate(std::size_t n) {
    const std::size_t size = n * sizeof(T);  // std::vector checks that it fits
    if (size < kLeast) return static_cast<T*>(::operator new(size));
    void* memory = ::operator new(size, std::align_val_t(kPage));
    ::madvise(memory, size, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t n) noexcept {
    if (n * sizeof(T) < kLeast) {
      ::operator delete(memory);
    } else {
      ::operator delete(memory, std::align_val_t(kPage));
    }
  }

  bool operator==(const LargePages& /*other*/) const { return true; }

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20, kLeast = 2 * kPage;
};

}  // namespace pcapml
