// SPDX-License-Identifier: Apache-2.0
#include "pcapml/name_resolver.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "net/dns.h"
#include "net/dns_names.h"
#include "net/dns_stream.h"
#include "net/flow_finder.h"
#include "net/hello_search.h"
#include "net/host_name.h"
#include "net/ip_protocol.h"
#include "net/name_table.h"
#include "net/tcp_flags.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::uint16_t kDnsPort = 53;

/// Ethernet addresses of a frame, in the order of its header; 0 for multicast and for none.
struct Macs {
  MacAddress destination = 0, source = 0;
};

MacAddress read_mac(Cursor& at) {
  const std::uint64_t high = at.be16();
  const MacAddress mac = high << 32 | at.be32();
  const bool is_multicast = (high & 0x0100) != 0;
  return at.ok() && !is_multicast ? mac : 0;
}

Macs macs_of(const FlowPacket& packet, std::uint16_t link_type, Bytes frame) {
  if (link_type != kLinkEthernet || packet.is_tunneled) return {};
  Cursor at(frame);
  Macs macs;
  macs.destination = read_mac(at);
  macs.source = read_mac(at);
  return macs;
}

Bytes payload_of(const FlowPacket& packet) {
  const Headers& headers = packet.headers;
  Cursor at(packet.bytes);
  at.skip(headers.payload_offset);
  return at.take(headers.network_offset + headers.ip_captured - headers.payload_offset);
}

std::uint32_t sequence_of(const FlowPacket& packet) {
  Cursor at(packet.bytes);
  at.skip(packet.headers.transport_offset + 4);
  return at.be32();
}

}  // namespace

std::string_view name_of(NameSource source) {
  switch (source) {
    case NameSource::sni: return "sni";
    case NameSource::quic: return "quic";
    case NameSource::dns: return "dns";
    case NameSource::ech: return "ech";
    case NameSource::none: break;
  }
  return "";
}

class NameResolver::State {
 public:
  explicit State(const ResolverLimits& limits)
      : limits_(limits), dns_(limits.dns_entries), names_(limits.names) {
    limits_.flows = std::max<std::uint32_t>(limits_.flows, 1);
  }

  void add(const FlowPacket& packet, std::uint16_t link_type, Bytes frame) {
    while (next_flow_ <= packet.flow.flow) add_flow();
    Flow* flow = is_forgotten(packet.flow.flow) ? nullptr : &flow_of(packet.flow.flow);
    if (flow != nullptr && packet.flow.is_new) begin(*flow, packet, macs_of(packet, link_type, frame));
    const FlowKey& key = packet.headers.flow;
    if (key.protocol != kProtocolTcp && key.protocol != kProtocolUdp) return;
    if (packet.is_partial || !packet.headers.has_transport) return;
    if (key.source_port == kDnsPort || key.destination_port == kDnsPort) {
      // Also of a forgotten flow: a resolver may keep its socket for weeks.
      if (key.source_port == kDnsPort) add_dns(packet, macs_of(packet, link_type, frame).destination);
    } else if (flow != nullptr && flow->transport != kProtocolNone && !flow->is_decided) {
      add_hello(*flow, packet);
    }
  }

  void finish() {
    while (!hellos_.empty()) end(hellos_.begin());
    while (!dns_streams_.empty()) forget_stream(dns_streams_.begin());
  }

  std::size_t waiting_bytes() const { return hello_bytes_ + stream_bytes_; }

  Name name(std::uint32_t number) const {
    if (number >= next_flow_ || is_forgotten(number)) return {};
    const Flow& flow = flow_of(number);
    if (flow.hello_name != 0 && flow.hello_source != NameSource::ech)
      return {names_[flow.hello_name], flow.hello_source};
    if (flow.asked_for_outer || (flow.host_asked_for_outer && dns_.is_host(flow.client)))
      return {names_[flow.hello_name], NameSource::dns};
    const std::uint32_t by_dns =
        flow.host_name != 0 && dns_.is_host(flow.client) ? flow.host_name : flow.client_name;
    if (by_dns != 0) return {names_[by_dns], NameSource::dns};
    if (flow.hello_name != 0) return {names_[flow.hello_name], flow.hello_source};
    return {};
  }

