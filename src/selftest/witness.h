// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/file_descriptor.h"
#include "selftest/world.h"

namespace pcapml::selftest {

/// Sees every packet of a namespace's lo, from its making on, each once: as it is sent.
class Witness {
 public:
  explicit Witness(const NetworkNamespace& space);

  /// All packets since the last call, in order, from their IP headers on.
  std::vector<std::string> take();
  /// Packets that it could not take, over all time.
  std::uint64_t dropped();

 private:
  FileDescriptor socket_;
  std::string buffer_;
  std::uint64_t dropped_ = 0;
};

}  // namespace pcapml::selftest
