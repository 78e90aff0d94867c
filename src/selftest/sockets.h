// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "io/file_descriptor.h"

namespace pcapml::selftest {

/// An address as the kernel takes it. A value.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Endpoint loopback4(std::uint16_t port, std::uint8_t host = 1);  ///< 127.0.0.host
Endpoint loopback6(std::uint16_t port);                         ///< ::1
Endpoint mapped(std::uint16_t port);                            ///< ::ffff:127.0.0.1

// All of these throw std::system_error; sockets give up after kPatience_s.

FileDescriptor open_socket(int family, int type, int protocol = 0);
void bind_to(const FileDescriptor& socket, const Endpoint& address);
void connect_to(const FileDescriptor& socket, const Endpoint& address);
FileDescriptor bound_socket(const Endpoint& address, int type, int protocol = 0);
FileDescriptor listening_socket(const Endpoint& address);
/// Connected from this local port, so that the truth knows the connection by it.
FileDescriptor connected_socket(const Endpoint& address, std::uint16_t local_port);
FileDescriptor accept_with_address(const FileDescriptor& listener);
/// accept4() without room for an address.
FileDescriptor accept_without_address(const FileDescriptor& listener);
/// Ends the connection with a reset, which a full socket sends and receives, instead of with FINs, of which
/// the last ones would belong to a TIME_WAIT socket.
void reset_connection(FileDescriptor& socket);

void send_bytes(const FileDescriptor& socket, std::string_view bytes, const Endpoint* to = nullptr);
/// One datagram, or what is there of a stream; empty at its end. `from` nullptr: no address is asked for.
std::string receive_bytes(const FileDescriptor& socket, Endpoint* from = nullptr);

/// Sends and receives a descriptor (SCM_RIGHTS).
void give_socket(const FileDescriptor& channel, const FileDescriptor& socket);
FileDescriptor take_socket(const FileDescriptor& channel);

}  // namespace pcapml::selftest
