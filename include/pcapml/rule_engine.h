// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pcapml/bytes.h"
#include "pcapml/label.h"
#include "pcapml/packet.h"
#include "pcapml/rules.h"

namespace pcapml {

/// One packet as the rules see it.
struct RuleInput {
  std::uint16_t link_type = 1;        ///< LINKTYPE_ value, as written in files
  Bytes data;                         ///< bytes captured
  std::uint32_t original_length = 0;  ///< bytes on the wire: `len` of a filter
  std::int64_t timestamp_ns = 0;      ///< since the Unix epoch
  bool has_timestamp = true;          ///< false: matches no window
  /// Of the file or section. Matters to link type 0 alone, whose header is in the capturing machine's order.
  ByteOrder order = ByteOrder::little;
  const LabelView* label = nullptr;                 ///< that the packet carries; nullptr: none
  std::optional<std::uint32_t> pid = std::nullopt;  ///< of epb_processid_threadid
};

/// Finds the first rule that matches a packet. The answer is that of trying the rules one after the other,
/// each filter as libpcap's optimised program for the packet's link type.
///
/// Borrows the rules, which must stay where they are. Compiles a filter at the first packet of a link type;
/// where it does not compile for that one, it matches none of its packets. One engine serves one thread.
class RuleEngine {
 public:
  /// `path` names the label file in messages.
  RuleEngine(const std::vector<Rule>& rules, std::string path);
  ~RuleEngine();
  RuleEngine(RuleEngine&&) noexcept;
  RuleEngine& operator=(RuleEngine&&) noexcept;

  /// Puts the FILE: rules in force that name the file by one of these paths, and no other ones. Paths are
  /// compared as text, once `.`, `..` and doubled slashes are gone. Before the first call none are in force.
  void select_file(const std::vector<std::string>& names);

  /// Whether RuleInput::pid, sections and blocks are asked for.
  bool asks_processes() const;
  /// The packets to come are of this section: the processes known so far are of another.
  void begin_section(const Section& section, const std::string& path);
  /// A block of the section, of which those that describe processes are looked at. A process is known to the
  /// packets after its block. Throws DataError where rules ask for processes and the section was joined from
  /// several machines', whose process ids cannot be told apart.
  void block(const BlockView& block);

  /// The first rule that matches, or nullptr.
  const Rule* match(const RuleInput& packet);

  /// Throws DataError, `path:line: reason` for each rule that was in force for packets and whose filter
  /// compiles for none of their link types: the labelling is not what was asked for.
  void check_link_types() const;

  /// What is worth knowing at the end, `path:line: ...` each: filters that can never match, filters that took
  /// long to compile, filters that do not compile for some of the link types met (with the number of
  /// packets), FILE: rules whose file was not read, conditions on labels or processes where no packet had
  /// any.
  std::vector<std::string> warnings() const;

  /// Rules without FILE: that can never match a packet, because earlier ones match all of theirs on each of
  /// the link types met: `path:line: ...` each, with the line of an earlier one; of more than `most` only
  /// their number. Rules that ask what packets carry are compared with such that ask the same or nothing.
  /// Takes about as long as compiling the filters.
  std::vector<std::string> covered_rules(std::size_t most = 20) const;

 private:
  class Matcher;
  std::unique_ptr<Matcher> matcher_;
};

}  // namespace pcapml
