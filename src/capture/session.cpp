// SPDX-License-Identifier: Apache-2.0
#include "capture/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "net/ip_protocol.h"
#include "pcapml/label.h"

namespace pcapml {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint64_t kShown = 16384;  // bytes of a flow that the resolver of names sees
constexpr const char* kUnknown = "_unknown";
constexpr const char* kKernel = "_kernel";

std::string_view comm_of(const pcapml_owner& owner) {
  return {owner.name, strnlen(owner.name, sizeof owner.name)};
}

/// Whether a remote end opened, or is about to open, the packet's connection.
bool is_opened_from_afar(const pcapml_packet& packet) {
  return (packet.socket_flags & PCAPML_SOCKET_LISTENS) != 0 || is_accepted(packet.owner, packet.cookie);
}

bool is_dns(const AttributedPacket& a, const Headers& headers) {
  if (a.packet.protocol != kProtocolTcp && a.packet.protocol != kProtocolUdp) return false;
  return a.remote.port == kDnsPort || endpoint_of(a.packet.local).port == kDnsPort ||
         headers.flow.source_port == kDnsPort || headers.flow.destination_port == kDnsPort;
}

/// Packets that the wire has of this record.
std::uint64_t wire_count(const std::optional<Headers>& headers, std::uint32_t length,
                         std::uint32_t gso_size) {
  if (gso_size == 0 || !headers || !headers->has_transport || length <= headers->payload_offset) return 1;
  return (std::uint64_t{length} - headers->payload_offset + gso_size - 1) / gso_size;
}

/// Whether the packet has other addresses than its socket, or than sendmsg() named.
bool is_translated(const AttributedPacket& a, const std::optional<Headers>& headers) {
  if (!headers || !headers->has_transport || a.packet.protocol == 0) return false;
  const FlowKey& flow = headers->flow;
  if (flow.protocol != a.packet.protocol || flow.source_port == 0) return false;
  const bool is_egress = a.packet.direction == PCAPML_EGRESS;
  const Endpoint source{flow.source, flow.source_port}, destination{flow.destination, flow.destination_port};
  const Endpoint& here = is_egress ? source : destination;
  const Endpoint& there = is_egress ? destination : source;
  if (a.remote && a.remote != there) return true;
  const Endpoint local = endpoint_of(a.packet.local);
  if (local.port != 0 && local.port != here.port) return true;
  const bool is_bound =
      (a.packet.socket_flags & PCAPML_SOCKET_CONNECTED) != 0 && !is_unspecified(local.address);
  return is_bound && local.address != here.address;
}

std::string_view via_of(const AttributedPacket& a) {
  const pcapml_packet& packet = a.packet;
  if (a.was_held) return "held";
  if ((packet.socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT) != 0) return "send";
  if ((packet.socket_flags & PCAPML_SOCKET_LISTENS) != 0) return "listener";
  const bool is_confirmed = packet.owner.confirmed_cookie == packet.cookie;
  const bool is_taken = packet.owner.via == PCAPML_VIA_ACCEPT || packet.owner.via == PCAPML_VIA_RECEIVE;
  if (!is_confirmed && !is_taken && is_accepted(packet.owner, packet.cookie))
    return packet.protocol == kProtocolTcp ? "listener" : "inherited";
  switch (packet.owner.via) {
    case PCAPML_VIA_CREATE: return "inherited";
    case PCAPML_VIA_CONNECT:
    case PCAPML_VIA_SEND: return "send";
    case PCAPML_VIA_RECEIVE: return "recv";
    case PCAPML_VIA_ACCEPT: return "accept";
    case PCAPML_VIA_SCAN: return "iterator";
    default: return "";
  }
}

bool names_process(const std::string& word, std::string_view comm, const Process* process) {
  if (word == comm) return true;
  // The kernel keeps so many bytes of a name.
  if (word.size() >= PCAPML_NAME_LENGTH && word.substr(0, PCAPML_NAME_LENGTH - 1) == comm) return true;
  if (process == nullptr) return false;
  const std::string_view executable = base_name(process->info.path);
  return !executable.empty() && (word == executable || word == executable.substr(0, PCAPML_NAME_LENGTH - 1));
}

}  // namespace

