// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pcapml/bytes.h"
#include "pcapml/packet.h"

namespace pcapml {

/// A process as one program that it runs. Texts are what the system has, NUL-free but for the command line;
/// where a text is empty or a number is not there, it is not known. A value.
struct ProcessInfo {
  std::uint32_t pid = 0;
  std::string name;
  std::string path;          ///< of the executable
  std::string command_line;  ///< arguments, with NUL between them
  std::optional<std::uint32_t> parent;
  std::optional<std::uint32_t> uid;
  std::string user;
  std::vector<std::byte> uuid;  ///< of the executable image; 16 bytes, or none
  std::int64_t start_time_ns =
      0;                 ///< since the epoch; packets from here on are of this program. 0: not known
  std::string cgroup;    ///< path within its hierarchy
  std::string build_id;  ///< of the executable, in hexadecimal
};

/// Process information, the body of a Custom Block that is to be copied (pcapng draft, section 4.7) in a
/// section of this byte order.
///
/// There is no standard yet. This is what Wireshark's development tree reads and writes
/// (wiretap/pcapng-wireshark-custom.c): its enterprise number in the section's byte order; then, always
/// little-endian, entry type 3, the entry's length, and the entry: a Process Information Block as
/// draft-ietf-opsawg-pcap's pull request 209 proposes it. Cgroup and build id have no option there and are a
/// comment, `cgroup=...,build_id=...`, percent-encoded as labels are. A value above 65,535 bytes is cut.
std::vector<std::byte> process_block_body(const ProcessInfo& info, ByteOrder section);

/// The reverse; nullopt where the block is something else, or damaged.
std::optional<ProcessInfo> parse_process_block(Bytes body, ByteOrder section);

/// The process id that a packet's epb_processid_threadid tells.
std::optional<std::uint32_t> process_of(const OptionsView& packet);

}  // namespace pcapml
