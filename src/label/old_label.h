// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "label/packet_label.h"

namespace pcapml {

/// Keeps the name of a label that another one replaces, as the new one's `was=`.
class OldLabel {
 public:
  /// The comment, which is a positional label, with `was=` added, unless it has one or the packet had no
  /// label. Borrows the comment; lives until the next call.
  std::string_view added_to(std::string_view comment, const PacketLabel& old);

  /// Says for how many packets there was no room.
  void add_warnings(std::vector<std::string>& lines) const;

 private:
  std::string text_, scratch_;
  std::uint64_t without_room_ = 0;
};

}  // namespace pcapml
