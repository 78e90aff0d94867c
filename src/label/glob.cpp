// SPDX-License-Identifier: Apache-2.0
#include "label/glob.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace pcapml {

Glob::Character Glob::take_character(std::string_view& text) {
  std::size_t size = 1;
  Character character = static_cast<unsigned char>(text[0]);
  // A byte that is no UTF-8 is a character of its own.
  const std::size_t most = character < 0xc0 ? 1 : character < 0xe0 ? 2 : character < 0xf0 ? 3 : 4;
  for (; size < std::min(most, text.size()); ++size) {
    const auto next = static_cast<unsigned char>(text[size]);
    if ((next & 0xc0) != 0x80) break;
    character = character << 8 | next;
  }
  text.remove_prefix(size);
  return character;
}

Glob::Glob(std::string_view pattern) {
  using Kind = Element::Kind;
  for (std::string_view rest = pattern; !rest.empty();) {
    if (rest[0] == '[' && take_set(rest)) continue;
    if (rest[0] == '\\' && rest.size() > 1) {
      rest.remove_prefix(1);
      elements_.push_back({Kind::character, take_character(rest)});
      continue;
    }
    const Character character = take_character(rest);
    if (character != '*')
      elements_.push_back({character == '?' ? Kind::any : Kind::character, character});
    else if (elements_.empty() || elements_.back().kind != Kind::run)
      elements_.push_back({Kind::run});
  }
  find_shape();
}

/// False where the bracket is never closed.
bool Glob::take_set(std::string_view& rest) {
  std::string_view inside = rest.substr(1);
  Element element{Element::Kind::set, 0, ranges_.size()};
  if (inside.starts_with('!') || inside.starts_with('^')) {
    element.kind = Element::Kind::other_than;
    inside.remove_prefix(1);
  }
  const auto take = [&inside]() -> std::optional<Character> {
    if (inside.starts_with('\\')) inside.remove_prefix(1);
    return inside.empty() ? std::nullopt : std::optional(take_character(inside));
  };
  // A bracket that comes first is one of the set.
  for (bool is_first = true; is_first || !inside.starts_with(']'); is_first = false) {
    const auto first = take();
    std::optional<Character> last = first;
    if (inside.size() > 1 && inside[0] == '-' && inside[1] != ']') {
      inside.remove_prefix(1);
      last = take();
    }
    if (!first || !last || inside.empty()) {
      ranges_.resize(element.begin);
      return false;
    }
    ranges_.push_back({*first, *last});
  }
  element.end = ranges_.size();
  elements_.push_back(element);
  rest = inside.substr(1);
  return true;
}

void Glob::find_shape() {
  using Kind = Element::Kind;
  const bool is_open_before = !elements_.empty() && elements_.front().kind == Kind::run;
  const bool is_open_after = elements_.size() > 1 && elements_.back().kind == Kind::run;
  for (std::size_t i = is_open_before ? 1 : 0; i < elements_.size() - (is_open_after ? 1 : 0); ++i) {
    if (elements_[i].kind != Kind::character) return;
    for (int shift = 24; shift >= 0; shift -= 8)
      if (const Character part = elements_[i].character >> shift; part != 0 || shift == 0)
        literal_ += static_cast<char>(part & 0xff);
  }
  if (is_open_before)
    shape_ = is_open_after ? Shape::part : Shape::ending;
  else
    shape_ = is_open_after ? Shape::beginning : Shape::exact;
}

bool Glob::holds(const Element& element, Character character) const {
  switch (element.kind) {
    case Element::Kind::character: return character == element.character;
    case Element::Kind::any: return true;
    case Element::Kind::run: return false;
    case Element::Kind::set:
    case Element::Kind::other_than: break;
  }
  const auto begin = ranges_.begin() + static_cast<std::ptrdiff_t>(element.begin);
  const auto end = ranges_.begin() + static_cast<std::ptrdiff_t>(element.end);
  const bool is_in = std::any_of(
      begin, end, [&](const Range& range) { return range.first <= character && character <= range.last; });
  return is_in == (element.kind == Element::Kind::set);
}

/// What a run takes is tried shortest first; only the last run met can ever have to take more.
bool Glob::matches(std::string_view text) const {
  if (shape_ == Shape::part) return text.find(literal_) != std::string_view::npos;
  std::size_t at = 0, after_run = 0;
  std::optional<std::string_view> retry;
  while (!text.empty() || at < elements_.size()) {
    if (at < elements_.size() && elements_[at].kind == Element::Kind::run) {
      after_run = ++at;
      retry = text;
      continue;
    }
    if (at < elements_.size() && !text.empty()) {
      std::string_view rest = text;
      if (holds(elements_[at], take_character(rest))) {
        text = rest;
        ++at;
        continue;
      }
    }
    if (!retry || retry->empty()) return false;
    take_character(*retry);
    text = *retry;
    at = after_run;
  }
  return true;
}

}  // namespace pcapml
