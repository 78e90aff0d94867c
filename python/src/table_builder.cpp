// SPDX-License-Identifier: Apache-2.0
#include "table_builder.h"

#include <algorithm>

#include "net/ip_protocol.h"
#include "pcapml/error.h"

namespace pcapml::python {
namespace {

constexpr std::size_t kRawPiece = std::size_t{64} << 20;
constexpr std::int16_t kShowsPorts = 0x100, kNoTransport = 0x200;

std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 1: return "ICMP";
    case 2: return "IGMP";
    case 6: return "TCP";
    case 17: return "UDP";
    case 41: return "IPv6";
    case 47: return "GRE";
    case 50: return "ESP";
    case 51: return "AH";
    case 58: return "IPv6-ICMP";
    case 89: return "OSPF";
    case 132: return "SCTP";
    default: return std::to_string(protocol);
  }
}

/// Whether ports were captured; 0 is a port, too.
bool shows_ports(const Headers& headers) {
  constexpr std::size_t kPorts = 4;
  switch (headers.flow.protocol) {
    case kProtocolTcp:
    case kProtocolUdp:
    case kProtocolUdpLite:
    case kProtocolSctp: break;
    default: return false;
  }
  return headers.fragment_offset == 0 &&
         headers.transport_offset + kPorts <= headers.network_offset + headers.ip_captured;
}

std::shared_ptr<const Buffer> shared(Buffer buffer) {
  return std::make_shared<const Buffer>(std::move(buffer));
}

template <class T>
std::shared_ptr<ArrayData> new_array(const Buffer& values) {
  auto data = std::make_shared<ArrayData>();
  data->length = static_cast<std::int64_t>(values.size() / sizeof(T));
  return data;
}

std::shared_ptr<const ArrayData> time_array(Buffer times, const std::vector<std::int64_t>& without_time) {
  auto data = new_array<std::int64_t>(times);
  data->null_count = static_cast<std::int64_t>(without_time.size());
  auto next = without_time.begin();
  const auto is_valid = [&](std::size_t i) {
    if (next == without_time.end() || *next != static_cast<std::int64_t>(i)) return true;
    ++next;
    return false;
  };
  data->buffers = {validity(static_cast<std::size_t>(data->length), data->null_count, is_valid),
                   shared(std::move(times))};
  return data;
}

std::shared_ptr<const ArrayData> length_array(Buffer lengths) {
  auto data = new_array<std::uint32_t>(lengths);
  data->buffers = {nullptr, shared(std::move(lengths))};
  return data;
}

std::shared_ptr<const ArrayData> port_array(Buffer ports, const Buffer& transports) {
  auto data = new_array<std::uint16_t>(ports);
  const auto rows = static_cast<std::size_t>(data->length);
  const auto* const transport = transports.as<std::int16_t>();
  const auto is_valid = [transport](std::size_t i) { return (transport[i] & kShowsPorts) != 0; };
  for (std::size_t i = 0; i < rows; ++i) data->null_count += !is_valid(i);
  data->buffers = {validity(rows, data->null_count, is_valid), shared(std::move(ports))};
  return data;
}

std::shared_ptr<const ArrayData> protocol_array(const Buffer& transports, bool plain) {
  TextDictionary names;
  std::array<std::int32_t, 512> codes;
  codes.fill(kNull);
  const std::size_t rows = transports.size() / sizeof(std::int16_t);
  const auto* const transport = transports.as<std::int16_t>();
  Buffer column;
  auto* const value = reinterpret_cast<std::int32_t*>(column.extend(rows * sizeof(std::int32_t)));
  for (std::size_t i = 0; i < rows; ++i) {
    value[i] = kNull;
    if (transport[i] == kNoTransport) continue;
    std::int32_t& code = codes[static_cast<std::size_t>(transport[i])];
    if (code == kNull) code = names.add(protocol_name(static_cast<std::uint8_t>(transport[i])));
    value[i] = code;
  }
  return text_array(column, names, plain);
}

std::shared_ptr<const ArrayData> raw_array(Buffer ends, Buffer bytes, std::int64_t rows) {
  auto data = std::make_shared<ArrayData>();
  data->length = rows;
  if (rows == 0) ends.push(std::int64_t{0});
  data->buffers = {nullptr, shared(std::move(ends)), shared(std::move(bytes))};
  return data;
}

}  // namespace

TableBuilder::TableBuilder(TableOptions options) : options_(std::move(options)) {
  for (const Column& column : choose_columns(options_, {})) {
    wants_raw_ = wants_raw_ || column.kind == Kind::raw;
    wants_headers_ = wants_headers_ || is_of_headers(column.kind);
    wants_labels_ = wants_labels_ || is_of_label(column.kind);
  }
  begin();
}

void TableBuilder::begin() {
  rows_ = 0;
  in_hand_ = Rows();
  if (!options_.keys) return;
  for (const std::string& key : *options_.keys) in_hand_.labels.key_number(key);
}

void TableBuilder::add(std::int64_t timestamp_ns, bool has_timestamp, std::uint32_t length, Bytes data,
                       const OptionsView& options, std::uint16_t link_type,
                       const std::shared_ptr<CaptureFile>& file) {
  Rows& rows = in_hand_;
  rows.timestamps.push(timestamp_ns);
  if (!has_timestamp) rows.without_time.push_back(rows_);
  rows.lengths.push(length);
  if (wants_labels_) rows.comments.push(rows.labels.number_of(options));
  if (wants_headers_) add_headers(link_type, data);
  if (wants_raw_) add_raw(data);
  ++rows_;
  if (!options_.with_session) return;
  if (rows.file != file) rows.session = rows.session_names.add(file->session());
  rows.file = file;
  rows.sessions.push(rows.session);
}

