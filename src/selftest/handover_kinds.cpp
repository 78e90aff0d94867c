// SPDX-License-Identifier: Apache-2.0
// Sockets that change hands, and processes that change their names. All by UDP: each payload says whose it
// is.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "pcapml/error.h"
#include "selftest/kinds.h"
#include "selftest/words.h"

namespace pcapml::selftest {
namespace {

/// The other end: answers so many times. Returns what is given once it is there.
const Signal& add_server(Script& script, const std::string& server, unsigned times) {
  const Signal& bound = script.signal();
  script.role(server, [=, &script, &bound] {
    const FileDescriptor socket = bound_socket(loopback4(script.port(0)), SOCK_DGRAM);
    bound.give();
    answer(socket, server, times);
  });
  return bound;
}

FileDescriptor socket_to(std::uint16_t port) {
  FileDescriptor socket = open_socket(AF_INET, SOCK_DGRAM);
  connect_to(socket, loopback4(port));
  return socket;
}

void write_pass(Script& script) {
  const std::string server = script.name("srv"), giver = script.name("giv"), taker = script.name("tak");
  const Signal& bound = add_server(script, server, 2 * kRounds);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("socketpair", "make a");
  const auto from = std::make_shared<FileDescriptor>(ends[0]), to = std::make_shared<FileDescriptor>(ends[1]);
  script.role(giver, [=, &script, &bound] {
    bound.wait();
    const FileDescriptor socket = socket_to(script.port(0));
    ask(socket, giver, server);
    give_socket(*from, socket);
  });
  script.role(taker, [=] { ask(take_socket(*to), taker, server); });
}

void write_inherit(Script& script) {
  const std::string server = script.name("srv"), parent = script.name("par"), child = script.name("chd");
  const Signal& bound = add_server(script, server, kRounds);
  script.role(parent, [=, &script, &bound] {
    bound.wait();
    const FileDescriptor socket = socket_to(script.port(0));
    await_process(start_process(child, [&] { ask(socket, child, server); }), child);
  });
}

/// Only the child reads, and without asking for addresses. Its first datagram arrives while it is still the
/// parent's, because nobody but the parent has used the socket.
void write_reader(Script& script) {
  const std::string source = script.name("src"), parent = script.name("par"), child = script.name("chd");
  const Signal& bound = script.signal();
  const Signal& read = script.signal();
  script.role(parent, [=, &script, &bound, &read] {
    const FileDescriptor socket = bound_socket(loopback4(script.port(0)), SOCK_DGRAM);
    const pid_t pid = start_process(child, [&] {
      for (unsigned i = 0; i < kRounds; ++i) {
        receive_bytes(socket);
        read.give();
      }
    });
    bound.give();
    await_process(pid, child);
  });
  script.role(source, [=, &script, &bound, &read] {
    bound.wait();
    const FileDescriptor socket = socket_to(script.port(0));
    for (unsigned i = 0; i < kRounds; ++i) {
      send_bytes(socket, word(source, i == 0 ? fmt::format("{}|{}", parent, child) : child, i));
      read.wait();
    }
  });
}

void write_rename(Script& script) {
  const std::string server = script.name("srv"), before = script.name("old"), after = script.name("new");
  const Signal& bound = add_server(script, server, kRounds);
  script.role(before, [=, &script, &bound] {
    bound.wait();
    const FileDescriptor socket = socket_to(script.port(0));
    rename_self(after);
    ask(socket, after, server);
  });
}

/// exec of a link that has the new name, in the directory of this run.
[[noreturn]] void become(const std::string& link, const FileDescriptor& socket, const std::string& self,
                         const std::string& other) {
  char program[4096] = {};
  if (::readlink("/proc/self/exe", program, sizeof program - 1) < 0) throw_errno("/proc/self/exe", "read");
  if (::symlink(program, link.c_str()) != 0) throw_errno(link, "make the link");
  ::fcntl(socket.get(), F_SETFD, 0);
  ::setenv(kExecVariable, fmt::format("{} {} {}", socket.get(), self, other).c_str(), 1);
  ::execl(link.c_str(), "pcapml", "selftest", nullptr);
  throw_errno(link, "execute");
}

void write_exec(Script& script) {
  const std::string server = script.name("srv"), before = script.name("old"), after = script.name("new");
  const Signal& bound = add_server(script, server, 2 * kRounds);
  script.role(before, [=, &script, &bound] {
    bound.wait();
    const FileDescriptor socket = socket_to(script.port(0));
    ask(socket, before, server);
    become(script.directory() + '/' + after, socket, after, server);
  });
}

}  // namespace

void play_after_exec(int descriptor, const std::string& self, const std::string& other) {
  ask(FileDescriptor{descriptor}, self, other);
}

std::vector<Kind> handover_kinds() {
  return {
      {"pass", "UDP, descriptor passed to another process", false, write_pass},
      {"inherit", "UDP, socket used by a forked child", false, write_inherit},
      {"reader", "UDP, a forked child only reads", false, write_reader},
      {"rename", "UDP, process renamed after socket()", false, write_rename},
      {"exec", "UDP, socket kept through exec", false, write_exec},
  };
}

}  // namespace pcapml::selftest