CaptureSession::CaptureSession(const CaptureRequest& request, LiveFile& file, WallClock& clock)
    : request_(request),
      file_(file),
      clock_(clock),
      writer_(file, request.snap_length, request.ethernet),
      offload_(request.snap_length == 0 ? 0xffffffff : request.snap_length),
      attribution_([this](const AttributedPacket& packet) { release(packet); }) {}

void CaptureSession::begin() {
  writer_.section(request_.command_line);
  start_ns_ = clock_.boot_time_ns() + clock_.offset_ns();
}

void CaptureSession::packet(const pcapml_packet& packet, Bytes bytes) {
  const std::uint64_t lost = packet.lost[0] + packet.lost[1];
  if (lost > lost_seen_) {
    lost_untold_ += lost - lost_seen_;
    lost_seen_ = lost;
  }
  attribution_.add(packet, bytes);
}

void CaptureSession::owner(const pcapml_owner& owner) {
  if (processes_.find(owner.pid, owner.start_ns) == nullptr)
    processes_.learn(owner.pid, owner.start_ns, clock_.offset_ns());
}

void CaptureSession::tick() {
  const std::int64_t now = clock_.boot_time_ns();
  if (now - last_clock_check_ns_ > 1'000'000'000) {
    last_clock_check_ns_ = now;
    if (const std::int64_t moved = clock_.check(); moved != 0) {
      ++result_.clock_steps;
      if (request_.warn)
        request_.warn(fmt::format("the wall clock was set by {:+.3f} s; flows that begin now follow it",
                                  static_cast<double>(moved) / 1e9));
    }
  }
  file_.flush();
}

CaptureSession::Naming CaptureSession::name(const AttributedPacket& a) {
  const pcapml_owner& owner = a.packet.owner;
  if (owner.pid == 0)
    return {(a.packet.socket_flags & PCAPML_SOCKET_KERNEL) != 0 ? kKernel : kUnknown, "", nullptr};
  Process* process = processes_.find(owner.pid, owner.start_ns);
  if (process == nullptr) process = processes_.learn(owner.pid, owner.start_ns, clock_.offset_ns());
  const std::string_view comm = comm_of(owner);
  Naming naming;
  naming.process = process;
  naming.label = process == nullptr ? std::string(comm) : label_of(*process, comm, request_.label_by);
  if (naming.label.empty()) naming.label = kUnknown;
  if (process != nullptr) naming.executable = process->info.path;
  return naming;
}

bool CaptureSession::is_allowed(const pcapml_packet& packet, const Process* process) const {
  if (request_.allow.empty() && request_.deny.empty()) return true;
  const std::string_view comm = comm_of(packet.owner);
  const auto names_it = [&](const std::string& word) {
    return packet.owner.pid != 0 && names_process(word, comm, process);
  };
  if (std::any_of(request_.deny.begin(), request_.deny.end(), names_it)) return false;
  return request_.allow.empty() || std::any_of(request_.allow.begin(), request_.allow.end(), names_it);
}

void CaptureSession::show_to_names(const AttributedPacket& a, const Headers& headers, Sample& sample,
                                   bool is_new) {
  const pcapml_packet& packet = a.packet;
  const bool is_tcp = packet.protocol == kProtocolTcp;
  if (!is_tcp && packet.protocol != kProtocolUdp) return;
  if (is_new) {
    // What a remote end opened is named by nothing that it asks for; what was there before, by no later
    // answer.
    const bool opened_here = is_tcp ? !is_opened_from_afar(packet) && packet.owner.via != PCAPML_VIA_SCAN
                                    : packet.direction == PCAPML_EGRESS;
    if (!opened_here || packet.owner.pid == 0) return;
    sample.flow = samples_.next_flow();
  }
  if (!sample.flow || (sample.bytes_shown > kShown && a.remote.port != kDnsPort)) return;
  names_.add(*sample.flow, is_new, packet, headers, a.bytes, a.remote);
  sample.bytes_shown += packet.length;
}

