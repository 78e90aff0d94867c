// SPDX-License-Identifier: Apache-2.0
#include "pcapml/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "dataset/gather.h"
#include "dataset/joined_section.h"
#include "dataset/open_output.h"
#include "label/packet_label.h"

namespace pcapml {
namespace {

/// The file's name without what tells format and compression.
std::string stem_of(std::filesystem::path path) {
  if (path == "-") return "stdin";
  path = path.filename();
  if (compression_of_name(path.string()) != Compression::none) path.replace_extension();
  return path.stem().string();
}

/// One name for each input; the second of two equal stems becomes `stem-2`.
std::vector<std::string> session_names(const std::vector<InputFile>& files,
                                       std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  std::set<std::string> used;
  for (const InputFile& file : files) {
    const std::string stem = stem_of(file.path);
    std::string name = stem;
    for (int n = 2; !used.insert(name).second; ++n) name = fmt::format("{}-{}", stem, n);
    if (name != stem)
      warnings.push_back(
          fmt::format("{}: another input is called '{}' too; its session is '{}'", file.path, stem, name));
    names.push_back(encode_text(name));
  }
  return names;
}

/// Writes the label comments of one input in their new form.
class Relabeler {
 public:
  Relabeler(const IndexedCapture& capture, std::uint64_t first_id, std::string session)
      : ranks_(capture.samples().ranks()), first_id_(first_id), session_(std::move(session)) {}

  const std::string& comment(const LabelView& view, std::uint32_t sample) {
    const std::string id = fmt::format("{}", first_id_ + ranks_[sample]);
    Label label = decode_label(view);
    if (view.keyed) {
      label.sample_id = id;
      comment_ = encode_label(label);
    } else {
      comment_ = fmt::format("{},{}", id, view.metadata);  // the text of published datasets stays as it is
    }
    if (label.field("session") == nullptr) comment_ += ",session=" + session_;
    return comment_;
  }

 private:
  std::vector<std::uint32_t> ranks_;
  std::uint64_t first_id_;
  std::string session_;
  std::string comment_;
};

}  // namespace

MergeResult merge(const MergeRequest& request) {
  MergeResult result;
  std::vector<std::string> skipped;
  std::vector<InputFile> files;
  for (const auto& input : request.inputs) {
    const auto found = list_captures(input, skipped);
    files.insert(files.end(), found.begin(), found.end());
  }
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const InputFile& file : files) paths.push_back(file.path);
  refuse_same_file(request.output, paths);
  for (const auto& name : skipped)
    result.report.warnings.push_back(fmt::format("{}: not a capture, left out", name));
  const auto sessions = session_names(files, result.report.warnings);
  OutputFile output = open_output(request.output, request.output_options);

  std::vector<std::unique_ptr<IndexedCapture>> inputs;
  std::vector<Relabeler> relabelers;
  Column<IndexEntry> entries;
  for (const InputFile& file : files) {
    inputs.push_back(std::make_unique<IndexedCapture>(file.path, request.input_options,
                                                      temporary_directory(request.output)));
    inputs.back()->index(entries, static_cast<std::uint32_t>(inputs.size() - 1));
    relabelers.emplace_back(*inputs.back(), result.samples, sessions[inputs.size() - 1]);
    result.samples += inputs.back()->samples().size();
  }
  std::stable_sort(entries.all().begin(), entries.all().end(),
                   [](const IndexEntry& a, const IndexEntry& b) { return a.timestamp_ns < b.timestamp_ns; });

  PcapngWriter writer(output.stream());
  std::vector<ReadCapture> read;
  read.reserve(inputs.size());
  for (const auto& input : inputs) read.push_back({input->reader(), input->blocks()});
  JoinedSection section(writer, std::move(read));
  section.begin(result.report.warnings);
  gather(
      entries.all(), inputs,
      [&](const IndexEntry& entry, Bytes bytes) {
        const PacketView& packet =
            inputs[entry.input]->reader().parse_again(bytes, entry.interface, entry.offset);
        const PacketLabel label = find_label(packet.options);
        if (label.label) {
          section.packet(
              packet, entry.input,
              {label.before, relabelers[entry.input].comment(*label.label, entry.sample), label.after});
        } else {
          section.packet(packet, entry.input, {{}, {}, label.after});
          ++result.unlabeled;
        }
      },
      kGatherBytes, request.output_options.threads);
  section.end(result.report.warnings);
  output.commit();
  for (const auto& input : inputs) input->input().add_to(result.report);
  result.inputs = inputs.size();
  result.packets = entries.size();
  return result;
}

}  // namespace pcapml
