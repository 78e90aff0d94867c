// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pcap/pcap.h>

#include <optional>
#include <string_view>
#include <vector>

namespace pcapml {

/// Cuts `A or B or C ...` into pieces of a few alternatives each, because the time that libpcap takes for a
/// filter grows with a power of their number. nullopt where the pieces might not mean by themselves what they
/// mean together: other joints between them, words such as `vlan` that change what comes after, alternatives
/// that carry on what stood before (`host a or b`). Views of the filter.
std::optional<std::vector<std::string_view>> split_alternatives(std::string_view filter);

/// One program that tries some in turn. On packets that were captured far enough it answers as libpcap's
/// program for all the alternatives; on others a load beyond the bytes captured rejects the packet, where
/// libpcap may have put off that load. Without any programs it rejects all packets.
std::vector<bpf_insn> join_alternatives(const std::vector<std::vector<bpf_insn>>& programs);

}  // namespace pcapml
