// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "capture/attribution.h"
#include "capture/process_table.h"

namespace pcapml {

/// The name in an owner's record.
std::string_view comm_of(const pcapml_owner& owner);
/// Whether a remote end opened, or is about to open, the packet's connection.
bool is_opened_from_afar(const pcapml_packet& packet);
bool is_dns(const AttributedPacket& packet, const Headers& headers);
/// Packets that the wire has of this record.
std::uint64_t wire_count(const std::optional<Headers>& headers, std::uint32_t length, std::uint32_t gso_size);
/// Whether the packet has other addresses than its socket, or than sendmsg() named.
bool is_translated(const AttributedPacket& packet, const std::optional<Headers>& headers);
/// How the owner is known, in `via=`; empty: it is not.
std::string_view via_of(const AttributedPacket& packet);
/// Whether a word of --allow or --deny means this process.
bool names_process(std::string_view word, std::string_view comm, const Process* process);

}  // namespace pcapml
