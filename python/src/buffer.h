// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace pcapml::python {

/// Bytes that grow by realloc, which moves large ones without a copy, and are not cleared. Movable.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { std::free(data_); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  /// Zeros, which take no memory until they are read.
  static Buffer zeros(std::size_t size) {
    Buffer made;
    made.data_ = static_cast<std::byte*>(std::calloc(size, 1));
    if (made.data_ == nullptr && size != 0) throw std::bad_alloc();
    made.size_ = made.capacity_ = size;
    return made;
  }

  template <class T>
  void push(T value) {
    if (capacity_ - size_ < sizeof value) grow(sizeof value);
    std::memcpy(data_ + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  void append(const void* bytes, std::size_t size) {
    if (size != 0) std::memcpy(extend(size), bytes, size);
  }
  /// Room for so many more bytes, which count at once.
  std::byte* extend(std::size_t size) {
    if (capacity_ - size_ < size) grow(size);
    std::byte* const start = data_ + size_;
    size_ += size;
    return start;
  }
  void reserve(std::size_t size) {
    if (capacity_ < size) grow(size - size_);
  }

  void clear() { size_ = 0; }

  std::size_t size() const { return size_; }
  const std::byte* data() const { return data_; }
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }

 private:
  void grow(std::size_t more) {
    std::size_t larger = capacity_ + capacity_ / 2;
    if (larger < size_ + more) larger = size_ + more;
    if (larger < 64) larger = 64;
    void* const moved = std::realloc(data_, larger);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    capacity_ = larger;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace pcapml::python
