// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstdarg>
#include <cstring>
#include <fstream>

#include "capture.skel.h"
#include "capture/kernel_trouble.h"
#include "capture/process_facts.h"
#include "io/file_descriptor.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// Of a packet, whatever the snap length: hellos and DNS answers lie within.
constexpr std::uint32_t kShownToNames = 4096;

/// What libbpf says, for the message of a KernelError.
std::string& libbpf_words() {
  static std::string words;
  return words;
}

int keep_words(libbpf_print_level level, const char* format, std::va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char line[1024];
  std::vsnprintf(line, sizeof line, format, arguments);
  std::string& words = libbpf_words();
  if (words.size() < 4096) words += line;
  return 0;
}

/// Throws KernelError: a map that cannot be read is not empty.
template <class Key, class Value, class Visit>
void for_each(int map, const Visit& visit) {
  constexpr std::size_t kMost = std::size_t{1} << 20;  // where keys go meanwhile it begins anew
  Key key{};
  void* from = nullptr;
  for (std::size_t i = 0; i < kMost; ++i, from = &key) {
    if (bpf_map_get_next_key(map, from, &key) != 0) {
      if (errno == ENOENT) return;
      throw KernelError(trouble("read what the programs count", errno, ""));
    }
    Value value{};
    if (bpf_map_lookup_elem(map, &key, &value) == 0) visit(key, value);
  }
}

bool kernel_has_type(const char* name) {
  btf* types = btf__load_vmlinux_btf();
  if (types == nullptr) return false;
  const bool found = btf__find_by_name_kind(types, name, BTF_KIND_TYPEDEF) > 0;
  btf__free(types);
  return found;
}

}  // namespace

struct KernelPrograms::State {
  capture_bpf* skeleton = nullptr;
  ring_buffer* ring = nullptr;
  std::vector<bpf_link*> links;
  Handler handler;
  bool sees_readers = false;
  std::uint64_t superpacket_rate = 0;
  std::int64_t allowed_ns = 0;  // when superpackets were allowed more
  bool follows_some = false;
  std::optional<std::uint32_t> followed_user;
  std::exception_ptr error;

  void detach() {
    for (bpf_link* link : links) bpf_link__destroy(link);
    links.clear();
  }

  ~State() {
    detach();
    ring_buffer__free(ring);
    capture_bpf__destroy(skeleton);
  }

  template <class Event>
  static const Event* event_in(const void* data, std::size_t size) {
    return size >= sizeof(Event) ? static_cast<const Event*>(data) : nullptr;
  }

  void take(const void* data, std::size_t size) {
    std::uint32_t kind = 0;
    if (size < sizeof kind) return;
    std::memcpy(&kind, data, sizeof kind);
    if (kind == PCAPML_PACKET) {
      const auto* packet = event_in<pcapml_packet>(data, size);
      if (packet == nullptr || packet->captured > size - sizeof *packet) return;
      handler.packet(*packet, {static_cast<const std::byte*>(data) + sizeof *packet, packet->captured});
    } else if (kind == PCAPML_OWNER) {
      if (const auto* event = event_in<pcapml_owner_event>(data, size)) handler.owner(*event);
    } else if (kind == PCAPML_PROCESS) {
      if (const auto* event = event_in<pcapml_process_event>(data, size)) handler.process(*event);
    } else if (kind == PCAPML_INTERFACE) {
      if (const auto* event = event_in<pcapml_interface_event>(data, size)) handler.interface(*event);
    } else if (kind == PCAPML_CLOSED) {
      if (const auto* event = event_in<pcapml_closed_event>(data, size)) handler.closed(*event);
    }
  }

  bool is_followed(std::uint32_t pid) const {
    if (!follows_some) return true;
    pcapml_member member{};
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.members), &pid, &member) == 0) return true;
    return followed_user && user_of(pid) == followed_user;
  }

  static int on_record(void* context, void* data, std::size_t size) {
    State& state = *static_cast<State*>(context);
    try {
      state.take(data, size);
    } catch (...) {
      state.error = std::current_exception();
      return -1;
    }
    return 0;
  }
};

KernelPrograms::KernelPrograms(const KernelPlan& plan) : state_(std::make_unique<State>()) {
  libbpf_set_print(keep_words);
  libbpf_words().clear();
  // Before Linux 5.11 the memory of maps counts as locked memory.
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);

  state_->skeleton = capture_bpf__open();
  if (state_->skeleton == nullptr) throw KernelError(trouble("open the programs", errno, libbpf_words()));
  capture_bpf& skeleton = *state_->skeleton;
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = std::bit_ceil(std::max(plan.buffer_bytes, 16 * page));
  bpf_map__set_max_entries(skeleton.maps.ring, static_cast<std::uint32_t>(bytes));
  // Whoever asks for all bytes wants them most; others, that the traffic is not slowed.
  skeleton.rodata->payload_bytes = plan.snap_length == 0 ? bytes / 2 : bytes / 8;
  skeleton.rodata->wakeup_bytes = std::min<std::size_t>(bytes / 8, std::size_t{1} << 20);
  if (plan.snap_length != 0) {
    skeleton.rodata->snap_bytes = plan.snap_length;
    skeleton.rodata->shown_bytes = std::max(plan.snap_length, kShownToNames);
  }
  skeleton.rodata->keeps_superpackets = plan.superpackets ? 1 : 0;
  skeleton.rodata->follows_some = plan.follows_some ? 1 : 0;
  skeleton.rodata->follows_children = plan.follows_children ? 1 : 0;
  if (plan.followed_user) skeleton.rodata->followed_user = *plan.followed_user;
  for (bpf_program* program : {skeleton.progs.on_fork, skeleton.progs.on_exit})
    bpf_program__set_autoload(program, plan.follows_some);
  state_->superpacket_rate = plan.superpacket_rate;
  state_->follows_some = plan.follows_some;
  state_->followed_user = plan.followed_user;
  state_->sees_readers = kernel_has_type("btf_trace_sock_recv_length");
  bpf_program__set_autoload(skeleton.progs.on_read, state_->sees_readers);
  if (const int error = capture_bpf__load(&skeleton); error != 0)
    throw KernelError(trouble("load the programs", -error, libbpf_words()));
  state_->ring = ring_buffer__new(bpf_map__fd(skeleton.maps.ring), State::on_record, state_.get(), nullptr);
  if (state_->ring == nullptr) throw KernelError(trouble("map the ring buffer", errno, libbpf_words()));
}

