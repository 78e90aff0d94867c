// SPDX-License-Identifier: Apache-2.0
#include "dataset/flow_numbers.h"

#include <cstring>
#include <utility>

#include "net/keyed_hash.h"
#include "net/mix.h"

namespace pcapml {
namespace {

std::uint64_t hash_end(const IpAddress& address, std::uint16_t port, std::uint8_t protocol) {
  std::uint64_t words[2];
  std::memcpy(words, address.bytes.data(), sizeof words);
  const std::uint64_t rest = std::uint64_t{port} << 16 | std::uint64_t{protocol} << 8 | address.version;
  return keyed_hash(mix(words[0] ^ 0x6a3d70f2b95c18e7, words[1] ^ 0xb7120e9c64fd835b) ^ rest << 32);
}

}  // namespace

FlowNumbers::Ends FlowNumbers::ends_of(const FlowKey& packet) {
  const std::uint64_t a = hash_end(packet.source, packet.source_port, packet.protocol);
  const std::uint64_t b = hash_end(packet.destination, packet.destination_port, packet.protocol);
  return a < b ? Ends{a, b} : Ends{b, a};
}

std::uint32_t FlowNumbers::number_of(const FlowKey& packet) {
  if (flows_.size() >= slots_.size() / 4 * 3) grow();
  const Ends ends = ends_of(packet);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (ends.low + ends.high) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask)
    if (flows_[slots_[slot] - 1] == ends) return slots_[slot] - 1;
  flows_.push_back(ends);
  slots_[slot] = static_cast<std::uint32_t>(flows_.size());
  return slots_[slot] - 1;
}

void FlowNumbers::grow() {
  constexpr std::size_t kFirst = 64;
  const std::size_t size = slots_.empty() ? kFirst : slots_.size() * 2;
  slots_ = {};  // the flows are enough to fill it again
  slots_.resize(size);
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    std::size_t slot = (flows_[i].low + flows_[i].high) & (size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace pcapml