  ResolverCounters counters() const {
    ResolverCounters c = counters_;
    c.dns_forgotten = dns_.forgotten();
    c.hosts_forgotten = dns_.hosts_forgotten();
    c.names_forgotten = names_.forgotten();
    c.names_refused = names_.refused();
    for (std::uint64_t i = next_flow_ - flows_.size(); i < next_flow_; ++i)
      count(c, static_cast<std::uint32_t>(i));
    return c;
  }

 private:
  /// Why a flow's own packets gave no name.
  enum class Outcome : std::uint8_t { no_hello, is_dns, no_name, incomplete, forgotten, rejected };

  struct Flow {
    std::uint32_t hello_name = 0;   // in names_, or 0: none
    std::uint32_t client_name = 0;  // what the opener, by IP address, had been told of the remote end
    std::uint32_t host_name = 0;    // the same by the opener's Ethernet address, if that is a host's
    std::uint32_t syn_sequence = 0;
    MacAddress client = 0;
    NameSource hello_source = NameSource::none;
    Outcome outcome = Outcome::no_hello;
    std::uint8_t transport = kProtocolNone;
    bool is_decided = false;
    bool asked_for_outer = false;       // an answer gave this address for the outer name of the hello
    bool host_asked_for_outer = false;  // the same by the opener's Ethernet address
    bool has_syn = false;
    bool opener_known = false;
    bool initiator_opened = true;  // it, or else the other end
  };

  static std::uint64_t& counter_of(ResolverCounters& c, NameSource source, Outcome outcome) {
    switch (source) {
      case NameSource::sni: return c.by_sni;
      case NameSource::quic: return c.by_quic;
      case NameSource::dns: return c.by_dns;
      case NameSource::ech: return c.by_ech;
      case NameSource::none: break;
    }
    switch (outcome) {
      case Outcome::is_dns: return c.dns_flows;
      case Outcome::no_name: return c.hello_without_name;
      case Outcome::incomplete: return c.hello_incomplete;
      case Outcome::forgotten: return c.hello_forgotten;
      case Outcome::rejected: return c.name_rejected;
      case Outcome::no_hello: break;
    }
    return c.no_answer_before;
  }

  bool is_forgotten(std::uint32_t number) const { return number + flows_.size() < next_flow_; }
  Flow& flow_of(std::uint32_t number) { return flows_[number % limits_.flows]; }
  const Flow& flow_of(std::uint32_t number) const { return flows_[number % limits_.flows]; }

  void add_flow() {
    if (flows_.size() < limits_.flows) {
      flows_.emplace_back();
    } else {
      const auto oldest = static_cast<std::uint32_t>(next_flow_ - limits_.flows);
      if (const auto it = hellos_.find(oldest); it != hellos_.end()) give_up(it);
      count(counters_, oldest);
      ++counters_.flows_forgotten;
      flow_of(oldest) = {};
    }
    ++next_flow_;
  }

  void count(ResolverCounters& c, std::uint32_t number) const {
    const Flow& flow = flow_of(number);
    if (flow.transport == kProtocolNone) {
      ++c.other_flows;
      return;
    }
    ++c.flows;
    ++counter_of(c, name(number).source, flow.outcome);
  }

  void begin(Flow& flow, const FlowPacket& packet, const Macs& macs) {
    const FlowKey& key = packet.headers.flow;
    dns_.see(macs.source, key.source);
    dns_.see(macs.destination, key.destination);
    if (key.protocol != kProtocolTcp && key.protocol != kProtocolUdp) return;
    if (packet.flow.continues && !is_forgotten(*packet.flow.continues)) {
      flow = flow_of(*packet.flow.continues);
      if (!packet.flow.initiator_is_the_same) flow.initiator_opened = !flow.initiator_opened;
      return;
    }
    flow.transport = key.protocol;
    if (key.source_port == kDnsPort || key.destination_port == kDnsPort) flow.outcome = Outcome::is_dns;
    const std::uint8_t opening = packet.headers.tcp_flags & (kTcpSyn | kTcpAck);
    flow.opener_known = (opening & kTcpSyn) != 0;
    flow.initiator_opened = opening != (kTcpSyn | kTcpAck);
    if (flow.initiator_opened && find_names(flow, key.source, macs.source, key.destination)) return;
    if (!flow.initiator_opened || !flow.opener_known)
      find_names(flow, key.destination, macs.destination, key.source);
  }