KernelPrograms::~KernelPrograms() = default;

void KernelPrograms::attach(const std::string& cgroup) {
  const FileDescriptor directory(open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw_errno(cgroup, "open");
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, state_->skeleton->obj) {
    if (!bpf_program__autoload(program)) continue;
    libbpf_words().clear();
    const bool is_trace = bpf_program__type(program) == BPF_PROG_TYPE_TRACING;
    bpf_link* link =
        is_trace ? bpf_program__attach(program) : bpf_program__attach_cgroup(program, directory.get());
    if (link == nullptr)
      throw KernelError(
          trouble(fmt::format("attach {} to {}", bpf_program__name(program), cgroup), errno, libbpf_words()));
    state_->links.push_back(link);
  }
}

void KernelPrograms::detach() { state_->detach(); }

ScanResult KernelPrograms::scan(const std::function<void(const pcapml_owner&)>& owner) {
  const capture_bpf& skeleton = *state_->skeleton;
  const int sockets = bpf_map__fd(skeleton.maps.sockets);
  const int listeners = bpf_map__fd(skeleton.maps.listeners);
  return scan_sockets([&](const ScannedSocket& socket) {
    pcapml_socket record{};
    record.owner = socket.owner;
    record.owner.is_followed = state_->is_followed(socket.owner.pid) ? 1 : 0;
    record.netns = socket.netns;
    owner(record.owner);
    bpf_map_update_elem(sockets, &socket.descriptor, &record, BPF_NOEXIST);
    if (!socket.listens) return;
    const pcapml_listener key{socket.netns, socket.local};
    bpf_map_update_elem(listeners, &key, &record, BPF_NOEXIST);
  });
}

void KernelPrograms::follow(std::uint32_t pid, bool with_children) {
  const pcapml_member member{0, 1, with_children ? 1U : 0U};
  const int members = bpf_map__fd(state_->skeleton->maps.members);
  if (bpf_map_update_elem(members, &pid, &member, BPF_ANY) != 0)
    throw KernelError(trouble(fmt::format("follow process {}", pid), errno, ""));
}

std::uint64_t KernelPrograms::ends_of_followed() const { return state_->skeleton->bss->members_ended; }
std::uint64_t KernelPrograms::left_out() const { return state_->skeleton->bss->left_out; }

bool KernelPrograms::is_any_alive() const {
  bool is_alive = false;
  for_each<std::uint32_t, pcapml_member>(
      bpf_map__fd(state_->skeleton->maps.members),
      [&](std::uint32_t, const pcapml_member& member) { is_alive = is_alive || member.is_alive != 0; });
  return is_alive;
}

void KernelPrograms::allow_superpackets(std::int64_t now_ns) {
  auto& counts = *state_->skeleton->bss;
  const std::uint64_t rate = state_->superpacket_rate;
  const auto passed_us =
      static_cast<std::uint64_t>(now_ns - std::exchange(state_->allowed_ns, now_ns)) / 1000;
  if (rate == 0)
    counts.superpacket_bytes_allowed = ~std::uint64_t{0};
  else  // what was not used in the last quarter of a second is forfeit
    counts.superpacket_bytes_allowed = std::min(
        counts.superpacket_bytes_allowed + rate * std::min<std::uint64_t>(passed_us, 250'000) / 1'000'000,
        counts.superpacket_bytes + rate / 4);
}

void KernelPrograms::on_event(Handler handler) { state_->handler = std::move(handler); }

void KernelPrograms::poll(std::chrono::milliseconds timeout) {
  // A wakeup comes only when much is there, so what is there is taken after the time in any case.
  ring_buffer__poll(state_->ring, static_cast<int>(timeout.count()));
  if (!state_->error) ring_buffer__consume(state_->ring);
  if (state_->error) std::rethrow_exception(std::exchange(state_->error, nullptr));
}

std::uint64_t KernelPrograms::events_lost() const {
  const auto& counts = *state_->skeleton->bss;
  return counts.events_lost + counts.storage_failures + counts.members_refused;
}

std::uint64_t KernelPrograms::lost(int direction) const { return state_->skeleton->bss->lost[direction & 1]; }

Losses KernelPrograms::losses() const {
  Losses result;
  for_each<pcapml_loss_key, std::uint64_t>(bpf_map__fd(state_->skeleton->maps.losses),
                                           [&](const pcapml_loss_key& key, std::uint64_t packets) {
                                             result[{key.netns, key.interface, key.direction}] = packets;
                                           });
  return result;
}

bool KernelPrograms::sees_readers() const { return state_->sees_readers; }

}  // namespace pcapml
