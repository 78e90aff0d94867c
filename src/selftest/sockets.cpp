// SPDX-License-Identifier: Apache-2.0
#include "selftest/sockets.h"

#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "pcapml/error.h"
#include "selftest/process.h"

namespace pcapml::selftest {
namespace {

template <class Address>
Endpoint endpoint_of(const Address& address) {
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, &address, sizeof address);
  endpoint.size = sizeof address;
  return endpoint;
}

Endpoint at6(const in6_addr& host, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = host;
  return endpoint_of(address);
}

void reuse_address(const FileDescriptor& socket) {
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

/// Room for one descriptor beside a message.
struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))] = {};
};

}  // namespace

Endpoint loopback4(std::uint16_t port, std::uint8_t host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7f000000u | host);
  return endpoint_of(address);
}

Endpoint loopback6(std::uint16_t port) { return at6(in6addr_loopback, port); }

Endpoint mapped(std::uint16_t port) {
  in6_addr host{};
  host.s6_addr[10] = host.s6_addr[11] = 0xff;
  host.s6_addr[12] = 127;
  host.s6_addr[15] = 1;
  return at6(host, port);
}

FileDescriptor open_socket(int family, int type, int protocol) {
  FileDescriptor socket{::socket(family, type | SOCK_CLOEXEC, protocol)};
  if (!socket) throw_errno("socket", "open a");
  const timeval patience{kPatience_s, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return socket;
}

void bind_to(const FileDescriptor& socket, const Endpoint& address) {
  if (::bind(socket.get(), address.get(), address.size) != 0) throw_errno("socket", "bind a");
}

void connect_to(const FileDescriptor& socket, const Endpoint& address) {
  if (::connect(socket.get(), address.get(), address.size) != 0) throw_errno("socket", "connect a");
}

FileDescriptor bound_socket(const Endpoint& address, int type, int protocol) {
  FileDescriptor socket = open_socket(address.family(), type, protocol);
  reuse_address(socket);
  bind_to(socket, address);
  return socket;
}

FileDescriptor listening_socket(const Endpoint& address) {
  FileDescriptor socket = bound_socket(address, SOCK_STREAM);
  if (::listen(socket.get(), 16) != 0) throw_errno("socket", "listen on a");
  return socket;
}

FileDescriptor connected_socket(const Endpoint& address, std::uint16_t local_port) {
  Endpoint local = address;
  // sin_port and sin6_port lie at the same place.
  const std::uint16_t port = htons(local_port);
  std::memcpy(reinterpret_cast<char*>(&local.storage) + offsetof(sockaddr_in, sin_port), &port, sizeof port);
  FileDescriptor socket = bound_socket(local, SOCK_STREAM);
  connect_to(socket, address);
  return socket;
}

FileDescriptor accept_with_address(const FileDescriptor& listener) {
  Endpoint peer;
  FileDescriptor socket{::accept(listener.get(), peer.get(), &peer.size)};
  if (!socket) throw_errno("connection", "accept a");
  return socket;
}

FileDescriptor accept_without_address(const FileDescriptor& listener) {
  FileDescriptor socket{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!socket) throw_errno("connection", "accept a");
  return socket;
}

void reset_connection(FileDescriptor& socket) {
  const linger none{1, 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none) != 0)
    throw_errno("connection", "reset a");
  socket.reset();
}

void send_bytes(const FileDescriptor& socket, std::string_view bytes, const Endpoint* to) {
  const ssize_t sent =
      to == nullptr ? ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
                    : ::sendto(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, to->get(), to->size);
  if (sent != static_cast<ssize_t>(bytes.size())) throw_errno("socket", "send through a");
}

std::string receive_bytes(const FileDescriptor& socket, Endpoint* from) {
  std::string bytes(2048, '\0');
  if (from != nullptr) from->size = sizeof from->storage;
  const ssize_t size =
      from == nullptr ? ::recv(socket.get(), bytes.data(), bytes.size(), 0)
                      : ::recvfrom(socket.get(), bytes.data(), bytes.size(), 0, from->get(), &from->size);
  if (size < 0 && errno == ECONNRESET) return {};
  if (size < 0) throw_errno("socket", "receive from a");
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

void give_socket(const FileDescriptor& channel, const FileDescriptor& socket) {
  char byte = '.';
  iovec piece{&byte, 1};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = socket.get();
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (::sendmsg(channel.get(), &message, 0) != 1) throw_errno("descriptor", "pass a");
}

FileDescriptor take_socket(const FileDescriptor& channel) {
  char byte = 0;
  iovec piece{&byte, 1};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  if (::recvmsg(channel.get(), &message, MSG_CMSG_CLOEXEC) != 1) throw_errno("descriptor", "take a");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) throw DataError("no descriptor was passed");
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return FileDescriptor{descriptor};
}

}  // namespace pcapml::selftest
