// SPDX-License-Identifier: Apache-2.0
// The label codec: whatever a comment holds, what is written for it reads back the same and stays the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "label/text.h"
#include "pcapml/label.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_text(std::string_view text) {
  const std::string encoded = pcapml::encode_text(text);
  require(pcapml::valid_utf8_prefix(encoded) == encoded.size());
  for (const char c : encoded) require(c == '%' || !pcapml::must_escape(static_cast<unsigned char>(c)));
  const std::string decoded = pcapml::decode_text(encoded);
  require(pcapml::encode_text(decoded) == encoded);
  if (pcapml::valid_utf8_prefix(text) == text.size()) require(decoded == text);
}

void check_comment(std::string_view comment) {
  const auto view = pcapml::parse_label(comment);
  if (!view) return;
  std::string scratch;
  const pcapml::Label label = pcapml::decode_label(*view);
  require(!label.sample_id.empty() && label.name == pcapml::label_name(*view, scratch));

  const std::string written = pcapml::encode_label(label);
  const auto again = pcapml::parse_label(written);
  require(again && !again->keyed && again->sample_id == label.sample_id);
  const pcapml::Label read = pcapml::decode_label(*again);
  require(read.fields.size() == label.fields.size() && read.direction() == label.direction());
  require(pcapml::encode_label(read) == written);

  const std::string_view id = pcapml::canonical_sample_id(label.sample_id);
  require(!id.empty() && pcapml::compare_sample_ids(id, label.sample_id) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_text(text);
  check_comment(text);
  check_comment("7," + std::string(text));
  check_comment("s=7," + std::string(text));
  return 0;
}
