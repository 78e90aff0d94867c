// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "selftest/score.h"

namespace pcapml::selftest {

struct Request {
  std::string keep;  ///< where the capture stays; empty: it is removed
};

struct KindResult {
  std::string name, title;
  std::string skipped;  ///< why it was not played; empty: it was
  Counts counts;
};

struct Result {
  std::string version;          ///< of pcapml
  std::string system, machine;  ///< "Linux 6.1.0-28-amd64", "x86_64"
  std::vector<KindResult> kinds;
  Counts total;
  std::map<Fault, std::uint64_t> faults;
  std::uint64_t strangers = 0;        ///< captured packets that were not on the loopback
  std::uint64_t witness_dropped = 0;  ///< packets that the truth does not know

  bool is_perfect() const { return total.is_perfect() && strangers == 0 && witness_dropped == 0; }
};

/// Plays traffic of known truth in a cgroup and a network namespace of its own, captures it, and compares.
///
/// For programs of one thread. Nothing remains of it, after failures and interrupts, too. Throws KernelError
/// where the kernel or the user lacks what it needs, DataError where the traffic or the capture failed.
Result run(const Request& request);

}  // namespace pcapml::selftest
