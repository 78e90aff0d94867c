// SPDX-License-Identifier: Apache-2.0
#include "label/condition_sets.h"

#include <algorithm>
#include <utility>

#include "label/process_condition.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::size_t kMostKnown = 65'536;                     // kinds of labels remembered
constexpr std::size_t kMostKnownBytes = std::size_t{1} << 25;  // of their texts and answers
constexpr std::size_t kMostProcessConditions = std::size_t{1} << 26;
constexpr std::uint32_t kAlways[] = {0};

}  // namespace

ConditionSets::Number ConditionSets::next() {
  users_.emplace_back();
  holds_.push_back(false);
  return static_cast<Number>(users_.size() - 1);
}

ConditionSets::Number ConditionSets::number_of_pattern(std::map<std::string, Number>& numbers,
                                                       GlobIndex& index, const std::string& pattern) {
  const auto [known, is_new] = numbers.try_emplace(pattern);
  if (is_new) {
    known->second = next();
    index.add(known->second, pattern);
  }
  return known->second;
}

ConditionSets::Number ConditionSets::number_of_direction(char direction) {
  Number& known = direction_numbers_[direction == 'e' ? 0 : 1];
  if (known == 0) known = next();
  return known;
}

ConditionSets::Number ConditionSets::number_of_process(const ProcessCondition& condition) {
  const auto [known, is_new] = process_numbers_.try_emplace(condition);
  if (!is_new) return known->second;
  const Number number = known->second = next();
  if (is_number(condition.key))
    numbers_.push_back({condition, number});
  else if (condition.comparison == ProcessCondition::Operator::equal)
    texts_[condition.key].add(number, condition.pattern);
  else
    other_texts_.push_back({condition.key, Glob(condition.pattern), number});
  return number;
}

/// A set is looked at where the one of its conditions holds that fewest other sets have been given to.
std::uint32_t ConditionSets::add(const CarriedConditions& conditions) {
  if (conditions.empty()) return 0;
  const auto [known, is_new] = set_numbers_.try_emplace(conditions, static_cast<std::uint32_t>(sets_.size()));
  if (!is_new) return known->second;
  std::vector<Number> all;
  if (!conditions.label.empty()) all.push_back(number_of_pattern(label_numbers_, labels_, conditions.label));
  if (!conditions.destination.empty())
    all.push_back(number_of_pattern(destination_numbers_, destinations_, conditions.destination));
  if (conditions.direction != 0) all.push_back(number_of_direction(conditions.direction));
  asks_labels_ = asks_labels_ || conditions.asks_label();
  for (const ProcessCondition& condition : conditions.process) all.push_back(number_of_process(condition));
  const auto rarest = std::min_element(
      all.begin(), all.end(), [this](Number a, Number b) { return users_[a].size() < users_[b].size(); });
  users_[*rarest].push_back(known->second);
  sets_.push_back(std::move(all));
  return known->second;
}

std::uint32_t ConditionSets::process(const ProcessInfo& info) {
  std::vector<Number> holding;
  for (const auto& [key, index] : texts_)
    if (const auto text = text_of(info, key)) index.find(*text, holding);
  for (const TextCondition& condition : other_texts_)
    if (const auto text = text_of(info, condition.key); text && !condition.glob.matches(*text))
      holding.push_back(condition.number);
  for (const NumberCondition& condition : numbers_)
    if (const auto number = pcapml::number_of(info, condition.condition.key);
        number && holds(condition.condition, *number))
      holding.push_back(condition.number);
  std::sort(holding.begin(), holding.end());
  const std::size_t size = holding.size();
  const auto [known, is_new] =
      process_answers_.try_emplace(std::move(holding), static_cast<std::uint32_t>(processes_.size()));
  if (is_new) {
    processes_.push_back(&known->first);
    process_conditions_ += size;
    if (process_conditions_ > kMostProcessConditions)
      throw DataError(
          "the processes of the capture differ in more ways than PROC: of the rules has memory for");
  }
  return known->second;
}

/// All that find() looks at, as text.
void ConditionSets::make_key(const LabelView* label, std::uint32_t process) {
  key_.clear();
  for (int i = 0; i < 4; ++i) key_ += static_cast<char>(process >> 8 * i & 0xff);
  if (label == nullptr) return;
  key_ += label->keyed ? 'k' : 'p';
  key_ += label->metadata;
}

ConditionSets::Sets ConditionSets::holding(const LabelView* label, std::uint32_t process) {
  if (sets_.size() == 1) return kAlways;
  make_key(asks_labels_ ? label : nullptr, process);
  if (!last_.empty() && key_ == last_key_) return last_;
  auto known = known_.find(std::string_view(key_));
  if (known == known_.end()) {
    std::vector<std::uint32_t> sets = find(asks_labels_ ? label : nullptr, process);
    const std::size_t size = key_.size() + sets.size() * sizeof sets[0];
    if (known_.size() >= kMostKnown || known_size_ + size > kMostKnownBytes) {
      known_.clear();
      known_size_ = 0;
    }
    known_size_ += size;
    known = known_.emplace(key_, std::move(sets)).first;
  }
  std::swap(key_, last_key_);
  return last_ = known->second;
}

std::vector<std::uint32_t> ConditionSets::find(const LabelView* label, std::uint32_t process) {
  std::vector<Number> holding = *processes_[process];
  if (label != nullptr) {
    const Label decoded = decode_label(*label);
    labels_.find(decoded.name, holding);
    const std::string* destination = decoded.field("dst");
    if (destination != nullptr && !destination->empty()) destinations_.find(*destination, holding);
    const char direction = decoded.direction();
    if (direction != 0)
      if (const Number number = direction_numbers_[direction == 'e' ? 0 : 1]; number != 0)
        holding.push_back(number);
  }
  for (const Number number : holding) holds_[number] = true;
  std::vector<std::uint32_t> sets = {0};
  for (const Number number : holding)
    for (const std::uint32_t set : users_[number])
      if (std::all_of(sets_[set].begin(), sets_[set].end(), [this](Number n) { return holds_[n]; }))
        sets.push_back(set);
  for (const Number number : holding) holds_[number] = false;
  std::sort(sets.begin(), sets.end());
  return sets;
}

}  // namespace pcapml
