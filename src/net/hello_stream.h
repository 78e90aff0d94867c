// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "net/client_hello.h"
#include "pcapml/bytes.h"

namespace pcapml {

struct HelloScan;

/// Finds the TLS ClientHello in one direction of one TCP connection, on any port, behind any dialogue.
///
/// Takes segments in capture order: split anywhere, out of order, repeated, overlapping, and with other bytes
/// at the same sequence numbers, as keep-alives and bogus acknowledgments bring them. A hello must begin in
/// the first 16 KiB. Holds nothing but what may belong to a hello, at most 16 KiB and their index. Not
/// thread-safe; never throws on hostile input.
class HelloStream {
 public:
  HelloStream();
  HelloStream(HelloStream&&) noexcept;
  HelloStream& operator=(HelloStream&&) noexcept;
  ~HelloStream();

  /// The sequence number of the SYN: the stream begins after it. Without it every segment may be the first.
  void syn(std::uint32_t sequence);
  /// One segment's payload, which the object may copy but does not keep.
  HelloState add(std::uint32_t sequence, Bytes payload);
  /// There are no more segments: a hello that lacks its end, but not its name, is found after all.
  HelloState finish();

  HelloState state() const { return state_; }
  const std::string& server_name() const { return server_name_; }  ///< as sent, unchecked; empty: none
  bool has_ech() const { return has_ech_; }
  bool has_begun() const { return has_begun_; }  ///< after finish(): there was the beginning of a hello
  std::size_t memory() const;                    ///< bytes held

 private:
  struct Held;

  HelloState hold(std::uint32_t sequence, Bytes payload);
  HelloState look(bool last);
  HelloState move_on(std::uint32_t sequence);
  HelloState accept(HelloScan scan);
  HelloState conclude(HelloState state);

  std::unique_ptr<Held> held_;  ///< null: nothing is held
  std::string server_name_;
  std::uint32_t begin_ = 0;         ///< sequence number of the first byte; a guess without a SYN
  std::uint32_t looked_at_ = 0;     ///< with a SYN: everything before was there, and no hello begins in it
  std::uint32_t out_of_reach_ = 0;  ///< bytes that came after what can be held
  HelloState state_ = HelloState::waiting;
  bool has_begin_ = false;
  bool has_syn_ = false;
  bool is_settled_ = false;  ///< looked_at_ counts
  bool has_ech_ = false;
  bool has_begun_ = false;
};

}  // namespace pcapml
