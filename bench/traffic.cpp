// SPDX-License-Identifier: Apache-2.0
// Loads for bench/capture that iperf3 does not make. Each mode says "ready" when it has opened what it needs,
// and at its end one line with numbers.
//
//   receive ADDRESS PORT                    UDP; until SIGTERM; datagrams received
//   flood ADDRESS PORT SECONDS BYTES        UDP; datagrams sent, seconds
//   serve PORT THREADS                      TCP; until SIGTERM; connections served
//   connect PORT SECONDS RATE THREADS       TCP, 0 for no limit; connections made, seconds
//   sockets SOURCE ADDRESS PORT COUNT PER_PROCESS hold|send
//                                           UDP, connected; until its input ends; sockets, seconds to open
//                                           them

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t ended = 0;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

void ready() {
  std::puts("ready");
  std::fflush(stdout);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

sockaddr_in address_of(const char* text, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, text, &address.sin_addr) != 1) fail(text);
  return address;
}

template <class Call>
int on_address(Call call, int socket, const sockaddr_in& address) {
  return call(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int receive(char** words) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (on_address(::bind, socket, address_of(words[0], std::atoi(words[1]))) != 0) fail("bind");
  const timeval patience = {0, 100'000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ready();
  long count = 0;
  for (char buffer[2048]; ended == 0;)
    if (::recv(socket, buffer, sizeof buffer, 0) >= 0) ++count;
  std::printf("%ld\n", count);
  return 0;
}

int flood(char** words) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (on_address(::connect, socket, address_of(words[0], std::atoi(words[1]))) != 0) fail("connect");
  const double seconds = std::atof(words[2]);
  const std::string payload(static_cast<std::size_t>(std::atoi(words[3])), 'x');
  ready();
  long count = 0;
  const Clock::time_point begin = Clock::now();
  while (count % 64 != 0 || seconds_since(begin) < seconds) {
    if (::send(socket, payload.data(), payload.size(), 0) < 0) fail("send");
    ++count;
  }
  std::printf("%ld %.6f\n", count, seconds_since(begin));
  return 0;
}

constexpr int kWord = 64;

int serve(char** words) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  if (on_address(::bind, listener, address_of("0.0.0.0", std::atoi(words[0]))) != 0) fail("bind");
  if (::listen(listener, 4096) != 0) fail("listen");
  std::atomic<long> count = 0;
  std::vector<std::jthread> threads;
  for (int i = std::atoi(words[1]); i > 0; --i)
    threads.emplace_back([&] {
      char buffer[kWord];
      for (int socket; (socket = ::accept(listener, nullptr, nullptr)) >= 0; ::close(socket), ++count)
        if (::recv(socket, buffer, kWord, MSG_WAITALL) == kWord) ::send(socket, buffer, kWord, MSG_NOSIGNAL);
    });
  ready();
  while (ended == 0) ::poll(nullptr, 0, 100);
  std::printf("%ld\n", count.load());
  std::fflush(stdout);
  std::_Exit(0);
}

int connect(char** words) {
  const int port = std::atoi(words[0]);
  const double seconds = std::atof(words[1]), rate = std::atof(words[2]);
  const int thread_count = std::atoi(words[3]);
  std::atomic<long> turn = 0, made = 0;
  ready();
  const Clock::time_point begin = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < thread_count; ++i)
      threads.emplace_back([&] {
        char buffer[kWord] = {};
        for (;;) {
          const long number = turn++;
          if (rate > 0)
            std::this_thread::sleep_until(
                begin + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(static_cast<double>(number) / rate)));
          if (seconds_since(begin) >= seconds) return;
          // Many addresses, because ports in TIME_WAIT are used up otherwise.
          const std::string address = "127.0.1." + std::to_string(1 + number % 200);
          const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
          if (on_address(::connect, socket, address_of(address.c_str(), port)) != 0) fail("connect");
          ::send(socket, buffer, kWord, MSG_NOSIGNAL);
          if (::recv(socket, buffer, kWord, MSG_WAITALL) == kWord) ++made;
          ::recv(socket, buffer, kWord, 0);  // the server closes first
          ::close(socket);
        }
      });
  }
  std::printf("%ld %.6f\n", made.load(), seconds_since(begin));
  return 0;
}

constexpr int kFirstPort = 2000;

void open_sockets(const char* source, const sockaddr_in& peer, int count, bool send) {
  for (int i = 0; i < count; ++i) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    if (socket < 0) fail("socket");
    if (on_address(::bind, socket, address_of(source, kFirstPort + i)) != 0) fail("bind");
    if (on_address(::connect, socket, peer) != 0) fail("connect");
    if (send && ::send(socket, "one", 3, 0) != 3) fail("send");
  }
}

int sockets(char** words) {
  const sockaddr_in peer = address_of(words[1], std::atoi(words[2]));
  const int total = std::atoi(words[3]), most = std::atoi(words[4]);
  const bool send = std::strcmp(words[5], "send") == 0;
  const rlimit limit = {static_cast<rlim_t>(most + 16), static_cast<rlim_t>(most + 16)};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit");
  int hold[2];
  if (::pipe(hold) != 0) fail("pipe");
  const Clock::time_point begin = Clock::now();
  const in_addr_t first = ntohl(address_of(words[0], 0).sin_addr.s_addr);
  int processes = 0;
  // One after the other: many at the same time would leave the capturing process no processor.
  for (int left = total; left > 0; left -= most, ++processes) {
    int opened[2];
    if (::pipe(opened) != 0) fail("pipe");
    if (::fork() == 0) {
      ::close(hold[1]);
      // A source of its own for each process, because there are more sockets than ports.
      open_sockets(inet_ntoa({htonl(first + static_cast<in_addr_t>(processes))}), peer,
                   left < most ? left : most, send);
      char byte = '.';
      if (::write(opened[1], &byte, 1) != 1) fail("write");
      [[maybe_unused]] const auto end = ::read(hold[0], &byte, 1);
      std::_Exit(0);
    }
    ::close(opened[1]);
    if (char byte; ::read(opened[0], &byte, 1) != 1) return 1;
    ::close(opened[0]);
  }
  const double took = seconds_since(begin);
  ready();
  char byte = 0;
  [[maybe_unused]] const auto end = ::read(0, &byte, 1);
  ::close(hold[1]);
  while (::wait(nullptr) > 0) {
  }
  std::printf("%d %.6f\n", total, took);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action = {};
  action.sa_handler = [](int) { ended = 1; };
  sigaction(SIGTERM, &action, nullptr);
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "receive" && argc == 4) return receive(argv + 2);
  if (mode == "flood" && argc == 6) return flood(argv + 2);
  if (mode == "serve" && argc == 4) return serve(argv + 2);
  if (mode == "connect" && argc == 6) return connect(argv + 2);
  if (mode == "sockets" && argc == 8) return sockets(argv + 2);
  std::fputs("the head of traffic.cpp lists the modes\n", stderr);
  return 2;
}
