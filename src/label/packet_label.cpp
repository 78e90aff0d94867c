// SPDX-License-Identifier: Apache-2.0
#include "label/packet_label.h"

#include "format/block.h"

namespace pcapml {

PacketLabel find_label(const OptionsView& options) {
  PacketLabel found;
  const Bytes all = options.encoded();
  std::size_t position = 0;
  for (auto it = options.begin(); it != options.end(); ++it) {
    const std::size_t size = it.encoded().size();
    if (it->code == kComment) {
      if (auto label = parse_label(it->text())) {
        found.label = label;
        found.comment = it->text();
        found.before = all.first(position);
        found.after = all.subspan(position + size);
        return found;
      }
    }
    position += size;
  }
  found.after = all;
  return found;
}

}  // namespace pcapml
