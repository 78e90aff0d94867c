// SPDX-License-Identifier: Apache-2.0
// Many processes, and many packets.
#include <fmt/format.h>

#include "selftest/kinds.h"
#include "selftest/words.h"

namespace pcapml::selftest {
namespace {

constexpr unsigned kShortLived = 100;
constexpr unsigned kFlood = 50'000;

void receive_all(Script& script, const std::string& self, const Signal& bound, const Signal& heard,
                 unsigned count) {
  script.role(self, [=, &script, &bound, &heard] {
    const FileDescriptor socket = bound_socket(loopback4(script.port(0)), SOCK_DGRAM);
    const int queue_bytes = 256 << 20;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &queue_bytes, sizeof queue_bytes);
    bound.give();
    const std::string last = fmt::format(" {};", count - 1);
    while (!receive_bytes(socket).ends_with(last)) continue;
    heard.give();
  });
}

void write_short(Script& script) {
  const std::string server = script.name("srv"), maker = script.name("mak");
  const Signal& bound = script.signal();
  receive_all(script, server, bound, script.signal(), kShortLived);
  script.role(maker, [=, &script, &bound] {
    bound.wait();
    const Endpoint to = loopback4(script.port(0));
    for (unsigned i = 0; i < kShortLived; ++i) {
      const std::string self = script.name(fmt::format("{:02}", i));
      const auto play = [&] { send_bytes(open_socket(AF_INET, SOCK_DGRAM), word(self, server, i), &to); };
      await_process(start_process(self, play), self);
    }
  });
}

void write_flood(Script& script) {
  const std::string server = script.name("srv"), client = script.name("cli");
  const Signal& bound = script.signal();
  const Signal& heard = script.signal();
  receive_all(script, server, bound, heard, kFlood);
  script.role(client, [=, &script, &bound, &heard] {
    bound.wait();
    const FileDescriptor socket = open_socket(AF_INET, SOCK_DGRAM);
    connect_to(socket, loopback4(script.port(0)));
    for (unsigned i = 0; i < kFlood; ++i) send_bytes(socket, word(client, server, i));
    // The device drops what finds its queue full, and the last one must arrive.
    while (!heard.is_given_within(1000)) send_bytes(socket, word(client, server, kFlood - 1));
  });
}

}  // namespace

std::vector<Kind> volume_kinds() {
  return {
      {"short", "UDP, 100 processes of one datagram each", false, write_short},
      {"flood", "UDP, 50000 datagrams as fast as possible", false, write_flood},
  };
}

}  // namespace pcapml::selftest
