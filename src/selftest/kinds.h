// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "selftest/script.h"
#include "selftest/world.h"

namespace pcapml::selftest {

/// A kind of traffic.
struct Kind {
  const char* name;  ///< at most 7 bytes, without '-'
  const char* title;
  bool early;  ///< its roles call await_capture()
  void (*write)(Script&);
  /// Why it cannot be played in the calling thread's namespace; empty where it can. nullptr: it always can.
  std::string (*obstacle)() = nullptr;
};

/// In the order of the reports.
const std::vector<Kind>& all_kinds();

std::vector<Kind> stream_kinds();
std::vector<Kind> datagram_kinds();
std::vector<Kind> handover_kinds();  ///< sockets that change hands
std::vector<Kind> volume_kinds();

std::string no_ipv6();  ///< an obstacle

/// Asks so many times and hears each answer; `peer` nullptr: the socket is connected.
void ask(const FileDescriptor& socket, const std::string& self, const std::string& other,
         const Endpoint* peer = nullptr);
/// Answers as many times, whoever asks.
void answer(const FileDescriptor& socket, const std::string& self, unsigned times = 10);
inline constexpr unsigned kRounds = 10;

/// In the place of the whole program, after exec: asks through this descriptor as this process.
void play_after_exec(int descriptor, const std::string& self, const std::string& other);
/// The descriptor of the one and the names, in the environment.
inline constexpr const char* kExecVariable = "PCAPML_SELFTEST_EXEC";

}  // namespace pcapml::selftest
