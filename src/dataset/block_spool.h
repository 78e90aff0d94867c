// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dataset/temporary_file.h"
#include "pcapml/packet.h"

namespace pcapml {

/// Keeps the blocks of a file that are no packets, in their order; beyond a little memory in a temporary
/// file.
class BlockSpool {
 public:
  explicit BlockSpool(std::string directory) : directory_(std::move(directory)) {}

  /// `first_interface` is that of its section, among the reader's.
  void add(const BlockView& block, std::uint32_t first_interface);
  /// Calls use(block, first_interface) for each from a former end() on, as often as wanted. The view dies
  /// with the call.
  void for_each(const std::function<void(const BlockView&, std::uint32_t)>& use, std::uint64_t from = 0);
  std::uint64_t end() const { return spilled_ + waiting_.size(); }

 private:
  struct Header {
    std::uint64_t offset;
    std::uint32_t type;
    std::uint32_t size;
    std::uint32_t first_interface;
    ByteOrder order;
  };

  void spill();

  std::string directory_;
  std::vector<std::byte> waiting_;
  std::optional<TemporaryFile> file_;
  std::unique_ptr<Sink> sink_;
  std::uint64_t spilled_ = 0;
};

}  // namespace pcapml
