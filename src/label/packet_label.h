// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "pcapml/label.h"
#include "pcapml/packet.h"

namespace pcapml {

/// The label among a packet's options, and the encoded options around it. Borrows from the packet.
struct PacketLabel {
  std::optional<LabelView> label;
  std::string_view comment;  ///< the whole comment that is the label
  Bytes before;              ///< options that come before the label; empty without one
  Bytes after;               ///< options that come after it; all of them without one
};

/// The label is the first comment that has the form of one.
PacketLabel find_label(const OptionsView& options);

}  // namespace pcapml
