// SPDX-License-Identifier: Apache-2.0
#include "label/glob_index.h"

namespace pcapml {
namespace {

/// ASCII alone, whatever the locale.
std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

}  // namespace

void GlobIndex::add(std::uint32_t number, std::string_view pattern) {
  Glob glob(letters_ == Case::matters ? std::string(pattern) : small_letters(pattern));
  const std::string& literal = glob.literal();
  switch (glob.shape()) {
    case Glob::Shape::exact: exact_[literal].push_back(number); return;
    case Glob::Shape::beginning: beginnings_[literal.size()][literal].push_back(number); return;
    case Glob::Shape::ending: endings_[literal.size()][literal].push_back(number); return;
    case Glob::Shape::part:
    case Glob::Shape::other: others_.push_back({number, std::move(glob)}); return;
  }
}

void GlobIndex::find(std::string_view text, std::vector<std::uint32_t>& numbers) const {
  std::string small;
  if (letters_ == Case::ignored) text = small = small_letters(text);
  append(exact_, text, numbers);
  for (const auto& [length, texts] : beginnings_) {
    if (length > text.size()) break;
    append(texts, text.substr(0, length), numbers);
  }
  for (const auto& [length, texts] : endings_) {
    if (length > text.size()) break;
    append(texts, text.substr(text.size() - length), numbers);
  }
  for (const Pattern& pattern : others_)
    if (pattern.glob.matches(text)) numbers.push_back(pattern.number);
}

void GlobIndex::append(const ByText& texts, std::string_view text, std::vector<std::uint32_t>& numbers) {
  const auto found = texts.find(text);
  if (found != texts.end()) numbers.insert(numbers.end(), found->second.begin(), found->second.end());
}

}  // namespace pcapml
