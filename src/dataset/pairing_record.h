// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataset/flow_numbers.h"
#include "dataset/time_pairing.h"

namespace pcapml {

/// All that is known of a packet that is to be paired, where memory does not hold those of the whole file.
struct PairingRecord {
  std::int64_t timestamp_ns;
  std::uint64_t number;    ///< in the order of its file
  std::uint32_t whole;     ///< the packet's whole length, see whole_length()
  std::uint32_t captured;  ///< bytes of the content that count
  std::uint32_t prefix;    ///< how much of it the latest hash covers
  std::uint32_t label;
  FlowNumbers::Ends flow;  ///< of the truth's packets
  bool is_test;
  bool has_flow;

  /// The order of all packets: those of the truth first.
  std::uint64_t place() const { return number | std::uint64_t{is_test} << 63; }
  std::uint64_t time_key() const { return TimePairing::time_key(timestamp_ns); }
};

}  // namespace pcapml