  bool find_names(Flow& flow, const IpAddress& client, MacAddress mac, const IpAddress& remote) {
    flow.client_name = dns_.find(client, remote);
    flow.host_name = dns_.find(mac, remote);
    flow.client = mac;
    return flow.client_name != 0 || flow.host_name != 0;
  }

  void add_dns(const FlowPacket& packet, MacAddress mac) {
    const FlowKey& key = packet.headers.flow;
    if (key.protocol == kProtocolUdp) {
      learn(payload_of(packet), key.destination, mac);
      return;
    }
    DnsStream& stream = dns_streams_[packet.flow.flow];
    stream_bytes_ -= stream.memory();
    stream.add(sequence_of(packet), payload_of(packet));
    for (Bytes message = stream.next(); !message.empty(); message = stream.next())
      if (!learn(message, key.destination, mac)) stream.lose_place();
    stream_bytes_ += stream.memory();
    const bool ends = (packet.headers.tcp_flags & (kTcpFin | kTcpRst)) != 0;
    if (ends) forget_stream(dns_streams_.find(packet.flow.flow));
    while (stream_bytes_ > limits_.total_bytes || dns_streams_.size() > kMaxDnsStreams) {
      ++counters_.dns_streams_forgotten;
      forget_stream(dns_streams_.begin());
    }
  }

  void forget_stream(std::map<std::uint32_t, DnsStream>::iterator it) {
    stream_bytes_ -= it->second.memory();
    dns_streams_.erase(it);
  }

  /// False where it is no DNS message.
  bool learn(Bytes message, const IpAddress& client, MacAddress mac) {
    DnsAnswer answer;
    const DnsMessage kind = parse_dns(message, answer);
    if (kind == DnsMessage::malformed) ++counters_.dns_malformed;
    if (kind != DnsMessage::answer) return kind != DnsMessage::malformed;
    ++counters_.dns_answers;
    if (const auto name = normal_host_name(answer.question)) {
      if (const std::uint32_t number = intern(*name)) dns_.learn(client, mac, answer.addresses, number);
    } else {
      ++counters_.dns_names_rejected;
    }
    return true;
  }

  void add_hello(Flow& flow, const FlowPacket& packet) {
    const bool from_opener = packet.flow.from_initiator == flow.initiator_opened;
    const bool is_tcp = flow.transport == kProtocolTcp;
    if (is_tcp && flow.opener_known && !from_opener) return;
    const Bytes payload = payload_of(packet);
    if (is_tcp && (packet.headers.tcp_flags & kTcpSyn) != 0) {
      flow.has_syn = true;
      flow.syn_sequence = sequence_of(packet);
    }
    if (payload.empty()) return;

    auto it = hellos_.find(packet.flow.flow);
    if (it == hellos_.end()) {
      if (!is_tcp && !HelloSearch::may_begin(payload)) return;
      it = hellos_.try_emplace(packet.flow.flow).first;
      if (flow.has_syn) it->second.search.syn(flow.syn_sequence);
    }
    HelloSearch& search = it->second.search;
    const HelloState state = is_tcp ? search.add_segment(from_opener, sequence_of(packet), payload)
                                    : search.add_datagram(from_opener, payload);
    const std::size_t bytes = search.memory();
    hello_bytes_ += bytes - it->second.bytes;
    it->second.bytes = bytes;
    if (state != HelloState::waiting) {
      decide(flow, search, state);
      forget(it);
      if (flow.hello_source == NameSource::ech) ask_for_outer(flow, packet, from_opener);
    } else if (bytes > limits_.flow_bytes) {
      give_up(it);
    }
    while (hello_bytes_ > limits_.total_bytes && !hellos_.empty()) give_up(hellos_.begin());
  }

