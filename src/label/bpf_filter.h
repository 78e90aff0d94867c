// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "filter/filter_program.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// What a filter's program depends on besides its text. The byte order matters to link type 0 alone, whose
/// header has that of the capturing machine.
struct LinkLayer {
  std::uint16_t link_type = 1;  ///< as files number them (LINKTYPE_)
  ByteOrder order = ByteOrder::little;

  bool operator==(const LinkLayer&) const = default;
};

/// "101 (RAW)": the number in files and libpcap's name, where it has one.
std::string describe_link_type(std::uint16_t link_type);

/// What became of a filter for one link type.
struct CompiledFilter {
  std::unique_ptr<FilterProgram> program;  ///< nullptr where it never matches or does not compile
  bool never_matches = false;              ///< "expression rejects all packets"
  std::string error;                       ///< why it does not compile; empty where it does
  std::chrono::nanoseconds time{0};        ///< that compiling took
};

/// Compiles filters with libpcap, as for reading a file: `ip6` on BSD loopback means what any system calls
/// it, `inbound` is refused where a file does not tell. Many alternatives (`A or B or ...`) are compiled in
/// pieces that are tried in turn. Never asks a name server. Not thread-safe.
class FilterCompiler {
 public:
  FilterCompiler();
  ~FilterCompiler();

  /// Why no link type has a meaning for the filter, with what to do about it; empty where one has.
  std::string check(const std::string& filter);

  CompiledFilter compile(const std::string& filter, LinkLayer link);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pcapml
