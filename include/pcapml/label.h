// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pcapml {

/// A label as a comment holds it, undecoded. Borrows the comment.
///
/// Positional `id,label[,key=value...]` and keyed `s=id,proc=label,...` comments both read; see
/// doc/format.md for the grammar.
struct LabelView {
  std::string_view sample_id;  ///< decimal digits as they stand, any length
  std::string_view metadata;   ///< all text after the first comma
  bool keyed = false;          ///< written as `s=...`
};

/// nullopt where the comment is no label: it begins neither with `digits,` nor with `s=digits`.
std::optional<LabelView> parse_label(std::string_view comment);

/// The same label with its parts decoded.
struct Label {
  std::string sample_id;
  std::string name;                                         ///< the label itself; keyed: `label`, else `proc`
  std::vector<std::pair<std::string, std::string>> fields;  ///< `name=value`, in order, keyed form included

  /// Value of the first field of this name, or nullptr.
  const std::string* field(std::string_view name) const;
  /// 'e', 'i' or 0: `d=`, or `dir=` of earlier versions, where lan2wan is 'e' and wan2lan 'i'.
  char direction() const;
};

/// The name alone, decoded into `scratch` only where it holds an escape; lives as long as view and scratch.
std::string_view label_name(const LabelView& view, std::string& scratch);

Label decode_label(const LabelView& view);

/// The positional form, encoded: `id,name[,key=value...]`. Text of a published label that is no field
/// (LabelView::metadata) is not in it.
std::string encode_label(const Label& label);

/// One label or value as it stands between commas: `%`, `,` and control characters percent-encoded, bytes
/// that are no UTF-8 replaced by U+FFFD.
std::string encode_text(std::string_view text);

/// Undoes encode_text; every other `%` stays as it is.
std::string decode_text(std::string_view text);

/// Three-way comparison of decimal numbers of any length; leading zeros do not count.
int compare_sample_ids(std::string_view a, std::string_view b);

/// The digits without leading zeros ("0" for zero).
std::string_view canonical_sample_id(std::string_view digits);

}  // namespace pcapml
