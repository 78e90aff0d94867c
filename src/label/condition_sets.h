// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/process_block.h"
#include "label/glob_index.h"
#include "net/keyed_hash.h"
#include "pcapml/label.h"
#include "pcapml/rules.h"

namespace pcapml {

/// Tells which sets of conditions hold for a packet by what it carries. Labels are remembered without their
/// sample ids, and what is asked of a process is asked once. Not thread-safe.
class ConditionSets {
 public:
  ConditionSets() = default;
  ConditionSets(const ConditionSets&) = delete;
  ConditionSets& operator=(const ConditionSets&) = delete;

  /// The number of these conditions; equal ones have the same. No conditions are number 0. All sets are added
  /// before any question is asked.
  std::uint32_t add(const CarriedConditions& conditions);

  bool asks_processes() const { return !process_numbers_.empty(); }

  /// A process of which nothing is known.
  static constexpr std::uint32_t kUnknownProcess = 0;
  /// Stands for all that the conditions ask of a process. Throws DataError where processes differ in more
  /// ways than memory is for.
  std::uint32_t process(const ProcessInfo& info);

  using Sets = std::span<const std::uint32_t>;
  /// Those that hold, ascending; number 0 always does. Lives until the next call.
  Sets holding(const LabelView* label, std::uint32_t process);

 private:
  using Number = std::uint32_t;  // of a condition
  struct TextCondition {
    ProcessCondition::Key key;
    Glob glob;
    Number number;
  };
  struct NumberCondition {
    ProcessCondition condition;
    Number number;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return keyed_hash(text); }
  };

  Number number_of_pattern(std::map<std::string, Number>& numbers, GlobIndex& index,
                           const std::string& pattern);
  Number number_of_direction(char direction);
  Number number_of_process(const ProcessCondition& condition);
  Number next();
  void make_key(const LabelView* label, std::uint32_t process);
  std::vector<std::uint32_t> find(const LabelView* label, std::uint32_t process);

  // What is asked.
  std::map<std::string, Number> label_numbers_, destination_numbers_;
  std::map<ProcessCondition, Number> process_numbers_;
  std::array<Number, 2> direction_numbers_{};  // e and i; 0: not asked
  GlobIndex labels_, destinations_{GlobIndex::Case::ignored};
  std::map<ProcessCondition::Key, GlobIndex> texts_;
  std::vector<TextCondition> other_texts_;  // !=
  std::vector<NumberCondition> numbers_;
  bool asks_labels_ = false;

  std::map<CarriedConditions, std::uint32_t> set_numbers_;
  std::vector<std::vector<Number>> sets_{{}};          // all conditions of each
  std::vector<std::vector<std::uint32_t>> users_{{}};  // by condition: sets that are looked at where it holds
  std::vector<bool> holds_{false};                     // by condition

  // What was answered.
  std::map<std::vector<Number>, std::uint32_t> process_answers_{{{}, kUnknownProcess}};
  std::vector<const std::vector<Number>*> processes_{&process_answers_.begin()->first};
  std::size_t process_conditions_ = 0;  // in all of them
  std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>> known_;
  std::size_t known_size_ = 0;
  std::string key_, last_key_;
  Sets last_;
};

}  // namespace pcapml
