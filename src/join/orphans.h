// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "dataset/section_copier.h"
#include "io/output_file.h"
#include "join/claims.h"
#include "join/table_clock.h"
#include "pcapml/join.h"

namespace pcapml {

/// What found no partner, in files of its own where they are asked for.
class OrphanFiles {
 public:
  explicit OrphanFiles(const JoinRequest& request);

  /// Any record that is no packet; and a packet that no record claims, as it is.
  void copy(const Record& record, const Reader& reader);
  void packet(const PacketView& packet);

  /// The records without a packet, with the generic header and their windows in UTC.
  void write_records(const FlowRecords& records, const Claims& claims, const TableClock& clock);
  void commit();

 private:
  struct Packets {
    explicit Packets(const std::string& path, Sync sync)
        : file(path, sync), writer(file.stream()), copier(writer) {}
    OutputFile file;
    PcapngWriter writer;
    SectionCopier copier;
  };

  std::unique_ptr<OutputFile> records_;
  std::unique_ptr<Packets> packets_;
};

}  // namespace pcapml