  /// Most hellos that look encrypted are not (GREASE): their outer name is the name. Then the client has
  /// asked for it, which it does not for a provider's.
  void ask_for_outer(Flow& flow, const FlowPacket& packet, bool from_client) {
    const FlowKey key = from_client ? packet.headers.flow : packet.headers.flow.reversed();
    flow.asked_for_outer = dns_.was_told(key.source, key.destination, flow.hello_name);
    flow.host_asked_for_outer = dns_.was_told(flow.client, key.destination, flow.hello_name);
  }

  /// A flow's search, and the bytes that it has in hello_bytes_.
  struct Waiting {
    HelloSearch search;
    std::size_t bytes = 0;
  };
  using Hellos = std::map<std::uint32_t, Waiting>;  // by flow, so that the oldest is first

  void give_up(Hellos::iterator it) {
    Flow& flow = flow_of(it->first);
    end(it);
    if (flow.hello_name == 0) flow.outcome = Outcome::forgotten;
  }

  void end(Hellos::iterator it) {
    HelloSearch& search = it->second.search;
    const HelloState state = search.finish();
    decide(flow_of(it->first), search, state);
    forget(it);
  }

  void forget(Hellos::iterator it) {
    hello_bytes_ -= it->second.bytes;
    hellos_.erase(it);
  }

  void decide(Flow& flow, const HelloSearch& search, HelloState state) {
    flow.is_decided = true;
    if (state != HelloState::found) {
      if (search.has_begun()) flow.outcome = Outcome::incomplete;
    } else if (search.server_name().empty()) {
      flow.outcome = Outcome::no_name;
    } else if (const auto name = normal_host_name(search.server_name())) {
      flow.hello_name = intern(*name);
      if (flow.hello_name == 0) {
        flow.outcome = Outcome::forgotten;
        return;
      }
      flow.hello_source = search.has_ech()   ? NameSource::ech
                          : search.is_quic() ? NameSource::quic
                                             : NameSource::sni;
    } else {
      flow.outcome = Outcome::rejected;
    }
  }

  /// The number of a name, which a flow or dns_ has to take before the next call; 0: there is no room for it.
  std::uint32_t intern(const std::string& name) {
    return names_.intern(name, [this](NameMarks& marks) {
      for (const Flow& flow : flows_)
        for (const std::uint32_t number : {flow.hello_name, flow.client_name, flow.host_name})
          marks.add(number);
      dns_.for_each_name([&](std::uint32_t number) { marks.add(number); });
    });
  }

  static constexpr std::size_t kMaxDnsStreams = 4096;

  ResolverLimits limits_;
  ResolverCounters counters_;  // those that are not kept in the flows
  DnsNames dns_;
  std::vector<Flow> flows_;  // a ring of the latest
  std::uint64_t next_flow_ = 0;
  Hellos hellos_;
  std::map<std::uint32_t, DnsStream> dns_streams_;  // by flow, too
  std::size_t hello_bytes_ = 0;
  std::size_t stream_bytes_ = 0;
  NameTable names_;
};

NameResolver::NameResolver(const ResolverLimits& limits) : state_(std::make_unique<State>(limits)) {}
NameResolver::~NameResolver() = default;
NameResolver::NameResolver(NameResolver&&) noexcept = default;

void NameResolver::add(const FlowPacket& packet, std::uint16_t link_type, Bytes frame) {
  state_->add(packet, link_type, frame);
}
void NameResolver::finish() { state_->finish(); }
NameResolver::Name NameResolver::name(std::uint32_t flow) const { return state_->name(flow); }
ResolverCounters NameResolver::counters() const { return state_->counters(); }
std::size_t NameResolver::waiting_bytes() const { return state_->waiting_bytes(); }

}  // namespace pcapml
