// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "selftest/process.h"
#include "selftest/sockets.h"

namespace pcapml::selftest {

struct Role {
  std::string name;
  std::function<void()> play;
};

/// Who uses one end of TCP connections. Remote port 0: of every connection that no other end names.
struct End {
  std::uint16_t local = 0, remote = 0;
  std::string owner;
};

/// What one kind of traffic consists of: processes, the ends that they own, what they wait for each other by.
class Script {
 public:
  Script(std::string kind, std::uint16_t first_port, std::string directory)
      : kind_(std::move(kind)), directory_(std::move(directory)), first_port_(first_port) {}

  std::uint16_t port(unsigned n) const { return static_cast<std::uint16_t>(first_port_ + n); }
  /// "st-KIND-ROLE", at most 15 bytes, which is all that the kernel keeps.
  std::string name(const std::string& role) const;
  const std::string& directory() const { return directory_; }

  void role(const std::string& name, std::function<void()> play) {
    roles_.push_back({name, std::move(play)});
  }
  void owns(std::uint16_t local, std::uint16_t remote, const std::string& owner) {
    ends_.push_back({local, remote, owner});
  }
  const Signal& signal() { return signals_.emplace_back(); }

  /// For roles that set up before the capture: says that this is done, and waits until the capture runs.
  void await_capture() const {
    prepared_.give();
    begun_.wait();
  }
  void await_prepared() const { each(&Signal::wait, prepared_); }
  void begin() const { each(&Signal::give, begun_); }

  const std::vector<Role>& roles() const { return roles_; }
  const std::vector<End>& ends() const { return ends_; }

 private:
  void each(void (Signal::*act)() const, const Signal& signal) const {
    for (std::size_t i = 0; i < roles_.size(); ++i) (signal.*act)();
  }

  std::string kind_, directory_;
  std::uint16_t first_port_;
  std::vector<Role> roles_;
  std::vector<End> ends_;
  std::deque<Signal> signals_;  // references stay
  Signal prepared_, begun_;
};

}  // namespace pcapml::selftest
