// SPDX-License-Identifier: Apache-2.0
#include "format/block.h"

#include <fmt/format.h>

namespace pcapml {

std::string block_name(std::uint32_t type) {
  switch (type) {
    case kSectionHeader: return "Section Header Block";
    case kInterfaceDescription: return "Interface Description Block";
    case kObsoletePacket: return "obsolete Packet Block";
    case kSimplePacket: return "Simple Packet Block";
    case kNameResolution: return "Name Resolution Block";
    case kInterfaceStatistics: return "Interface Statistics Block";
    case kEnhancedPacket: return "Enhanced Packet Block";
    case kJournalExport: return "systemd Journal Export Block";
    case kDecryptionSecrets: return "Decryption Secrets Block";
    case kCustom:
    case kCustomNoCopy: return "Custom Block";
    default: return fmt::format("block of type {:#010x}", type);
  }
}

}  // namespace pcapml
