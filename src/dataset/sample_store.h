// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/paged_array.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// Keeps what is known of samples in temporary files: any number of them in little memory. Samples have
/// numbers from 0 on. Not thread-safe.
class SampleStore {
 public:
  explicit SampleStore(const std::string& directory);

  /// Saves a state anew, or that of the next number.
  void save(std::uint64_t number, std::string_view id, Bytes state);
  /// A state; valid until the next call.
  Bytes load(std::uint64_t number);
  /// The number of an id. `is_it` decides whether a state is that of the id.
  std::optional<std::uint64_t> find(std::string_view id, const std::function<bool(Bytes)>& is_it);
  std::uint64_t size() const { return places_.size(); }

 private:
  struct Place {
    std::uint64_t offset;
    std::uint32_t size, room;
    std::uint64_t hash;  // of the id
  };

  void grow();
  void enter(std::uint64_t hash, std::uint64_t number);

  std::string directory_;
  TemporaryFile states_;
  std::uint64_t end_ = 0;
  PagedArray<Place> places_;
  std::optional<PagedArray<std::uint64_t>> slots_;  // number + 1, or 0; open addressing
  std::uint64_t slot_count_ = 0;
  std::vector<std::byte> loaded_;
};

}  // namespace pcapml
