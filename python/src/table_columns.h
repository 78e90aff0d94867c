// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arrow_export.h"

namespace pcapml::python {

/// Which columns a table has, and how.
struct TableOptions {
  std::optional<std::vector<std::string>> columns;  ///< these, in this order; otherwise all
  std::optional<std::vector<std::string>> keys;  ///< with all: these keys of comments; otherwise as they come
  bool include_raw = true;                       ///< with all
  bool with_session = false;                     ///< there are several inputs
  bool plain_text = false;                       ///< texts are not dictionary-encoded
  bool raw_apart = false;                        ///< `raw` in pieces, outside of the batch
};

/// What a column holds. Those of the label, and those of the headers, stand together.
enum class Kind : unsigned char {
  timestamp,
  sample_id,
  label,
  direction,
  dst,
  src_ip,
  dst_ip,
  proto,
  src_port,
  dst_port,
  length,
  raw,
  session,
  key,
};

constexpr bool is_of_label(Kind kind) {
  return (kind >= Kind::sample_id && kind <= Kind::dst) || kind == Kind::key;
}
constexpr bool is_of_headers(Kind kind) { return kind >= Kind::src_ip && kind <= Kind::dst_port; }

struct Column {
  std::string name;
  Kind kind;
  std::string key;  ///< of the comments, for Kind::key
};

/// The columns that the options ask for, given the keys of the comments. A key whose name is that of a column
/// is `meta_<key>`. Throws UsageError for a name that comes twice.
std::vector<Column> choose_columns(const TableOptions& options, const std::vector<std::string>& keys);

FieldType type_of(const Column& column, bool plain_text);

}  // namespace pcapml::python
