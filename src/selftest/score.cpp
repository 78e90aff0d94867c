// SPDX-License-Identifier: Apache-2.0
#include "selftest/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pcapml::selftest {
namespace {

bool is_right(const Expected& expected, const std::string& label) {
  return std::find(expected.owners.begin(), expected.owners.end(), label) != expected.owners.end();
}

}  // namespace

std::string to_string(const Fault& fault) {
  const char* way = fault.direction == 'e' ? "sent" : "received";
  const std::string what = fault.is_surplus      ? "captured once too often, as " + fault.label
                           : fault.label.empty() ? "not in the file"
                                                 : "labelled " + fault.label;
  return fmt::format("{} by {}: {}", way, fault.owner, what);
}

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
  for (const char direction : {'e', 'i'}) {
    Place& place = places_[{packet.content, direction}];
    place.kind = packet.kind;
    place.is_witnessed = true;
  }
  for (const Expected& end : packet.ends) places_[{end.content, end.direction}].expected.push_back(end);
  if (packet.without_socket > 0) without_socket_[packet.kind] += packet.without_socket;
}

void Scorer::captured(Captured packet) {
  places_[{std::move(packet.content), packet.direction}].labels.push_back(std::move(packet.label));
}

void Scorer::judge(const Place& place, char direction, Score& into) {
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
  const auto fault = [&](const Expected& expected, const std::string& label, bool is_surplus) {
    ++into.faults[{place.kind, direction, expected.owners.front(), label, is_surplus}];
  };
  for (const std::string& label : rest) {
    const bool is_surplus = open.empty();
    const Expected& expected = is_surplus ? place.expected.front() : *open.back();
    if (!is_surplus) open.pop_back();
    ++(label.starts_with('_') && !is_surplus ? counts.unknown : counts.wrong);
    fault(expected, label, is_surplus);
  }
  counts.lost += open.size();
  for (const Expected* expected : open) fault(*expected, "", false);
}

/// What the device dropped was sent and never received: it is not the capture that lost it.
void Scorer::forgive(const std::string& kind, std::uint64_t dropped, Score& in) {
  Counts& counts = in.kinds[kind];
  for (auto at = in.faults.begin(); at != in.faults.end();) {
    auto& [fault, count] = *at;
    if (fault.kind == kind && fault.direction == 'i' && fault.label.empty()) {
      const std::uint64_t never_received = std::min(dropped, count);
      dropped -= never_received;
      count -= never_received;
      counts.lost -= never_received;
      counts.expected -= never_received;
    }
    at = count == 0 ? in.faults.erase(at) : std::next(at);
  }
}

Score Scorer::score() const {
  Score result;
  for (const auto& [key, place] : places_) {
    if (!place.is_witnessed) result.strangers += place.labels.size();
    judge(place, key.second, result);
  }
  for (const auto& [kind, count] : without_socket_) result.kinds[kind].without_socket += count;
  for (const auto& [kind, count] : dropped_) forgive(kind, count, result);
  return result;
}

}  // namespace pcapml::selftest
