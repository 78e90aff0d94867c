// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "pcapml/packet.h"

namespace pcapml {

/// Which block an option list belongs to, hence what its codes mean.
enum class OptionScope : unsigned char {
  section,
  interface,
  packet,
  name_resolution,
  statistics,
  secrets,
  other,  ///< only the options that any block may have
};

/// Bytes in another byte order.
struct Transcoded {
  std::vector<std::byte> bytes;
  /// The order changed, and something in it has no known meaning and stayed as it was.
  bool opaque = false;
};

struct TranscodedInterface {
  Interface interface;
  bool opaque = false;
};

/// The same options in byte order `to` (encoded, without opt_endofopt).
Transcoded transcode_options(OptionsView options, OptionScope scope, ByteOrder to);

/// The same block body in byte order `to`; the interface number of an Interface Statistics Block grows by
/// `interface_base`. For any block but section headers, interface descriptions and packets.
///
/// Never throws on what a body holds: a malformed body of a known block is copied as it is and counts as
/// opaque. Where the order stays and no interface number changes, the bytes stay, all of them.
Transcoded transcode_block(const BlockView& block, ByteOrder to, std::uint32_t interface_base);

/// The same interface, its options in byte order `to`.
TranscodedInterface transcode_interface(const Interface& interface, ByteOrder to);

}  // namespace pcapml
