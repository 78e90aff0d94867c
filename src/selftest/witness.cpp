// SPDX-License-Identifier: Apache-2.0
#include "selftest/witness.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>

#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml::selftest {
namespace {

constexpr std::size_t kLargestPacket = 1 << 18;
/// Room for a flood's packets; they are taken only after it.
constexpr int kQueue_bytes = 256 << 20;

/// Only what is sent: on lo each packet would come a second time as it arrives.
void take_outgoing_only(int socket) {
  sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING},
      {BPF_RET | BPF_K, 0, 0, kLargestPacket},
      {BPF_RET | BPF_K, 0, 0, 0},
  };
  const sock_fprog program{std::size(code), code};
  if (::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw_errno("AF_PACKET", "filter");
}

}  // namespace

Witness::Witness(const NetworkNamespace& space) : buffer_(kLargestPacket, '\0') {
  const NetworkNamespace::Visit visit{space};
  // Protocol 0 gets nothing until it is bound, when the filter is in place.
  socket_ = FileDescriptor{::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket_) throw_errno("AF_PACKET", "open a socket of");
  take_outgoing_only(socket_.get());
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kQueue_bytes, sizeof kQueue_bytes);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("lo", "watch");
}

std::vector<std::string> Witness::take() {
  std::vector<std::string> packets;
  while (true) {
    const ssize_t size = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (size >= 0) {
      packets.emplace_back(buffer_.data(), static_cast<std::size_t>(size));
      continue;
    }
    if (errno == EAGAIN) return packets;
    if (errno != EINTR) throw_errno("lo", "watch");
    check_interrupt();
  }
}

std::uint64_t Witness::dropped() {
  tpacket_stats statistics{};
  socklen_t size = sizeof statistics;
  if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0)
    throw_errno("AF_PACKET", "read the statistics of");
  return dropped_ += statistics.tp_drops;  // reading sets the kernel's count to 0
}

}  // namespace pcapml::selftest
