// SPDX-License-Identifier: Apache-2.0
#include "net/crc32c.h"

#include <array>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

using Table = std::array<std::uint32_t, 256>;

/// tables[n][byte]: what `byte` does to the state when n more bytes follow it.
constexpr std::array<Table, 8> make_tables() {
  constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;
  std::array<Table, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) state = state >> 1 ^ ((state & 1) != 0 ? kReversedPolynomial : 0);
    tables[0][byte] = state;
  }
  for (std::size_t n = 1; n < tables.size(); ++n)
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[n][byte] = tables[n - 1][byte] >> 8 ^ tables[0][tables[n - 1][byte] & 0xff];
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

}  // namespace

void Crc32c::add(Bytes bytes) {
  Cursor at(bytes);
  while (at.remaining() >= 8) {
    const std::uint64_t word = at.le64() ^ state_;
    state_ = 0;
    for (unsigned i = 0; i < 8; ++i) state_ ^= kTables[7 - i][word >> 8 * i & 0xff];
  }
  while (!at.empty()) state_ = state_ >> 8 ^ kTables[0][(state_ ^ at.u8()) & 0xff];
}

}  // namespace pcapml
