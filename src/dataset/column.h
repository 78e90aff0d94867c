// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <new>
#include <span>
#include <type_traits>

namespace pcapml {

/// Values that grow to hundreds of millions. A vector holds old and new storage while it grows; realloc()
/// moves large pieces by page, and pages never written cost nothing.
template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Column() = default;
  ~Column() { std::free(data_); }
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  void push_back(const T& value) {
    if (size_ == capacity_) grow();
    data_[size_++] = value;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::span<T> all() { return {data_, size_}; }
  std::span<const T> all() const { return {data_, size_}; }

  /// Forgets the values and keeps the storage.
  void clear() { size_ = 0; }
  /// Gives the storage back.
  void release() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  void grow() {
    const std::size_t wanted = capacity_ == 0 ? 1024 : capacity_ * 2;
    void* moved = std::realloc(data_, wanted * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(moved);
    capacity_ = wanted;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace pcapml