void CaptureSession::release(const AttributedPacket& a) {
  if (is_full()) return;
  const pcapml_packet& packet = a.packet;
  const std::optional<Headers>& headers = a.headers;
  const std::uint64_t on_wire =
      request_.superpackets ? 1 : wire_count(headers, packet.length, packet.gso_size);
  result_.captured += on_wire;
  if (copies_.is_copy(packet, headers, a.bytes)) {
    result_.copies_left_out += on_wire;
    return;
  }
  auto [sample, is_new] = samples_.find(a);
  if (is_new) sample.offset_ns = clock_.offset_ns();
  if (headers && request_.resolve) show_to_names(a, *headers, sample, is_new);
  if (headers && !request_.include_dns && is_dns(a, *headers)) {
    result_.dns_left_out += on_wire;
    return;
  }
  const Naming naming = name(a);
  if (packet.owner.pid == 0 && request_.known_only) {
    result_.unknown_left_out += on_wire;
    return;
  }
  if (!is_allowed(packet, naming.process)) {
    result_.not_allowed += on_wire;
    return;
  }
  write(a, naming, sample, is_translated(a, headers));
}

void CaptureSession::write_comment(const AttributedPacket& a, const std::string& label, Sample& sample) {
  comment_ = fmt::format("{},{},d={}", samples_.number(sample), encode_text(label),
                         a.packet.direction == PCAPML_EGRESS ? 'e' : 'i');
  if (sample.flow)
    if (const std::string_view name = names_.name(*sample.flow); !name.empty())
      comment_ += fmt::format(",dst={}", encode_text(name));
  if (!request_.session.empty()) comment_ += fmt::format(",session={}", encode_text(request_.session));
  if (request_.provenance)
    if (const std::string_view via = via_of(a); !via.empty()) comment_ += fmt::format(",via={}", via);
}

void CaptureSession::write(const AttributedPacket& a, const Naming& naming, Sample& sample,
                           bool is_translated) {
  const pcapml_packet& packet = a.packet;
  const std::string& label = request_.label.empty() ? naming.label : request_.label;
  if (naming.process != nullptr && !naming.process->is_written) {
    ProcessInfo info = naming.process->info;
    if (!request_.arguments) info.command_line.clear();
    writer_.process(info);
    naming.process->is_written = true;
  }
  write_comment(a, label, sample);
  LiveWriter::Packet out{};
  out.netns = packet.netns;
  out.interface = packet.interface;
  out.timestamp_ns = Samples::time(sample, packet.time_ns);
  out.direction = packet.direction;
  out.pid = packet.owner.pid;
  out.tid = packet.owner.tid;
  out.comment = comment_;
  std::uint64_t written = 0;
  for (const WirePacket& wire : offload_.wire_packets(
           a.bytes, packet.length, request_.superpackets ? 0 : packet.gso_size, packet.has_fixed_id != 0)) {
    if (is_full()) break;
    out.original_length = wire.original_length;
    out.data = wire.data;
    out.lost_before = std::exchange(lost_untold_, 0);
    writer_.packet(out);
    ++result_.written;
    ++written;
  }
  if (packet.owner.pid == 0) (naming.label == kKernel ? result_.kernel : result_.unknown) += written;
  if (is_translated) result_.translated += written;
  labels_[{label, naming.executable}] += written;
}

CaptureResult CaptureSession::finish(const Losses& losses) {
  attribution_.finish();
  const std::int64_t end_ns = clock_.boot_time_ns() + clock_.offset_ns();
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> by_interface;
  for (const auto& key : writer_.interfaces()) by_interface[key] = 0;
  for (const auto& [key, packets] : losses) {
    const auto& [netns, interface, direction] = key;
    by_interface[{netns, interface}] += packets;
    (direction == PCAPML_EGRESS ? result_.lost_egress : result_.lost_ingress) += packets;
  }
  for (const auto& [key, lost] : by_interface)
    writer_.statistics(key.first, key.second, start_ns_, end_ns, lost);
  file_.flush();
  result_.cut = offload_.counts().cut;
  result_.checksums_open = offload_.counts().unfilled;
  result_.malformed = offload_.counts().malformed;
  result_.holds_cut_short = attribution_.cut_short();
  for (const auto& [key, packets] : labels_) result_.labels.push_back({key.first, key.second, packets});
  std::stable_sort(result_.labels.begin(), result_.labels.end(),
                   [](const CapturedLabel& a, const CapturedLabel& b) { return a.packets > b.packets; });
  return result_;
}

}  // namespace pcapml
