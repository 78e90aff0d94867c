// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow_export.h"
#include "label_columns.h"
#include "packet_batch.h"
#include "pcapml/headers.h"
#include "table_columns.h"

namespace pcapml::python {

/// Makes columns of packets, one row each. The columns and their types are those that
/// python/README.md lists.
///
/// With `keys` (or `columns`) the columns are the same for every table; otherwise each table has those of its
/// packets.
class TableBuilder {
 public:
  explicit TableBuilder(TableOptions options);

  void add(std::int64_t timestamp_ns, bool has_timestamp, std::uint32_t length, Bytes data,
           const OptionsView& options, std::uint16_t link_type, const std::shared_ptr<CaptureFile>& file);
  void add(const StoredPacket& packet, const std::shared_ptr<CaptureFile>& file) {
    add(packet.timestamp_ns, packet.has_timestamp, packet.original_length, packet.data(), packet.options(),
        packet.link_type, file);
  }

  std::int64_t rows() const { return rows_; }
  /// The rows so far, which are then gone from here. Throws DataError where a comment has a key that is not
  /// among those that were said to be all.
  RecordBatch finish();
  /// With `raw_apart`, before finish(): the column `raw`, which is then gone from here, in pieces that did
  /// not have to grow.
  std::vector<RecordBatch> take_raw();
  /// The types of the columns; of a table whose keys come as they are, those so far.
  std::vector<FieldType> fields() const;
  /// From now on the keys so far are all.
  void settle();

 private:
  /// The rows in hand.
  struct Rows {
    Buffer timestamps;                       // int64
    std::vector<std::int64_t> without_time;  // rows
    Buffer comments;                         // uint32, numbers of `labels`
    Buffer lengths;                          // uint32
    Buffer transports;                       // int16: protocol, kNoTransport, with kShowsPorts
    Buffer source_ports, destination_ports;  // uint16
    Buffer sources, destinations;            // int32, codes of `addresses`
    Buffer sessions;                         // int32, codes of `session_names`
    Buffer raw_ends;                         // int64
    Buffer raw;
    std::vector<RecordBatch> raw_pieces;
    Buffer codes;  // of the column in hand
    LabelColumns labels;
    TextDictionary addresses, session_names;
    OpenTable<FlowKey, std::int32_t> address_codes;
    std::array<IpAddress, 2> recent{};  // the two ends of a flow follow each other
    std::array<std::int32_t, 2> recent_codes{kNull, kNull};
    std::shared_ptr<CaptureFile> file;
    std::int32_t session = kNull;
  };

  void begin();
  std::vector<Column> columns() const;
  std::shared_ptr<const ArrayData> array_of(const Column& column);
  std::shared_ptr<const ArrayData> label_array(const LabelColumns::Column& column);
  void add_raw(Bytes data);
  void end_raw_piece();
  void add_headers(std::uint16_t link_type, Bytes data);
  std::int32_t address_code(const IpAddress& address);

  TableOptions options_;
  bool wants_headers_ = false, wants_raw_ = false, wants_labels_ = false;
  std::int64_t rows_ = 0;
  Rows in_hand_;
};

}  // namespace pcapml::python
