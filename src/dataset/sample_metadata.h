// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dataset/saved_state.h"
#include "pcapml/label.h"
#include "pcapml/packet.h"

namespace pcapml {

/// What is known of a sample from its labels.
class SampleMetadata {
 public:
  /// Takes in the label of one packet. `number` tells samples apart whose ids are too long for a file name.
  void add(const LabelView& label, std::uint64_t number);

  const std::string& id() const { return id_; }
  /// Distinct labels, decoded, in order of appearance; never empty after the first add().
  const std::vector<std::string>& labels() const { return labels_; }
  /// The text after the id of the first label, as the file has it.
  const std::string& metadata() const { return metadata_; }
  /// `<id>_<label>`, without characters that a file system or a shell would mind; different for each sample.
  std::string file_stem() const;

  void save(StateWriter& state) const;
  void load(StateReader& state);
  std::size_t memory_bytes() const;

 private:
  std::string id_;
  std::vector<std::string> labels_;
  std::string metadata_;
  std::string last_metadata_;
  std::uint64_t number_ = 0;
};

/// What is known of one file of a split.
struct CaptureMetadata {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  ///< on the wire
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;

  void add(const PacketView& packet);
};

/// The first line of metadata.csv, and one line for a file (RFC 4180).
std::string metadata_header();
std::string metadata_record(const std::string& file, const SampleMetadata& sample,
                            const CaptureMetadata& capture);

}  // namespace pcapml
