// SPDX-License-Identifier: Apache-2.0
#include "dataset/pcap_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "pcapml/error.h"
#include "pcapml/headers.h"

namespace pcapml {

void PcapFileShape::add(const Interface& interface) {
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

PcapShape PcapFileShape::choose(std::uint16_t link_type) {
  chosen_ = known_.at(link_type);
  return *chosen_;
}

PcapShape PcapFileShape::choose() {
  if (first_) return choose(*first_);
  return {kLinkEthernet, 262144, 0, false};
}

void PcapFileShape::check(const Interface& interface, const std::string& input) const {
  if (interface.link_type != chosen_->link_type)
    throw DataError(fmt::format("{}: packets of link types {} and {} cannot share a pcap file; use --format pcapng",
                                input, chosen_->link_type, interface.link_type));
  if (interface.resolution.finer_than_micro() && !chosen_->nano)
    throw DataError(fmt::format("{}: an interface with a finer time resolution came after the first packets were "
                                "written; use a file instead of a pipe, or --format pcapng", input));
}

}  // namespace pcapml
