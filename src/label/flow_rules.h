// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "net/large_pages.h"
#include "net/open_table.h"
#include "pcapml/headers.h"

namespace pcapml {

/// What a rule asks of a packet's 5-tuple, in either direction. What is absent matches anything.
struct FlowPattern {
  struct End {
    IpAddress address;  ///< version 0: any
    std::optional<std::uint16_t> port;
  };
  End a, b;
  std::optional<std::uint8_t> protocol;
};

/// Many rules of the form (FlowPattern, window of time), looked up by packet: a hash probe or two for each
/// combination of absent parts that occurs, whatever the number of rules, then one binary search in time.
///
/// The windows of one pattern are cut into spans in which the same rules hold. Add, build(), then look up.
/// Memory: about 150 bytes for each rule and as many again for each different pattern. Not thread-safe while
/// it is built.
class FlowRules {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  /// One for each combination of absent parts; two where the ends of the pattern ask for different parts.
  static constexpr std::size_t kMostSpans = 32;

  /// A time from which on the same rules hold, up to the next span of the pattern.
  struct Span {
    std::int64_t start_ns = 0;
    std::uint32_t first = kNone;  ///< the lowest rule number, kNone where no rule holds
    std::uint32_t rules = 0;      ///< how many hold
  };

  /// The spans of one pattern, at all times.
  struct SpanRange {
    std::uint32_t first = kNone, size = 0;
  };

  /// The patterns that one packet matches, whatever the time.
  struct Patterns {
    std::array<SpanRange, kMostSpans> range;
    std::size_t size = 0;
    /// Stands for the pattern that is the packet's whole 5-tuple: its first span. kNone where there is none
    /// with a window.
    std::uint32_t exact = kNone;
    const SpanRange* begin() const { return range.data(); }
    const SpanRange* end() const { return range.data() + size; }
  };

  /// The spans that hold one packet, at most one for each pattern that it matches.
  struct Spans {
    std::array<std::uint32_t, kMostSpans> index;
    std::size_t size = 0;
    const std::uint32_t* begin() const { return index.data(); }
    const std::uint32_t* end() const { return index.data() + size; }
  };

  /// Both ends of the window belong to it. A rule may have several patterns and windows; its number is less
  /// than kNone. At most 2^30 windows.
  void add(const FlowPattern& pattern, std::int64_t start_ns, std::int64_t end_ns, std::uint32_t rule);
  void build();

  /// The lowest number among the rules that match.
  std::optional<std::uint32_t> first(const FlowKey& packet, std::int64_t time_ns) const;
  /// All rules that match, in ascending order, each once.
  void all(const FlowKey& packet, std::int64_t time_ns, std::vector<std::uint32_t>& rules) const;
  /// Whether a pattern fits, at whatever time.
  bool knows(const FlowKey& packet) const;

  /// As first(), for callers that keep something for each span, in two steps, so that they can fetch what
  /// they keep meanwhile. Spans in which no rule holds are left out.
  Patterns patterns_of(const FlowKey& packet) const;
  Spans spans_at(const Patterns& patterns, std::int64_t time_ns) const;
  std::size_t span_count() const { return spans_.size(); }
  const Span& span(std::uint32_t index) const { return spans_[index]; }
  /// The last time that belongs to a span in which rules hold.
  std::int64_t end_of_span(std::uint32_t index) const;

  /// Tells `visitor` of each pattern's windows in the order of time: opens(rule) and closes(rule) at their
  /// ends, span(index) for each span in between. Once for each window, whatever they share.
  template <class Visitor>
  void sweep(Visitor&& visitor) const;

  /// Calls visit(rule, first span, last span) for each window.
  template <class Visit>
  void for_each_window(Visit visit) const;

 private:
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

  struct Window {
    std::int64_t start_ns, end_ns;
    std::int64_t latest_end_ns;  // of the windows below this one in the tree over its pattern's windows
    std::uint32_t pattern;       // while building
    std::uint32_t rule;
  };
  struct Pattern {
    std::uint32_t first_window = 0, windows = 0;
    SpanRange spans;
  };
  /// Patterns in which the same parts are absent. The spans lie in the table itself, so that a look-up reads
  /// little memory; until they are built it holds the pattern's number.
  struct Shape {
    unsigned parts = 0;
    OpenTable<FlowKey, SpanRange> patterns;
  };

  template <class Visit>
  void for_each_pattern(const FlowKey& packet, Visit visit) const;
  Shape& shape_of(unsigned parts);
  void build_spans(Pattern& pattern);
  std::int64_t set_latest_ends(std::size_t begin, std::size_t end);
  void collect(std::size_t begin, std::size_t end, std::int64_t time_ns,
               std::vector<std::uint32_t>& rules) const;
  std::uint32_t span_in(SpanRange spans, std::int64_t time_ns) const;
  const Pattern& pattern_of(SpanRange spans) const;

  std::vector<Shape> shapes_;
  std::vector<Pattern> patterns_;
  std::vector<Window, LargePages<Window>> windows_;  // by pattern, then by start
  std::vector<Span, LargePages<Span>> spans_;        // by pattern, then by time
};

template <class Visitor>
void FlowRules::sweep(Visitor&& visitor) const {
  std::vector<const Window*> ending;
  for (const Pattern& pattern : patterns_) {
    const Window* next = windows_.data() + pattern.first_window;
    const Window* const last = next + pattern.windows;
    const auto ends_later = [](const Window* a, const Window* b) { return a->end_ns > b->end_ns; };
    for (std::uint32_t i = pattern.spans.first; i < pattern.spans.first + pattern.spans.size; ++i) {
      const std::int64_t now = spans_[i].start_ns;
      for (; !ending.empty() && ending.front()->end_ns < now; ending.pop_back()) {
        std::pop_heap(ending.begin(), ending.end(), ends_later);
        visitor.closes(ending.back()->rule);
      }
      for (; next != last && next->start_ns <= now; ++next) {
        visitor.opens(next->rule);
        ending.push_back(next);
        std::push_heap(ending.begin(), ending.end(), ends_later);
      }
      visitor.span(i);
    }
    for (const Window* open : ending) visitor.closes(open->rule);
    ending.clear();
  }
}

template <class Visit>
void FlowRules::for_each_window(Visit visit) const {
  for (const Pattern& pattern : patterns_)
    for (std::uint32_t i = 0; i < pattern.windows; ++i) {
      const Window& window = windows_[pattern.first_window + i];
      visit(window.rule, span_in(pattern.spans, window.start_ns), span_in(pattern.spans, window.end_ns));
    }
}

}  // namespace pcapml
