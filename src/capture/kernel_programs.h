// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bpf/events.h"
#include "capture/losses.h"
#include "capture/socket_scan.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// How the programs are loaded.
struct KernelPlan {
  std::size_t buffer_bytes = 0;   ///< rounded up to a power of two
  std::uint32_t snap_length = 0;  ///< bytes of a packet that are wanted; 0: all
  bool superpackets = false;      ///< snap_length is of those, not of their packets
  std::uint64_t superpacket_rate =
      0;                          ///< bytes a second of superpackets, above which payload is cut; 0: no limit
  bool follows_some = false;      ///< only packets of processes that follow() or followed_user name
  bool follows_children = false;  ///< and of the children that they make from now on
  std::optional<std::uint32_t> followed_user;
};

/// The programs in the kernel: loads and attaches them, and reads what they tell. They detach when this
/// object goes, or its process. Not thread-safe.
class KernelPrograms {
 public:
  /// Loads; attaches nothing. Throws KernelError.
  explicit KernelPrograms(const KernelPlan& plan);
  ~KernelPrograms();
  KernelPrograms(const KernelPrograms&) = delete;
  KernelPrograms& operator=(const KernelPrograms&) = delete;

  /// Programs that others attached there keep running. Throws KernelError.
  void attach(const std::string& cgroup);
  /// Before scan(): wants this process's packets, and those of its children to come if `with_children`.
  void follow(std::uint32_t pid, bool with_children);
  /// Changes when a followed process ends.
  std::uint64_t ends_of_followed() const;
  /// Whether one of the followed processes runs. Needs CAP_BPF, as losses() does.
  bool is_any_alive() const;
  /// Packets of processes that are not followed.
  std::uint64_t left_out() const;

  /// No more events from now on; those that were told can still be polled.
  void detach();
  /// Gives the sockets that exist already their owners, and calls `owner` for each.
  ScanResult scan(const std::function<void(const pcapml_owner&)>& owner);

  /// What the kernel tells, in order. The bytes live during the call.
  struct Handler {
    std::function<void(const pcapml_packet&, Bytes)> packet;
    std::function<void(const pcapml_owner_event&)> owner;
    std::function<void(const pcapml_process_event&)> process;
    std::function<void(const pcapml_interface_event&)> interface;
    std::function<void(const pcapml_closed_event&)> closed;
  };
  void on_event(Handler handler);

  /// Lets superpackets keep what the time that has passed allows them. To be called often.
  void allow_superpackets(std::int64_t now_ns);

  /// Waits up to `timeout` for events and hands over all that there are; also ends at a signal.
  void poll(std::chrono::milliseconds timeout);

  std::uint64_t events_lost() const;
  std::uint64_t lost(int direction) const;
  /// Packets lost, by interface and direction.
  Losses losses() const;
  /// Whether this kernel shows who reads from a socket (Linux 6.3).
  bool sees_readers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pcapml
