// SPDX-License-Identifier: Apache-2.0
#include "net/keyed_hash.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "net/mix.h"

namespace pcapml {
namespace {

using Secret = std::array<std::uint64_t, 5>;

Secret draw_secret() {
  std::random_device device;
  Secret secret{};
  for (std::uint64_t& word : secret) word = std::uint64_t{device()} << 32 | device();
  return secret;
}

const Secret& secret() noexcept {
  static const Secret drawn = draw_secret();
  return drawn;
}

std::uint64_t word_at(const void* bytes, std::size_t size = 8) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

}  // namespace

std::uint64_t keyed_hash(const FlowKey& key) noexcept {
  const Secret& s = secret();
  const std::uint8_t* source = key.source.bytes.data();
  const std::uint8_t* destination = key.destination.bytes.data();
  const std::uint64_t rest = std::uint64_t{key.source_port} << 32 |
                             std::uint64_t{key.destination_port} << 16 | std::uint64_t{key.protocol} << 8 |
                             key.source.version;
  const std::uint64_t heads = mix(word_at(source) ^ s[0], word_at(destination) ^ s[1]);
  const std::uint64_t tails = mix(word_at(source + 8) ^ s[2], word_at(destination + 8) ^ s[3]);
  return mix(heads ^ rest, tails ^ s[4]);
}

std::uint64_t keyed_hash(std::uint64_t number) noexcept {
  const Secret& s = secret();
  return mix(mix(number ^ s[0], s[1]), s[2]);
}

std::uint64_t keyed_hash(std::string_view text) noexcept {
  const Secret& s = secret();
  std::uint64_t hash = s[0] ^ text.size();
  while (!text.empty()) {
    const std::size_t head = std::min<std::size_t>(text.size(), 8);
    const std::size_t tail = std::min<std::size_t>(text.size() - head, 8);
    hash = mix(hash ^ word_at(text.data(), head), word_at(text.data() + head, tail) ^ s[1]);
    text.remove_prefix(head + tail);
  }
  return mix(hash ^ s[2], s[3]);
}

}  // namespace pcapml
