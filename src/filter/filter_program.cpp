// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_program.h"

#include <pcap/pcap.h>

namespace pcapml {

bool FilterProgram::matches(Bytes captured, std::uint32_t original_length) const {
  const auto* bytes = reinterpret_cast<const u_char*>(captured.data());
  return bpf_filter(instructions_.data(), bytes, original_length, static_cast<u_int>(captured.size())) != 0;
}

}  // namespace pcapml
