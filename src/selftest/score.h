// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "selftest/truth.h"

namespace pcapml::selftest {

/// A packet of the capture.
struct Captured {
  std::string content;  ///< content_of() it
  char direction = 0;
  std::string label;
};

/// Ends of packets: a packet of the loopback has two.
struct Counts {
  std::uint64_t expected = 0;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;           ///< another process's name, or captured more often than it was sent
  std::uint64_t unknown = 0;         ///< _unknown or _kernel
  std::uint64_t lost = 0;            ///< not in the file
  std::uint64_t without_socket = 0;  ///< no socket has to do with them, so nothing is expected

  Counts& operator+=(const Counts& other);
  bool is_perfect() const { return wrong == 0 && unknown == 0 && lost == 0; }
};

/// What is not right about the ends of packets of one process.
struct Fault {
  std::string kind;
  char direction = 0;
  std::string owner;
  std::string label;        ///< that they have instead; empty: they are not in the file
  bool is_surplus = false;  ///< captured more often than they were sent

  auto operator<=>(const Fault&) const = default;
};

std::string to_string(const Fault& fault);

struct Score {
  std::map<std::string, Counts> kinds;
  std::map<Fault, std::uint64_t> faults;
  std::uint64_t strangers = 0;  ///< captured, but the witness saw no such packet
};

/// Compares a capture with the truth. Each packet of the capture stands for one end of a packet of the wire;
/// of packets of equal content, those with the right label are taken first.
class Scorer {
 public:
  void expect(const Truth::Packet& packet);
  /// Packets of this kind that the device dropped between the ends: so many were never received.
  void dropped(const std::string& kind, std::uint64_t count) { dropped_[kind] += count; }
  void captured(Captured packet);
  Score score() const;

 private:
  struct Place {
    std::vector<Expected> expected;
    std::vector<std::string> labels;
    std::string kind;
    bool is_witnessed = false;
  };
  static void judge(const Place& place, char direction, Score& into);
  static void forgive(const std::string& kind, std::uint64_t dropped, Score& in);

  std::map<std::pair<std::string, char>, Place> places_;
  std::map<std::string, std::uint64_t> without_socket_, dropped_;
};

}  // namespace pcapml::selftest
