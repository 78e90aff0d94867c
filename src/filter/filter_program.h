// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <span>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// A program of libpcap's classic BPF. Immutable.
class FilterProgram {
 public:
  explicit FilterProgram(std::vector<bpf_insn> instructions) : instructions_(std::move(instructions)) {}

  /// Runs it with libpcap's own interpreter.
  bool matches(Bytes captured, std::uint32_t original_length) const;

  std::span<const bpf_insn> instructions() const { return instructions_; }

 private:
  std::vector<bpf_insn> instructions_;
};

}  // namespace pcapml
