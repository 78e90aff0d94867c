// SPDX-License-Identifier: Apache-2.0
#include "net/fragments.h"

#include <algorithm>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::size_t kMaxPayload = 65535;
constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40;
constexpr std::size_t kEntryCost = 256;  // what an unfinished packet takes beside its bytes, about

/// The identification: in the IPv4 header, or the last four bytes of the IPv6 fragment header, which is the
/// last extension header of all fragments but, at times, the first.
std::uint32_t identification(const Headers& headers, Bytes packet) {
  Cursor at(packet);
  if (headers.flow.source.version == 4) {
    at.skip(headers.network_offset + 4);
    return at.be16();
  }
  at.skip(headers.transport_offset - 4);
  return at.be32();
}

std::byte low_byte(std::size_t n) { return static_cast<std::byte>(n & 0xff); }

}  // namespace

void Fragments::forget(std::map<Id, Unfinished>::iterator it) {
  bytes_ -= it->second.bytes;
  oldest_first_.erase(it->second.age);
  unfinished_.erase(it);
}

/// Writes a plain IP header and the payload to whole_; false where pieces are missing.
bool Fragments::assemble(const Unfinished& unfinished) {
  if (unfinished.length == 0 || unfinished.bytes < unfinished.length + kEntryCost) return false;
  const bool ipv4 = unfinished.flow.source.version == 4;
  const std::size_t header = ipv4 ? kIpv4Header : kIpv6Header;
  const std::size_t address = ipv4 ? 4 : 16;
  whole_.assign(header, std::byte{0});
  const std::size_t length = unfinished.length + (ipv4 ? header : 0);
  if (length > kMaxPayload) return false;
  whole_[0] = std::byte{static_cast<unsigned char>(ipv4 ? 0x45 : 0x60)};
  whole_[ipv4 ? 2 : 4] = low_byte(length >> 8);
  whole_[ipv4 ? 3 : 5] = low_byte(length);
  whole_[ipv4 ? 9 : 6] = std::byte{unfinished.flow.protocol};
  const auto addresses = whole_.begin() + static_cast<std::ptrdiff_t>(header - 2 * address);
  std::copy_n(std::as_bytes(std::span(unfinished.flow.source.bytes)).begin(), address, addresses);
  std::copy_n(std::as_bytes(std::span(unfinished.flow.destination.bytes)).begin(), address,
              addresses + static_cast<std::ptrdiff_t>(address));
  for (const auto& [offset, bytes] : unfinished.pieces) {
    const std::size_t have = whole_.size() - header;
    if (offset > have) return false;
    if (offset + bytes.size() > have)
      whole_.insert(whole_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(have - offset), bytes.end());
  }
  if (whole_.size() - header < unfinished.length) return false;
  whole_.resize(header + unfinished.length);
  return true;
}

Fragments::Result Fragments::add(const Headers& headers, Bytes packet) {
  const Id id{headers.flow.source, headers.flow.destination, identification(headers, packet),
              headers.flow.protocol};
  auto [it, is_new] = unfinished_.try_emplace(id);
  Unfinished& unfinished = it->second;
  if (is_new) {
    unfinished.flow = headers.flow;
    unfinished.age = oldest_first_.insert(oldest_first_.end(), id);
    unfinished.bytes = kEntryCost;
    bytes_ += kEntryCost;
  }
  if (headers.fragment_offset == 0) {
    unfinished.flow = headers.flow;
    unfinished.has_ports = true;
  }
  Cursor at(packet);
  at.skip(headers.transport_offset);
  const Bytes piece = at.take(headers.network_offset + headers.ip_captured - headers.transport_offset);
  const std::size_t end = headers.fragment_offset + piece.size();
  if (!headers.more_fragments) unfinished.length = static_cast<std::uint32_t>(end);
  auto& place = unfinished.pieces[headers.fragment_offset];
  if (place.size() < piece.size() && end <= kMaxPayload) {
    unfinished.bytes += piece.size() - place.size();
    bytes_ += piece.size() - place.size();
    place.assign(piece.begin(), piece.end());
  }

  Result result{unfinished.has_ports ? unfinished.flow : headers.flow, {}};
  if (assemble(unfinished)) {
    result.packet = whole_;
    forget(it);
  }
  while (bytes_ > max_bytes_ && !oldest_first_.empty()) {
    ++incomplete_;
    forget(unfinished_.find(oldest_first_.front()));
  }
  return result;
}

}  // namespace pcapml
