// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pcapml {

enum class CheckState : unsigned char {
  ok,
  note,     ///< capture works, and something about it is good to know
  missing,  ///< capture does not work without it
};

/// One thing that live capture needs or that limits it.
struct Check {
  CheckState state = CheckState::ok;
  std::string name;
  std::string text;
  std::string remedy;  ///< what to do about what is missing
};

struct Diagnosis {
  std::vector<Check> checks;

  bool works() const;  ///< nothing is missing
};

/// What this machine offers for capture() with a buffer of that size, for any user.
///
/// Where this process may, the programs are loaded, and attached to an empty cgroup that is made for it; all
/// of it is gone afterwards.
Diagnosis examine_machine(std::size_t buffer_megabytes);

}  // namespace pcapml
