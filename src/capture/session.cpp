// SPDX-License-Identifier: Apache-2.0
#include "capture/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/packet_facts.h"
#include "net/ip_protocol.h"
#include "pcapml/label.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kShown = 16384;  // bytes of a flow that the resolver of names sees
constexpr std::uint16_t kDnsPort = 53;
constexpr const char* kUnknown = "_unknown";
constexpr const char* kKernel = "_kernel";
constexpr std::size_t kComments = 8192;

}  // namespace

CaptureSession::CaptureSession(const CaptureRequest& request, LiveFile& file, WallClock& clock,
                               CaptureServices services)
    : request_(request),
      file_(file),
      clock_(clock),
      services_(std::move(services)),
      writer_(file, request.snap_length, request.ethernet),
      offload_(request.snap_length == 0 ? 0xffffffff : request.snap_length),
      attribution_([this](const AttributedPacket& packet) { release(packet); },
                   [this](std::uint64_t cookie) { samples_.forget(cookie); }),
      processes_(services_.complete),
      comments_(kComments) {}

void CaptureSession::begin() {
  ++result_.files;
  writer_.section(request_.command_line);
  file_began_ns_ = clock_.boot_time_ns();
  file_start_ns_ = file_began_ns_ + clock_.offset_ns();
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
  if (processes_.find(owner.pid, owner.start_ns) == nullptr) processes_.learn(owner, clock_.offset_ns());
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
  const auto file_ns = static_cast<std::int64_t>(request_.files.file_seconds) * 1'000'000'000;
  if (file_ns != 0 && now - file_began_ns_ >= file_ns) {
    // Late ones do not make all that follow late.
    const std::int64_t due = file_began_ns_ + (now - file_began_ns_) / file_ns * file_ns;
    next_file();
    file_began_ns_ = due;
  }
  file_.flush();
}

bool CaptureSession::is_full() const {
  return (request_.count != 0 && result_.written >= request_.count) ||
         (request_.max_bytes != 0 && bytes_before_ + file_.position() >= request_.max_bytes);
}

Process* CaptureSession::process_of(const pcapml_packet& packet) {
  const pcapml_owner& owner = packet.owner;
  if (owner.pid == 0) return nullptr;
  Process* known = processes_.find(owner.pid, owner.start_ns);
  return known != nullptr ? known : &processes_.learn(owner, clock_.offset_ns());
}

std::string CaptureSession::label(const pcapml_packet& packet, const Process* process) const {
  if (!request_.label.empty()) return request_.label;
  if (process == nullptr) return (packet.socket_flags & PCAPML_SOCKET_KERNEL) != 0 ? kKernel : kUnknown;
  std::string label = label_of(*process, comm_of(packet.owner), request_.label_by);
  return label.empty() ? kUnknown : label;
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
  const bool is_followed = !request_.follows_some() || packet.owner.is_followed != 0;
  (is_followed ? result_.captured : result_.not_followed) += on_wire;
  if (copies_.is_copy(packet, headers, a.bytes)) {
    if (is_followed) result_.copies_left_out += on_wire;
    return;
  }
  auto [sample, is_new] = samples_.find(a);
  if (is_new) sample.offset_ns = clock_.offset_ns();
  if (headers && request_.resolve) show_to_names(a, *headers, sample, is_new);
  if (!is_followed) return;
  if (headers && !request_.include_dns && is_dns(a, *headers)) {
    result_.dns_left_out += on_wire;
    return;
  }
  Process* process = process_of(packet);
  if (process == nullptr && request_.known_only) {
    result_.unknown_left_out += on_wire;
    return;
  }
  if (!is_allowed(packet, process)) {
    result_.not_allowed += on_wire;
    return;
  }
  write(a, process, sample, is_translated(a, headers));
}

void CaptureSession::update_domain(Sample& sample) const {
  if (!sample.flow) return;
  const std::string_view name = names_.name(*sample.flow);
  if (name.empty() || name == sample.domain) return;
  sample.domain = name;
  ++sample.domain_changes;
}

