// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataset/label_map.h"
#include "label/packet_label.h"
#include "net/keyed_hash.h"

namespace pcapml {

/// Gives each label a number, after renaming it. Memory grows by label; what a bounded number of comments
/// meant is remembered, because the same ones come again and again. Not thread-safe.
class LabelNumbers {
 public:
  static constexpr std::uint32_t kNoLabel = 0;

  explicit LabelNumbers(const std::vector<LabelRenaming>& map);

  /// kNoLabel for a packet without a label.
  std::uint32_t number_of(const PacketLabel& label) {
    if (!label.label) return kNoLabel;
    if (label.comment == last_comment_) return last_number_;
    return find(label);
  }

  /// By number; the name of kNoLabel is empty.
  const std::vector<std::string>& names() const { return names_; }
  /// Lines of the map that no label met.
  std::vector<LabelRenaming> unused() const;

 private:
  struct Known {
    std::string comment;
    std::uint32_t number = kNoLabel;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return keyed_hash(text); }
  };
  struct Renaming {
    LabelRenaming line;
    bool used = false;
  };
  template <class Value>
  using TextTable = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  std::uint32_t find(const PacketLabel& label);
  std::uint32_t read(const LabelView& view);

  TextTable<Renaming> map_;
  TextTable<std::uint32_t> numbers_;  // by the name as captures have it
  TextTable<std::uint32_t> renamed_;  // by the name after renaming
  std::vector<std::string> names_;
  std::vector<Known> known_;  // by hash of the comment
  std::string last_comment_;
  std::uint32_t last_number_ = kNoLabel;
};

}  // namespace pcapml
