// SPDX-License-Identifier: Apache-2.0
#include "label/old_label.h"

#include <fmt/format.h>

#include "format/block.h"
#include "label/text.h"

namespace pcapml {
namespace {

constexpr std::string_view kWas = ",was=";

/// A label's name has no comma: a field is behind the second one.
bool has_was(std::string_view comment) {
  return comment.find(kWas, comment.find(',') + 1) != std::string_view::npos;
}

}  // namespace

std::string_view OldLabel::added_to(std::string_view comment, const PacketLabel& old) {
  if (!old.label || has_was(comment)) return comment;
  text_ = comment;
  text_ += kWas;
  append_encoded(text_, label_name(*old.label, scratch_));
  if (text_.size() <= kMaxOptionLength) return text_;
  ++without_room_;
  return comment;
}

void OldLabel::add_warnings(std::vector<std::string>& lines) const {
  if (without_room_ > 0)
    lines.push_back(fmt::format("{} labels have no room for was=: a comment holds {} bytes", without_room_,
                                kMaxOptionLength));
}

}  // namespace pcapml
