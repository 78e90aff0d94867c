// SPDX-License-Identifier: Apache-2.0
#include "label/flow_rules.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace pcapml {
namespace {

enum Part : unsigned { kAddressA = 1, kPortA = 2, kAddressB = 4, kPortB = 8, kProtocol = 16, kAll = 31 };

constexpr unsigned ends_swapped(unsigned parts) {
  return (parts & (kAddressA | kPortA)) << 2 | (parts & (kAddressB | kPortB)) >> 2 | (parts & kProtocol);
}

constexpr bool is_symmetric(unsigned parts) { return ends_swapped(parts) == parts; }

unsigned parts_of(const FlowPattern& pattern) {
  unsigned parts = 0;
  if (pattern.a.address.version != 0) parts |= kAddressA;
  if (pattern.a.port) parts |= kPortA;
  if (pattern.b.address.version != 0) parts |= kAddressB;
  if (pattern.b.port) parts |= kPortB;
  if (pattern.protocol) parts |= kProtocol;
  return parts;
}

/// What a packet shows of these parts; the source as end A.
FlowKey shown(const FlowKey& packet, unsigned parts) {
  FlowKey key;
  if ((parts & kAddressA) != 0) key.source = packet.source;
  if ((parts & kPortA) != 0) key.source_port = packet.source_port;
  if ((parts & kAddressB) != 0) key.destination = packet.destination;
  if ((parts & kPortB) != 0) key.destination_port = packet.destination_port;
  if ((parts & kProtocol) != 0) key.protocol = packet.protocol;
  return key;
}

}  // namespace

FlowRules::Shape& FlowRules::shape_of(unsigned parts) {
  for (Shape& shape : shapes_)
    if (shape.parts == parts) return shape;
  shapes_.push_back({parts, {}});
  return shapes_.back();
}

void FlowRules::add(const FlowPattern& pattern, std::int64_t start_ns, std::int64_t end_ns,
                    std::uint32_t rule) {
  unsigned parts = parts_of(pattern);
  FlowKey key{pattern.a.address, pattern.b.address, pattern.a.port.value_or(0), pattern.b.port.value_or(0),
              pattern.protocol.value_or(0)};
  if (ends_swapped(parts) < parts) {  // (A with a port, B without) is the same as the reverse
    parts = ends_swapped(parts);
    key = key.reversed();
  } else if (is_symmetric(parts)) {
    key = key.canonical();
  }
  const auto found = shape_of(parts).patterns.find_or_add(key);
  std::uint32_t& number = found.value.first;
  if (found.added) {
    number = static_cast<std::uint32_t>(patterns_.size());
    patterns_.emplace_back();
  }
  if (start_ns <= end_ns) windows_.push_back({start_ns, end_ns, end_ns, number, rule});
}

void FlowRules::build() {
  std::sort(windows_.begin(), windows_.end(), [](const Window& a, const Window& b) {
    if (a.pattern != b.pattern) return a.pattern < b.pattern;
    if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
    return a.rule < b.rule;
  });
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    Pattern& pattern = patterns_[windows_[i].pattern];
    if (pattern.windows++ == 0) pattern.first_window = static_cast<std::uint32_t>(i);
  }
  spans_.reserve(windows_.size() * 2);
  for (Pattern& pattern : patterns_) {
    set_latest_ends(pattern.first_window, pattern.first_window + pattern.windows);
    build_spans(pattern);
  }
  for (Shape& shape : shapes_)
    shape.patterns.for_each(
        [this](const FlowKey&, SpanRange& range) { range = patterns_[range.first].spans; });
}

void FlowRules::build_spans(Pattern& pattern) {
  pattern.spans.first = static_cast<std::uint32_t>(spans_.size());
  const auto end_of = [this](std::uint32_t i) { return windows_[i].end_ns; };
  const auto ends_later = [&](std::uint32_t a, std::uint32_t b) { return end_of(a) > end_of(b); };
  const auto comes_later = [this](std::uint32_t a, std::uint32_t b) {
    return windows_[a].rule > windows_[b].rule;
  };
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, decltype(ends_later)> ending(ends_later);
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, decltype(comes_later)> lowest(comes_later);
  std::uint32_t next = pattern.first_window;
  const std::uint32_t last = next + pattern.windows;
  while (next != last || !ending.empty()) {
    const bool opens = next != last && (ending.empty() || windows_[next].start_ns <= end_of(ending.top()));
    if (!opens && end_of(ending.top()) == kForever) break;
    const std::int64_t now = opens ? windows_[next].start_ns : end_of(ending.top()) + 1;
    while (!ending.empty() && end_of(ending.top()) < now) ending.pop();
    for (; next != last && windows_[next].start_ns == now; ++next) {
      ending.push(next);
      lowest.push(next);
    }
    while (!lowest.empty() && end_of(lowest.top()) < now) lowest.pop();
    spans_.push_back({now, lowest.empty() ? kNone : windows_[lowest.top()].rule,
                      static_cast<std::uint32_t>(ending.size())});
  }
  pattern.spans.size = static_cast<std::uint32_t>(spans_.size()) - pattern.spans.first;
}