void TableBuilder::add_raw(Bytes data) {
  Rows& rows = in_hand_;
  if (options_.raw_apart && rows.raw.size() + data.size() > kRawPiece && rows.raw.size() != 0)
    end_raw_piece();
  if (rows.raw_ends.size() == 0) {
    rows.raw_ends.push(std::int64_t{0});
    if (options_.raw_apart && !rows.raw_pieces.empty()) rows.raw.reserve(kRawPiece);
  }
  rows.raw.append(data.data(), data.size());
  rows.raw_ends.push(static_cast<std::int64_t>(rows.raw.size()));
}

void TableBuilder::end_raw_piece() {
  Rows& rows = in_hand_;
  if (rows.raw_ends.size() == 0) return;
  RecordBatch piece;
  piece.rows = static_cast<std::int64_t>(rows.raw_ends.size() / sizeof(std::int64_t) - 1);
  piece.fields.push_back(type_of({"raw", Kind::raw, {}}, false));
  piece.columns.push_back(
      raw_array(std::exchange(rows.raw_ends, {}), std::exchange(rows.raw, {}), piece.rows));
  rows.raw_pieces.push_back(std::move(piece));
}

std::vector<RecordBatch> TableBuilder::take_raw() {
  if (wants_raw_ && rows_ == 0) in_hand_.raw_ends.push(std::int64_t{0});
  end_raw_piece();
  return std::exchange(in_hand_.raw_pieces, {});
}

void TableBuilder::add_headers(std::uint16_t link_type, Bytes data) {
  Rows& rows = in_hand_;
  std::int16_t transport = kNoTransport;
  std::int32_t source = kNull, destination = kNull;
  std::uint16_t source_port = 0, destination_port = 0;
  if (auto headers = parse_headers(link_type, data)) {
    enter_tunnels(*headers, data);
    const FlowKey& flow = headers->flow;
    transport = static_cast<std::int16_t>(flow.protocol | (shows_ports(*headers) ? kShowsPorts : 0));
    source = address_code(flow.source);
    destination = address_code(flow.destination);
    source_port = flow.source_port;
    destination_port = flow.destination_port;
  }
  rows.transports.push(transport);
  rows.sources.push(source);
  rows.destinations.push(destination);
  rows.source_ports.push(source_port);
  rows.destination_ports.push(destination_port);
}

std::int32_t TableBuilder::address_code(const IpAddress& address) {
  Rows& rows = in_hand_;
  if (address == rows.recent[0] && rows.recent_codes[0] >= 0) return rows.recent_codes[0];
  if (address == rows.recent[1] && rows.recent_codes[1] >= 0) return rows.recent_codes[1];
  const auto [code, added] = rows.address_codes.find_or_add({.source = address, .destination = {}});
  if (added) code = rows.addresses.add(to_string(address));
  rows.recent[1] = rows.recent[0];
  rows.recent_codes[1] = rows.recent_codes[0];
  rows.recent[0] = address;
  rows.recent_codes[0] = code;
  return code;
}

std::vector<Column> TableBuilder::columns() const { return choose_columns(options_, in_hand_.labels.keys()); }

std::vector<FieldType> TableBuilder::fields() const {
  std::vector<FieldType> types;
  for (const Column& column : columns()) types.push_back(type_of(column, options_.plain_text));
  return types;
}

void TableBuilder::settle() {
  if (!options_.keys) options_.keys = in_hand_.labels.keys();
}

RecordBatch TableBuilder::finish() {
  if (!options_.columns && options_.keys && in_hand_.labels.keys().size() > options_.keys->size())
    throw DataError("a comment has the key `" + in_hand_.labels.keys()[options_.keys->size()] +
                    "`, which those before it did not have; say which columns are wanted (columns=[...])");
  RecordBatch batch;
  batch.rows = rows_;
  for (const Column& column : columns()) {
    if (column.kind == Kind::raw && options_.raw_apart) continue;
    batch.fields.push_back(type_of(column, options_.plain_text));
    batch.columns.push_back(array_of(column));
  }
  begin();
  return batch;
}

std::shared_ptr<const ArrayData> TableBuilder::label_array(const LabelColumns::Column& column) {
  if (column.texts.size() == 0) return null_text_array(rows_, options_.plain_text);
  LabelColumns::codes(column, in_hand_.comments, in_hand_.codes);
  return text_array(in_hand_.codes, column.texts, options_.plain_text);
}

std::shared_ptr<const ArrayData> TableBuilder::array_of(const Column& column) {
  Rows& rows = in_hand_;
  const bool plain = options_.plain_text;
  switch (column.kind) {
    case Kind::timestamp: return time_array(std::move(rows.timestamps), rows.without_time);
    case Kind::sample_id: return label_array(rows.labels.sample_id);
    case Kind::label: return label_array(rows.labels.label);
    case Kind::direction: return label_array(rows.labels.direction);
    case Kind::dst: return label_array(rows.labels.dst);
    case Kind::src_ip: return text_array(rows.sources, rows.addresses, plain);
    case Kind::dst_ip: return text_array(rows.destinations, rows.addresses, plain);
    case Kind::proto: return protocol_array(rows.transports, plain);
    case Kind::src_port: return port_array(std::move(rows.source_ports), rows.transports);
    case Kind::dst_port: return port_array(std::move(rows.destination_ports), rows.transports);
    case Kind::length: return length_array(std::move(rows.lengths));
    case Kind::raw: return raw_array(std::move(rows.raw_ends), std::move(rows.raw), rows_);
    case Kind::session: return text_array(rows.sessions, rows.session_names, plain);
    case Kind::key: return label_array(rows.labels.key(rows.labels.key_number(column.key)));
  }
  return nullptr;
}

}  // namespace pcapml::python
