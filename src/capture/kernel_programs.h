// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "bpf/events.h"
#include "capture/socket_scan.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// The programs in the kernel: loads and attaches them, and reads what they tell. They detach when this
/// object goes, or its process. Not thread-safe.
class KernelPrograms {
 public:
  /// Loads; attaches nothing. `buffer_bytes` is rounded up to a power of two. Throws KernelError.
  explicit KernelPrograms(std::size_t buffer_bytes);
  ~KernelPrograms();
  KernelPrograms(const KernelPrograms&) = delete;
  KernelPrograms& operator=(const KernelPrograms&) = delete;

  /// Programs that others attached there keep running. Throws KernelError.
  void attach(const std::string& cgroup);
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
  };
  void on_event(Handler handler);

  /// Waits up to `timeout` for events and hands over all that there are; also ends at a signal.
  void poll(std::chrono::milliseconds timeout);

  std::uint64_t events_lost() const;
  std::uint64_t lost(int direction) const;
  /// Packets lost, by interface and direction.
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint64_t> losses() const;
  /// Whether this kernel shows who reads from a socket (Linux 6.3).
  bool sees_readers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pcapml