// The windows between begin and end, sorted by start, are a binary tree whose root is the middle one.
std::int64_t FlowRules::set_latest_ends(std::size_t begin, std::size_t end) {
  if (begin == end) return std::numeric_limits<std::int64_t>::min();
  const std::size_t middle = begin + (end - begin) / 2;
  const std::int64_t below = std::max(set_latest_ends(begin, middle), set_latest_ends(middle + 1, end));
  return windows_[middle].latest_end_ns = std::max(windows_[middle].end_ns, below);
}

void FlowRules::collect(std::size_t begin, std::size_t end, std::int64_t time_ns,
                        std::vector<std::uint32_t>& rules) const {
  if (begin == end) return;
  const std::size_t middle = begin + (end - begin) / 2;
  const Window& window = windows_[middle];
  if (window.latest_end_ns < time_ns) return;
  collect(begin, middle, time_ns, rules);
  if (window.start_ns > time_ns) return;
  if (window.end_ns >= time_ns) rules.push_back(window.rule);
  collect(middle + 1, end, time_ns, rules);
}

template <class Visit>
void FlowRules::for_each_pattern(const FlowKey& packet, Visit visit) const {
  for (const Shape& shape : shapes_) {
    const auto probe = [&](const FlowKey& key) {
      if (const SpanRange* spans = shape.patterns.find(key)) visit(shape.parts, *spans);
    };
    if (is_symmetric(shape.parts)) {
      probe(shown(packet, shape.parts).canonical());
      continue;
    }
    const FlowKey forward = shown(packet, shape.parts);
    const FlowKey backward = shown(packet.reversed(), shape.parts);
    probe(forward);
    if (backward != forward) probe(backward);
  }
}

std::uint32_t FlowRules::span_in(SpanRange spans, std::int64_t time_ns) const {
  const Span* begin = spans_.data() + spans.first;
  const Span* after =
      std::upper_bound(begin, begin + spans.size, time_ns,
                       [](std::int64_t time, const Span& span) { return time < span.start_ns; });
  return after == begin ? kNone : static_cast<std::uint32_t>(after - spans_.data() - 1);
}

/// Of spans that are not empty.
const FlowRules::Pattern& FlowRules::pattern_of(SpanRange spans) const {
  const auto next = std::upper_bound(
      patterns_.begin(), patterns_.end(), spans.first,
      [](std::uint32_t first, const Pattern& pattern) { return first < pattern.spans.first; });
  return *(next - 1);
}

// A pattern's last span holds no rule, unless one holds for ever.
std::int64_t FlowRules::end_of_span(std::uint32_t index) const {
  if (index + 1 == spans_.size() || spans_[index + 1].start_ns <= spans_[index].start_ns) return kForever;
  return spans_[index + 1].start_ns - 1;
}

FlowRules::Patterns FlowRules::patterns_of(const FlowKey& packet) const {
  Patterns found;
  for_each_pattern(packet, [&](unsigned parts, SpanRange spans) {
    if (spans.size == 0) return;
    __builtin_prefetch(&spans_[spans.first]);
    if (parts == kAll) found.exact = spans.first;
    found.range[found.size++] = spans;
  });
  return found;
}

FlowRules::Spans FlowRules::spans_at(const Patterns& patterns, std::int64_t time_ns) const {
  Spans found;
  for (const SpanRange range : patterns) {
    const std::uint32_t index = span_in(range, time_ns);
    if (index != kNone && spans_[index].first != kNone) found.index[found.size++] = index;
  }
  return found;
}

std::optional<std::uint32_t> FlowRules::first(const FlowKey& packet, std::int64_t time_ns) const {
  std::uint32_t lowest = kNone;
  for (const std::uint32_t index : spans_at(patterns_of(packet), time_ns))
    lowest = std::min(lowest, spans_[index].first);
  if (lowest == kNone) return std::nullopt;
  return lowest;
}

void FlowRules::all(const FlowKey& packet, std::int64_t time_ns, std::vector<std::uint32_t>& rules) const {
  rules.clear();
  for_each_pattern(packet, [&](unsigned /*parts*/, SpanRange spans) {
    if (spans.size == 0) return;
    const Pattern& pattern = pattern_of(spans);
    collect(pattern.first_window, pattern.first_window + pattern.windows, time_ns, rules);
  });
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
}

bool FlowRules::knows(const FlowKey& packet) const {
  bool known = false;
  for_each_pattern(packet, [&](unsigned /*parts*/, SpanRange) { known = true; });
  return known;
}

}  // namespace pcapml
