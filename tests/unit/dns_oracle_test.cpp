// SPDX-License-Identifier: Apache-2.0
// What DNS alone says of each flow of the corpus, told by plain maps that forget nothing.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "golden_flows.h"
#include "net/flow_finder.h"
#include "net/host_name.h"
#include "net/tcp_flags.h"
#include "pcapml/name_resolver.h"

namespace pcapml {
namespace {

std::size_t number(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t n = 0;
  for (char c : bytes.substr(at, count)) n = n << 8 | static_cast<unsigned char>(c);
  return n;
}

/// The name at `at`, which moves behind it.
std::string read_name(std::string_view message, std::size_t& at) {
  std::string name;
  std::size_t here = at;
  bool jumped = false;
  for (int steps = 0; steps < 200 && here < message.size(); ++steps) {
    const std::size_t length = number(message, here, 1);
    if (length >= 0xc0) {
      if (!jumped) at = here + 2;
      jumped = true;
      here = number(message, here, 2) & 0x3fff;
      continue;
    }
    if (!jumped) at = here + 1 + length;
    if (length == 0) return name;
    name += std::string(message.substr(std::min(here + 1, message.size()), length)) + ".";
    here += 1 + length;
  }
  throw std::out_of_range("name");
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

struct Answer {
  std::string question;
  std::vector<IpAddress> addresses;
};

Answer read_answer(std::string_view message) {
  Answer answer;
  if (message.size() < 12 || (number(message, 2, 2) & 0x800f) != 0x8000 || number(message, 4, 2) != 1)
    return answer;
  std::size_t at = 12;
  std::map<std::string, std::string> alias_of;  // target to owner
  std::vector<std::pair<std::string, IpAddress>> addresses;
  try {
    answer.question = lower(read_name(message, at));
    at += 4;
    for (std::size_t i = number(message, 6, 2); i > 0; --i) {
      const std::string owner = lower(read_name(message, at));
      const std::size_t type = number(message, at, 2), size = number(message, at + 8, 2);
      at += 10;
      if (at + size > message.size()) break;
      std::size_t data = at;
      if (type == 5) alias_of[lower(read_name(message, data))] = owner;
      IpAddress address;
      address.version = type == 1 ? 4 : 6;
      if ((type == 1 && size == 4) || (type == 28 && size == 16)) {
        message.copy(reinterpret_cast<char*>(address.bytes.data()), size, at);
        addresses.emplace_back(owner, address);
      }
      at += size;
    }
  } catch (const std::out_of_range&) {  // what stands before the damage counts
  }
  for (auto [owner, address] : addresses) {
    for (int i = 0; i < 32 && owner != answer.question && alias_of.contains(owner); ++i)
      owner = alias_of[owner];
    if (owner == answer.question) answer.addresses.push_back(address);
  }
  return answer;
}

class Oracle {
 public:
  void add(const FlowPacket& packet, std::uint16_t link_type, Bytes frame) {
    const FlowKey& key = packet.headers.flow;
    std::string to, from;  // Ethernet addresses
    if (link_type == kLinkEthernet && !packet.is_tunneled) {
      to = as_text(frame.first(6));
      from = as_text(frame.subspan(6, 6));
      see(from, key.source);
      see(to, key.destination);
    }
    if (packet.flow.is_new) begin(packet, from, to);
    if (key.source_port != 53 || packet.is_partial || !packet.headers.has_transport) return;
    const Headers& headers = packet.headers;
    const auto end = headers.network_offset + headers.ip_captured;
    std::string_view payload = as_text(packet.bytes.first(end).subspan(headers.payload_offset));
    if (key.protocol == 17) return learn(payload, key.destination, to);
    std::string& stream = streams_[packet.flow.flow];
    for (stream += payload; stream.size() >= 2 + number(stream, 0, 2);) {
      const std::size_t length = number(stream, 0, 2);
      learn(std::string_view(stream).substr(2, length), key.destination, to);
      stream.erase(0, 2 + length);
    }
  }

  std::string name(std::uint32_t flow) const {
    const auto it = flows_.find(flow);
    if (it == flows_.end()) return "";
    const Flow& f = it->second;
    return !f.by_mac.empty() && is_host(f.mac) ? f.by_mac : f.by_address;
  }

 private:
  struct Flow {
    std::string mac, by_mac, by_address;
  };
  using Told = std::map<std::pair<std::string, IpAddress>, std::string>;

  static std::string text_of(const IpAddress& address) { return to_string(address); }

  void see(const std::string& mac, const IpAddress& address) {
    const unsigned first = address.bytes[0], second = address.bytes[1];
    if (address.version == 4 && first != 0 && first < 224 && !(first == 169 && second == 254))
      addresses_[mac].insert(address);
    IpAddress network = address;
    std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
    if (address.version == 6 && first >> 5 == 1) networks_[mac].insert(network);
  }
  bool is_host(const std::string& mac) const {
    const auto count = [&](const auto& seen) { return seen.contains(mac) ? seen.at(mac).size() : 0; };
    return (mac[0] & 1) == 0 && count(addresses_) < 2 && count(networks_) < 2;
  }

  void begin(const FlowPacket& packet, const std::string& from, const std::string& to) {
    const FlowKey& key = packet.headers.flow;
    if (key.protocol != 6 && key.protocol != 17) return;
    const auto ask = [&](const IpAddress& client, const std::string& mac, const IpAddress& remote) {
      Flow& flow = flows_[packet.flow.flow];
      flow = {mac, "", ""};
      if (const auto it = told_.find({text_of(client), remote}); it != told_.end())
        flow.by_address = it->second;
      if (const auto it = told_.find({mac, remote}); it != told_.end()) flow.by_mac = it->second;
      return !flow.by_address.empty() || !flow.by_mac.empty();
    };
    const unsigned opening = packet.headers.tcp_flags & (kTcpSyn | kTcpAck);
    if (opening != (kTcpSyn | kTcpAck) && ask(key.source, from, key.destination)) return;
    if (opening != kTcpSyn) ask(key.destination, to, key.source);
  }

  void learn(std::string_view message, const IpAddress& client, const std::string& mac) {
    const Answer answer = read_answer(message);
    const auto name = normal_host_name(answer.question);
    if (!name) return;
    for (const IpAddress& address : answer.addresses) {
      told_[{text_of(client), address}] = *name;
      if (!mac.empty()) told_[{mac, address}] = *name;
    }
  }

  Told told_;
  std::map<std::uint32_t, Flow> flows_;
  std::map<std::uint32_t, std::string> streams_;
  std::map<std::string, std::set<IpAddress>> addresses_, networks_;
};

TEST(DnsOracle, AgreesOnEveryFlowThatFollowsAnAnswer) {
  const auto captures = test::golden_captures();
  PCAPML_NEED_CORPUS(captures);
  std::size_t named = 0;
  for (const auto& capture : captures) {
    FlowFinder finder({});
    NameResolver resolver({});
    Oracle oracle;
    test::for_each_packet(capture, [&](std::uint16_t link_type, const PacketView& packet) {
      auto found = finder.find(link_type, packet.data, packet.timestamp_ns, packet.has_timestamp);
      if (!found) return;
      oracle.add(*found, link_type, packet.data);
      Headers& headers = found->headers;  // all but DNS loses what it carries, and with it its ClientHello
      if (headers.flow.source_port != 53)
        headers.payload_offset = headers.network_offset + headers.ip_captured;
      resolver.add(*found, link_type, packet.data);
    });
    resolver.finish();
    for (std::uint32_t flow = 0; flow < finder.tracker().flows(); ++flow) {
      const std::string ours(resolver.name(flow).text), expected = oracle.name(flow);
      EXPECT_EQ(ours, expected) << capture.filename() << ", flow " << flow;
      if (!expected.empty()) ++named;
    }
  }
  EXPECT_GE(named, 39U);
}

}  // namespace
}  // namespace pcapml
