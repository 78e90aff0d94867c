// SPDX-License-Identifier: Apache-2.0
// TCP. Servers speak first, because an accepted connection's handshake belongs to who speaks first on it.
#include "pcapml/error.h"
#include "selftest/kinds.h"
#include "selftest/words.h"

namespace pcapml::selftest {
namespace {

using Address = Endpoint (*)(std::uint16_t);

Endpoint plain4(std::uint16_t port) { return loopback4(port); }

/// Speaks first and last hears; the last word was acknowledged by nothing but the reset.
void serve(FileDescriptor connection, const std::string& self, const std::string& client) {
  for (unsigned i = 0; i < kRounds; ++i) {
    send_bytes(connection, word(self, client, i));
    if (receive_bytes(connection).empty()) throw DataError("the client went away");
  }
  reset_connection(connection);
}

void converse(const FileDescriptor& connection, const std::string& self, const std::string& server) {
  for (unsigned i = 0; !receive_bytes(connection).empty(); ++i) send_bytes(connection, word(self, server, i));
}

void client_and_server(Script& script, Address at, Endpoint listen_at) {
  const std::string server = script.name("srv"), client = script.name("cli");
  const Signal& listening = script.signal();
  script.owns(script.port(0), 0, server);
  script.owns(script.port(1), script.port(0), client);
  script.role(server, [=, &listening] {
    const FileDescriptor listener = listening_socket(listen_at);
    listening.give();
    serve(accept_with_address(listener), server, client);
  });
  script.role(client, [=, &script, &listening] {
    listening.wait();
    converse(connected_socket(at(script.port(0)), script.port(1)), client, server);
  });
}

void write_tcp4(Script& script) { client_and_server(script, plain4, loopback4(script.port(0))); }
void write_tcp6(Script& script) { client_and_server(script, loopback6, loopback6(script.port(0))); }
void write_mapped(Script& script) { client_and_server(script, mapped, mapped(script.port(0))); }

using Accept = FileDescriptor (*)(const FileDescriptor&);

/// The parent listens, two workers accept one connection each, one after the other.
void prefork(Script& script, Accept accept) {
  const std::string parent = script.name("par"), client = script.name("cli");
  const std::string workers[] = {script.name("w1"), script.name("w2")};
  const Signal& listening = script.signal();
  const Signal& second = script.signal();
  for (unsigned i = 0; i < 2; ++i) {
    script.owns(script.port(0), script.port(i + 1), workers[i]);
    script.owns(script.port(i + 1), script.port(0), client);
  }
  script.role(parent, [=, &script, &listening, &second] {
    const FileDescriptor listener = listening_socket(loopback4(script.port(0)));
    pid_t pids[2];
    for (unsigned i = 0; i < 2; ++i)
      pids[i] = start_process(workers[i], [&, i] {
        if (i == 1) second.wait();
        serve(accept(listener), workers[i], client);
        if (i == 0) second.give();
      });
    listening.give();
    for (unsigned i = 0; i < 2; ++i) await_process(pids[i], workers[i]);
  });
  script.role(client, [=, &script, &listening] {
    listening.wait();
    for (unsigned i = 0; i < 2; ++i)
      converse(connected_socket(loopback4(script.port(0)), script.port(i + 1)), client, workers[i]);
  });
}

void write_accept(Script& script) { prefork(script, accept_with_address); }
void write_accept4(Script& script) { prefork(script, accept_without_address); }

void write_listen(Script& script) {
  const std::string server = script.name("srv"), client = script.name("cli");
  script.owns(script.port(0), 0, server);
  script.owns(script.port(1), script.port(0), client);
  script.role(server, [=, &script] {
    const FileDescriptor listener = listening_socket(loopback4(script.port(0)));
    script.await_capture();
    serve(accept_with_address(listener), server, client);
  });
  script.role(client, [=, &script] {
    script.await_capture();
    converse(connected_socket(loopback4(script.port(0)), script.port(1)), client, server);
  });
}

void write_estab(Script& script) {
  const std::string server = script.name("srv"), client = script.name("cli");
  const Signal& listening = script.signal();
  script.owns(script.port(0), 0, server);
  script.owns(script.port(1), script.port(0), client);
  script.role(server, [=, &script, &listening] {
    const FileDescriptor listener = listening_socket(loopback4(script.port(0)));
    listening.give();
    FileDescriptor connection = accept_with_address(listener);
    script.await_capture();
    serve(std::move(connection), server, client);
  });
  script.role(client, [=, &script, &listening] {
    listening.wait();
    const FileDescriptor connection = connected_socket(loopback4(script.port(0)), script.port(1));
    script.await_capture();
    converse(connection, client, server);
  });
}

}  // namespace

std::vector<Kind> stream_kinds() {
  return {
      {"tcp4", "TCP over IPv4", false, write_tcp4},
      {"tcp6", "TCP over IPv6", false, write_tcp6, no_ipv6},
      {"mapped", "TCP over IPv4 by IPv6 sockets", false, write_mapped, no_ipv6},
      {"accept", "TCP, forked workers, accept()", false, write_accept},
      {"accept4", "TCP, forked workers, accept4() without address", false, write_accept4},
      {"listen", "TCP, server from before the capture", true, write_listen},
      {"estab", "TCP, connection from before the capture", true, write_estab},
  };
}

}  // namespace pcapml::selftest
