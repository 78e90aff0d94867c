// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "pcapml/cursor.h"

namespace pcapml {

/// What the bytes at a cursor are, link layers and tunnels. The header walk goes from layer to layer until it
/// meets ip or other.
enum class Layer : std::uint8_t {
  ip,     ///< IPv4 or IPv6, by the version in its first byte
  other,  ///< nothing that leads to IP
  ethernet,
  vlan,  ///< after the tag's TPID: TCI and the next type
  llc,
  null,
  loop,
  linux_sll,
  linux_sll2,
  mpls,
  pppoe,
  ppp,
  cisco_hdlc,
  gre,
  vxlan,
};

/// The layer that frames of this link type start with; other where the link type is not known.
Layer outermost_layer(std::uint16_t link_type);

/// Reads the header of a link layer and moves past it: what follows. A cut header leads to other.
Layer next_layer(Layer layer, Cursor& at);

}  // namespace pcapml
