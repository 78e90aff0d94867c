// SPDX-License-Identifier: Apache-2.0
#include "capture/attendant.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "capture/process_facts.h"
#include "io/interrupt.h"
#include "pcapml/cursor.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

// A message is the kind of request, or an errno (0: done), and what belongs to it.
enum class Wish : std::uint32_t { open_next, begin, finish, complete, losses, is_any_alive };

constexpr const char* kGone = "the process that opens files and looks at processes is gone";
constexpr std::size_t kMostBytes = std::size_t{192} << 10;

template <class T>
void put(std::vector<std::byte>& to, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

void put_bytes(std::vector<std::byte>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

/// False where the other side is gone.
bool send_message(int channel, Bytes bytes, int file) {
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (file >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
  }
  while (true) {
    if (sendmsg(channel, &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

/// Empty where the other side is gone.
std::vector<std::byte> receive_message(int channel, FileDescriptor* file) {
  std::vector<std::byte> bytes(kMostBytes);
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  const cmsghdr* header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    FileDescriptor received(number);
    if (file != nullptr) *file = std::move(received);
  }
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

/// The attendant's side.
class Service {
 public:
  Service(FilePlan plan, const Attendant::Kernel& kernel) : files_(std::move(plan)), kernel_(kernel) {}

  void answer(int channel, Bytes request) {
    std::vector<std::byte> reply;
    FileDescriptor file;
    put(reply, std::uint32_t{0});
    try {
      Cursor at(request, kNativeOrder);
      fulfil(static_cast<Wish>(at.u32()), at, reply, file);
    } catch (const std::system_error& error) {
      fail(reply, error.code().value(), error.what());
    } catch (const std::exception& error) {
      fail(reply, EINVAL, error.what());
    }
    send_message(channel, reply, file.get());
  }

 private:
  static void fail(std::vector<std::byte>& reply, int error, const char* words) {
    reply.clear();
    put(reply, static_cast<std::uint32_t>(error));
    put_bytes(reply, std::as_bytes(std::span(words, std::strlen(words))));
  }

  void fulfil(Wish wish, Cursor& at, std::vector<std::byte>& reply, FileDescriptor& file) {
    switch (wish) {
      case Wish::open_next: {
        OutputFiles::File next = files_.open_next();
        file = std::move(next.descriptor);
        put_bytes(reply, std::as_bytes(std::span(next.name)));
        break;
      }
      case Wish::begin: files_.begin(); break;
      case Wish::finish: put(reply, static_cast<std::uint64_t>(files_.finish())); break;
      case Wish::complete: look(at, reply); break;
      case Wish::losses:
        for (const auto& [key, packets] : kernel_.losses()) {
          put(reply, std::get<0>(key));
          put(reply, std::get<1>(key));
          put(reply, std::get<2>(key));
          put(reply, packets);
        }
        break;
      case Wish::is_any_alive: put(reply, static_cast<std::uint32_t>(kernel_.is_any_alive() ? 1 : 0)); break;
    }
  }

  static void look(Cursor& at, std::vector<std::byte>& reply) {
    const std::uint64_t start_ns = at.u64(), inode = at.u64();
    auto info = parse_process_block(at.take(at.remaining()), kNativeOrder);
    if (!info) throw std::runtime_error("no process");
    put(reply, static_cast<std::uint32_t>(pcapml::complete(*info, start_ns, inode) ? 1 : 0));
    if (info->command_line.size() > kMostArguments) info->command_line.resize(kMostArguments);
    put_bytes(reply, process_block_body(*info, kNativeOrder));
  }

  static constexpr std::size_t kMostArguments = 65535;

  OutputFiles files_;
  const Attendant::Kernel& kernel_;
};

/// It may look at every process, and as root make files where root may.
std::vector<int> capabilities_of(const Identity& user) {
  std::vector<int> wanted = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, may(CAP_BPF) ? CAP_BPF : CAP_SYS_ADMIN};
  if (user.uid == 0) wanted.push_back(CAP_DAC_OVERRIDE);
  return wanted;
}

void serve(int channel, const Identity& user, FilePlan plan, const Attendant::Kernel& kernel) {
  // What a terminal sends to all is for the other side to decide on.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE}) signal(number, SIG_IGN);
  Service service(std::move(plan), kernel);
  try {
    become(user, capabilities_of(user));
  } catch (const std::system_error& error) {
    fmt::print(stderr, "pcapml: {}\n", error.what());
    return;
  }
  while (true) {
    const std::vector<std::byte> request = receive_message(channel, nullptr);
    if (request.empty()) return;
    service.answer(channel, request);
  }
}

}  // namespace

Attendant::Attendant(const Identity& user, FilePlan plan, const Kernel& kernel) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("socketpair", "make");
  channel_ = FileDescriptor(ends[0]);
  FileDescriptor other(ends[1]);
  const int bytes = 2 * static_cast<int>(kMostBytes);
  for (const int end : ends) setsockopt(end, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  if (user.uid != getuid()) user_ = user.name;
  pid_ = fork();
  if (pid_ < 0) throw_errno("a process of its own", "start");
  if (pid_ == 0) {
    channel_.reset();
    serve(other.get(), user, std::move(plan), kernel);
    _exit(0);
  }
}

Attendant::~Attendant() {
  channel_.reset();
  while (!is_left_alone_ && waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::vector<std::byte> Attendant::ask(Bytes request, FileDescriptor* file) {
  if (!send_message(channel_.get(), request, -1)) throw KernelError(kGone);
  return answer(file);
}

std::vector<std::byte> Attendant::answer(FileDescriptor* file) {
  const std::vector<std::byte> reply = receive_message(channel_.get(), file);
  Cursor at(reply, kNativeOrder);
  const auto error = static_cast<int>(at.u32());
  if (!at.ok()) throw KernelError(kGone);
  const Bytes rest = at.take(at.remaining());
  if (error != 0) {
    // The exception adds again what the error means.
    std::string words(as_text(rest));
    const std::string meaning = ": " + std::generic_category().message(error);
    if (words.ends_with(meaning)) words.resize(words.size() - meaning.size());
    throw std::system_error(error, std::generic_category(), words);
  }
  return {rest.begin(), rest.end()};
}

OutputFiles::File Attendant::open_next() {
  const Wish wish = Wish::open_next;
  OutputFiles::File next;
  try {
    const auto name = ask(std::as_bytes(std::span(&wish, 1)), &next.descriptor);
    next.name = as_text(name);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::permission_denied || user_.empty()) throw;
    const std::string words = error.what();
    throw std::system_error(error.code(), fmt::format("{} as user {} (another one: -Z USER)",
                                                      words.substr(0, words.rfind(": ")), user_));
  }
  return next;
}

void Attendant::begin() {
  const Wish wish = Wish::begin;
  ask(std::as_bytes(std::span(&wish, 1)));
}

std::size_t Attendant::finish() {
  const Wish wish = Wish::finish;
  const Bytes request = std::as_bytes(std::span(&wish, 1));
  if (!send_message(channel_.get(), request, -1)) return 0;
  pollfd reply{channel_.get(), POLLIN, 0};
  try {
    while (poll(&reply, 1, 100) <= 0) check_interrupt();
  } catch (const Interrupted&) {
    is_left_alone_ = true;
    throw;
  }
  return Cursor(answer(nullptr), kNativeOrder).u64();
}

bool Attendant::complete(ProcessInfo& info, std::uint64_t start_ns, std::uint64_t inode) {
  std::vector<std::byte> request;
  put(request, Wish::complete);
  put(request, start_ns);
  put(request, inode);
  put_bytes(request, process_block_body(info, kNativeOrder));
  const auto reply = ask(request);
  Cursor at(reply, kNativeOrder);
  const bool is_there = at.u32() != 0;
  if (auto found = parse_process_block(at.take(at.remaining()), kNativeOrder)) info = std::move(*found);
  return is_there;
}

Losses Attendant::losses() {
  const Wish wish = Wish::losses;
  const auto reply = ask(std::as_bytes(std::span(&wish, 1)));
  Cursor at(reply, kNativeOrder);
  Losses losses;
  while (at.remaining() > 0) {
    const std::uint32_t netns = at.u32(), interface = at.u32(), direction = at.u32();
    losses[{netns, interface, direction}] = at.u64();
  }
  return losses;
}

bool Attendant::is_any_alive() {
  const Wish wish = Wish::is_any_alive;
  const auto reply = ask(std::as_bytes(std::span(&wish, 1)));
  return Cursor(reply, kNativeOrder).u32() != 0;
}

}  // namespace pcapml
