// SPDX-License-Identifier: Apache-2.0
#include "dataset/pcap_shapes.h"

#include <algorithm>

#include "pcapml/error.h"
#include "pcapml/headers.h"

namespace pcapml {

void PcapShapes::add(const Interface& interface) {
  const PcapShape shape = pcap_shape(interface);
  if (!first_) first_ = interface.link_type;
  const auto [it, is_new] = known_.try_emplace(interface.link_type, shape);
  if (is_new) return;
  PcapShape& known = it->second;
  known.nano = known.nano || shape.nano;
  // 0 is no limit.
  known.snap_length =
      known.snap_length == 0 || shape.snap_length == 0 ? 0 : std::max(known.snap_length, shape.snap_length);
  if (known.fcs_bits != shape.fcs_bits) known.fcs_bits = 0;
}

PcapShape PcapShapes::first() const {
  constexpr std::uint32_t kUsualSnapLength = 262144;
  return first_ ? of(*first_) : PcapShape{kLinkEthernet, kUsualSnapLength, 0, false};
}

void throw_late_resolution(const std::string& input) {
  throw DataError(input +
                  ": an interface with a finer time resolution came after the first packets were written; "
                  "use a file instead of a pipe, or --format pcapng");
}

}  // namespace pcapml
