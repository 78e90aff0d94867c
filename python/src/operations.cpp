// SPDX-License-Identifier: Apache-2.0
#include "operations.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <string>
#include <utility>

#include "background.h"
#include "pcapml/label_captures.h"
#include "pcapml/mark.h"
#include "pcapml/merge.h"
#include "pcapml/sort.h"
#include "pcapml/split.h"
#include "pcapml/strip.h"
#include "readers.h"
#include "reports.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

std::string path_of(const nb::bytes& path) { return {path.c_str(), path.size()}; }

/// What every operation takes: `salvage`, `legacy_timestamps`, `fsync`, `threads`, `memory`, `tmp`,
/// `progress`.
struct Common {
  InputOptions input;
  OutputOptions output;
  MemoryOptions memory;
  nb::object callback;
  SharedProgress progress;

  explicit Common(const nb::dict& options) : callback(options["progress"]) {
    input.salvage = nb::cast<bool>(options["salvage"]);
    input.legacy_timestamps =
        options_of("raise", nb::cast<std::string>(options["legacy_timestamps"])).reader.legacy_timestamps;
    output.fsync = nb::cast<bool>(options["fsync"]);
    output.threads = nb::cast<unsigned>(options["threads"]);
    memory.bytes = nb::cast<std::uint64_t>(options["memory"]);
    memory.temporary_directory = path_of(nb::cast<nb::bytes>(options["tmp"]));
    input.progress = &progress;
  }
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;
};

/// `operation(request)` in the background.
template <class Request, class Operation>
auto run(const Request& request, const Common& common, Operation operation) {
  decltype(operation(request)) result;
  run_in_background([&] { result = operation(request); }, common.progress, common.callback);
  return result;
}

OutputFormat format_of(const std::string& name) {
  if (name == "pcap") return OutputFormat::pcap;
  if (name == "pcapng") return OutputFormat::pcapng;
  throw nb::value_error("format is 'pcap' or 'pcapng'");
}

SampleUnit unit_of(const std::string& name) {
  if (name == "rule") return SampleUnit::rule;
  if (name == "flow") return SampleUnit::flow;
  throw nb::value_error("sample is 'rule' or 'flow'");
}

nb::dict label(const nb::bytes& input, const nb::bytes& rules, const nb::bytes& output,
               const nb::dict& options) {
  const Common common(options);
  LabelRequest request;
  request.input = path_of(input);
  request.rules = path_of(rules);
  request.output = path_of(output);
  request.keep_unmatched = nb::cast<bool>(options["keep_unmatched"]);
  request.keep_old = nb::cast<bool>(options["keep_old"]);
  request.sample = unit_of(nb::cast<std::string>(options["sample"]));
  request.resolve = nb::cast<bool>(options["resolve"]);
  request.name_source = nb::cast<bool>(options["name_source"]);
  request.input_options = common.input;
  request.output_options = common.output;
  return to_dict(run(request, common, label_captures));
}

void mark_activity(const nb::bytes& output, const std::string& label, bool stop) {
  const MarkRequest request{path_of(output), label, stop};
  const nb::gil_scoped_release release;
  mark(request);
}

nb::dict sort_capture(const nb::bytes& input, const nb::bytes& output, const nb::dict& options) {
  const Common common(options);
  const SortRequest request{path_of(input), path_of(output), common.input, common.output, common.memory};
  const SortResult result = run(request, common, sort);
  nb::dict made;
  made["report"] = to_dict(result.report);
  made["packets"] = result.packets;
  made["samples"] = result.samples;
  made["unlabeled"] = result.unlabeled;
  return made;
}

nb::dict split_capture(const nb::bytes& input, const nb::bytes& output, const nb::dict& options) {
  const Common common(options);
  SplitRequest request;
  request.input = path_of(input);
  request.output = path_of(output);
  request.format = format_of(nb::cast<std::string>(options["format"]));
  request.force = nb::cast<bool>(options["force"]);
  request.link_ethernet = nb::cast<bool>(options["link_ethernet"]);
  request.input_options = common.input;
  request.memory = common.memory;
  const SplitResult result = run(request, common, split);
  nb::dict made;
  made["report"] = to_dict(result.report);
  made["packets"] = result.packets;
  made["samples"] = result.samples;
  made["files"] = result.files;
  made["unlabeled"] = result.unlabeled;
  return made;
}

nb::dict strip_capture(const nb::bytes& input, const nb::bytes& output, const nb::dict& options) {
  const Common common(options);
  StripRequest request;
  request.input = path_of(input);
  request.output = path_of(output);
  request.format = format_of(nb::cast<std::string>(options["format"]));
  request.link_ethernet = nb::cast<bool>(options["link_ethernet"]);
  request.input_options = common.input;
  request.output_options = common.output;
  const StripResult result = run(request, common, strip);
  nb::dict made;
  made["report"] = to_dict(result.report);
  made["packets"] = result.packets;
  made["labels"] = result.labels;
  return made;
}

nb::dict merge_captures(const nb::list& inputs, const nb::bytes& output, const nb::dict& options) {
  const Common common(options);
  MergeRequest request;
  for (const nb::handle input : inputs) request.inputs.push_back(path_of(nb::cast<nb::bytes>(input)));
  request.output = path_of(output);
  request.input_options = common.input;
  request.output_options = common.output;
  const MergeResult result = run(request, common, merge);
  nb::dict made;
  made["report"] = to_dict(result.report);
  made["inputs"] = result.inputs;
  made["packets"] = result.packets;
  made["samples"] = result.samples;
  made["unlabeled"] = result.unlabeled;
  return made;
}

nb::dict compare_captures(const nb::bytes& truth, const nb::bytes& test, const nb::bytes& csv,
                          const nb::bytes& map, const nb::dict& options) {
  const Common common(options);
  const CompareRequest request{path_of(truth), path_of(test), path_of(csv),
                               path_of(map),   common.input,  common.memory};
  return to_dict(run(request, common, compare));
}

nb::dict summarize_capture(const nb::bytes& input, const nb::bytes& csv, const std::string& group,
                           std::optional<std::int64_t> from_ns, std::optional<std::int64_t> to_ns,
                           const nb::dict& options) {
  const Common common(options);
  SummaryRequest request;
  request.input = path_of(input);
  request.csv = path_of(csv);
  request.group = group;
  request.from_ns = from_ns.value_or(request.from_ns);
  request.to_ns = to_ns.value_or(request.to_ns);
  request.input_options = common.input;
  return to_dict(run(request, common, summarize));
}

}  // namespace

void bind_operations(nb::module_& module) {
  module.def("label", label);
  module.def("mark", mark_activity);
  module.def("sort", sort_capture);
  module.def("split", split_capture);
  module.def("strip", strip_capture);
  module.def("merge", merge_captures);
  module.def("compare", compare_captures);
  module.def("summary", summarize_capture, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(),
             nb::arg().none(), nb::arg());
}

}  // namespace pcapml::python
