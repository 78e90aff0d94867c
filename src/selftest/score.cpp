// SPDX-License-Identifier: Apache-2.0
#include "selftest/score.h"

#include <fmt/format.h>

#include <algorithm>

namespace pcapml::selftest {
namespace {

bool is_right(const Expected& expected, const std::string& label) {
  return std::find(expected.owners.begin(), expected.owners.end(), label) != expected.owners.end();
}

const char* way(char direction) { return direction == 'e' ? "sent by" : "received by"; }

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  expected += other.expected;
  right += other.right;
  wrong += other.wrong;
  unknown += other.unknown;
  lost += other.lost;
  without_socket += other.without_socket;
  return *this;
}

void Scorer::expect(const Truth::Packet& packet) {
  if (packet.content.empty()) return;
  // Both ends are known from now on, so that neither is a stranger where it is captured without need.
  for (const char direction : {'e', 'i'}) places_[{packet.content, direction}].kind = packet.kind;
  for (const Expected& end : packet.ends) places_[{end.content, end.direction}].expected.push_back(end);
  if (packet.without_socket > 0) without_socket_[packet.kind] += packet.without_socket;
}

void Scorer::captured(Captured packet) {
  places_[{std::move(packet.content), packet.direction}].labels.push_back(std::move(packet.label));
}

void Scorer::judge(const Place& place, char direction, Score& into) const {
  if (place.expected.empty()) return;
  Counts& counts = into.kinds[place.kind];
  counts.expected += place.expected.size();
  std::vector<const Expected*> open;
  for (const Expected& expected : place.expected) open.push_back(&expected);
  std::vector<std::string> rest;
  for (const std::string& label : place.labels) {
    const auto found =
        std::find_if(open.begin(), open.end(), [&](const Expected* one) { return is_right(*one, label); });
    if (found == open.end()) {
      rest.push_back(label);
      continue;
    }
    open.erase(found);
    ++counts.right;
  }
  const auto fault = [&](const Expected& expected, const std::string& what) {
    ++into.faults[fmt::format("{}: {} {}, {}", place.kind, way(direction), expected.owners.front(), what)];
  };
  for (const std::string& label : rest) {
    const bool is_surplus = open.empty();
    const Expected& expected = is_surplus ? place.expected.front() : *open.back();
    if (!is_surplus) open.pop_back();
    ++(label.starts_with('_') && !is_surplus ? counts.unknown : counts.wrong);
    fault(expected, fmt::format("{}labelled {}", is_surplus ? "captured once too often, " : "", label));
  }
  counts.lost += open.size();
  for (const Expected* expected : open) fault(*expected, "not in the file");
}

Score Scorer::score() const {
  Score result;
  for (const auto& [key, place] : places_) {
    if (place.kind.empty() && place.expected.empty() && !place.labels.empty())
      result.strangers += place.labels.size();
    judge(place, key.second, result);
  }
  for (const auto& [kind, count] : without_socket_) result.kinds[kind].without_socket += count;
  for (const auto& [kind, count] : dropped_) {
    Counts& counts = result.kinds[kind];
    const std::uint64_t never_received = std::min(count, counts.lost);
    counts.lost -= never_received;
    counts.expected -= never_received;
  }
  return result;
}

}  // namespace pcapml::selftest