const CaptureSession::Comment& CaptureSession::comment(const AttributedPacket& a, const Process* process,
                                                       Sample& sample) {
  const pcapml_packet& packet = a.packet;
  const bool is_new = !sample.id;
  CommentKey key;
  key.sample = samples_.number(sample);
  key.start_ns = packet.owner.start_ns;
  key.program_ns = process == nullptr ? 0 : process->info.start_time_ns;
  key.pid = packet.owner.pid;
  key.domain_changes = sample.domain_changes;
  std::memcpy(key.name.data(), packet.owner.name, key.name.size());
  const std::string_view via = request_.provenance ? via_of(a) : std::string_view();
  key.via = via.data();
  key.direction = packet.direction;
  key.is_kernel = (packet.socket_flags & PCAPML_SOCKET_KERNEL) != 0;
  Comment& comment = comments_[(key.sample * 2 + packet.direction) % kComments];
  if (comment.key == key) return comment;

  const std::string label = this->label(packet, process);
  comment.key = key;
  comment.count = &labels_.of(label, process == nullptr ? std::string() : process->info.path);
  if (is_new) ++comment.count->flows;
  if (!sample.domain.empty()) LabelCounts::add_domain(*comment.count, sample.domain);
  comment.text = fmt::format("{},{},d={}", key.sample, encode_text(label),
                             packet.direction == PCAPML_EGRESS ? 'e' : 'i');
  if (!sample.domain.empty()) comment.text += fmt::format(",dst={}", encode_text(sample.domain));
  if (!request_.session.empty()) comment.text += fmt::format(",session={}", encode_text(request_.session));
  if (!via.empty()) comment.text += fmt::format(",via={}", via);
  return comment;
}

void CaptureSession::write_process(Process& process) {
  ProcessInfo info = process.info;
  if (!request_.arguments) info.command_line.clear();
  writer_.process(info);
  process.written_in = result_.files;
}

void CaptureSession::write(const AttributedPacket& a, Process* process, Sample& sample, bool is_translated) {
  const pcapml_packet& packet = a.packet;
  LiveWriter::Packet out{};
  out.netns = packet.netns;
  out.interface = packet.interface;
  out.timestamp_ns = Samples::time(sample, packet.time_ns);
  out.direction = packet.direction;
  out.pid = packet.owner.pid;
  out.tid = packet.owner.tid;
  const Comment* comment = nullptr;
  std::uint64_t written = 0;
  for (const WirePacket& wire :
       offload_.wire_packets(a.bytes, packet.length, request_.superpackets ? 0 : packet.gso_size,
                             packet.has_fixed_id != 0, packet.piece)) {
    if (is_full()) break;
    if (services_.filter && !services_.filter->matches(wire.data, wire.original_length)) {
      ++result_.filtered_out;
      continue;
    }
    if (request_.files.file_bytes != 0 && file_.position() >= request_.files.file_bytes) next_file();
    if (process != nullptr && process->written_in != result_.files) write_process(*process);
    if (comment == nullptr) {
      update_domain(sample);
      comment = &this->comment(a, process, sample);
      out.comment = comment->text;
    }
    out.original_length = wire.original_length;
    out.data = wire.data;
    out.lost_before = std::exchange(lost_untold_, 0);
    writer_.packet(out);
    ++written;
    ++result_.written;
    result_.bytes += wire.original_length;
    comment->count->bytes += wire.original_length;
  }
  if (written == 0) return;
  comment->count->packets += written;
  if (process == nullptr) (comment->key.is_kernel ? result_.kernel : result_.unknown) += written;
  if (is_translated) result_.translated += written;
}

/// Of the interfaces of this file, and of those that only lost packets.
void CaptureSession::write_statistics() {
  const std::int64_t end_ns = clock_.boot_time_ns() + clock_.offset_ns();
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> lost;
  for (const auto& key : writer_.interfaces()) lost[key] = 0;
  for (const auto& [key, packets] : services_.losses()) {
    const auto& [netns, interface, direction] = key;
    const std::uint64_t before = std::exchange(losses_told_[key], packets);
    if (packets > before) lost[{netns, interface}] += packets - before;
  }
  for (const auto& [key, packets] : lost)
    writer_.statistics(key.first, key.second, file_start_ns_, end_ns, packets);
}

void CaptureSession::next_file() {
  write_statistics();
  file_.flush();
  bytes_before_ += file_.position();
  OutputFiles::File next = services_.next_file();
  file_.go_on_in(std::move(next.descriptor), std::move(next.name));
  begin();
}

CaptureProgress CaptureSession::progress() const {
  return {result_.written, result_.bytes, lost_seen_, labels_.live()};
}

CaptureResult CaptureSession::counters() const {
  CaptureResult result = result_;
  for (const auto& [key, packets] : losses_told_)
    (std::get<2>(key) == PCAPML_EGRESS ? result.lost_egress : result.lost_ingress) += packets;
  result.cut = offload_.counts().cut;
  result.checksums_open = offload_.counts().unfilled;
  result.malformed = offload_.counts().malformed;
  result.holds_cut_short = attribution_.cut_short();
  result.forgotten = attribution_.forgotten() + samples_.forgotten();
  result.labels = labels_.by_packets();
  return result;
}

CaptureResult CaptureSession::finish() {
  attribution_.finish();
  write_statistics();
  file_.flush();
  return counters();
}

}  // namespace pcapml
