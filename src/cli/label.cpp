// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label_captures.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/json_reports.h"
#include "cli/label_join.h"

namespace pcapml::cli {
namespace {

class LabelCommand final : public Command {
 public:
  std::string_view name() const override { return "label"; }
  std::string_view summary() const override { return "Label the packets of a capture by a file of rules"; }
  std::string_view example() const override {
    return "pcapml label -i traffic.pcap -l rules.csv -o labeled.pcapng -stats\n"
           "  where rules.csv has lines such as\n"
           "  BPF:host 192.0.2.7 and tcp port 443|TS_START:1700000000|TS_END:1700000600,web\n"
           "  pcapml label -i captured.pcapng -o named.pcapng --resolve";
  }

  void options(Options& o) override {
    o.required("-i,--input", request_.input, "Capture, directory of captures, or - for standard input");
    o.optional(
        "-l,--labels", request_.rules,
        "Label file: one rule a line, the first that matches wins; without one --resolve keeps the labels");
    o.required("-o,--output", request_.output, "Labelled capture (pcapng), or - for standard output");
    o.flag("--stats", stats_,
           "Print packets and bytes of each rule, and with --resolve where names came from");
    o.flag("--keep-unmatched", request_.keep_unmatched, "Keep packets that no rule matches, without a label");
    o.flag("--keep-old", request_.keep_old,
           "Write the name of a label that is replaced as was= of the new one");
    o.choice("--sample", sample_, {"rule", "flow"},
             "What one sample is: a rule (the default), or each flow under a rule");
    o.flag("--resolve", request_.resolve,
           "Add dst=<domain> where the flow's remote end has a known name; files are read twice");
    o.flag("--name-source", request_.name_source, "With --resolve, add dst_source=sni, quic, dns or ech");
    o.number("--flow-timeout", flow_timeout_, "Seconds without a packet after which a flow has ended");
    o.choice("--flow-at-syn", flow_at_syn_, {"yes", "no"},
             "Whether a SYN after a closed connection begins a flow (default: yes)");
    o.number("--max-flows", request_.flows.max_flows,
             "Flows remembered at a time; the longest unused goes first");
    o.number("--max-hello-bytes", request_.resolver.flow_bytes,
             "Bytes of one flow that wait for the rest of a ClientHello");
    o.number("--max-waiting-bytes", request_.resolver.total_bytes,
             "The same for all flows together, and the same again for TCP streams of DNS answers");
    o.number("--max-dns-entries", request_.resolver.dns_entries,
             "Addresses from DNS answers that are remembered");
    o.number("--max-fragment-bytes", request_.flows.max_fragment_bytes,
             "Bytes of IP fragments that wait for the rest of their packet");
    join_.options(o);
    o.input(request_.input_options);
    o.output(request_.output_options);
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.output == "-") console.reserve_stdout();
    request_.sample = sample_ == "flow" ? SampleUnit::flow : SampleUnit::rule;
    request_.flows.timeouts.idle_ns =
        static_cast<std::int64_t>(std::min(flow_timeout_, kLongestTimeout)) * 1'000'000'000;
    request_.flows.timeouts.new_flow_at_syn = flow_at_syn_ != "no";
    request_.input_options.progress = console.progress();
    request_.covered_rules = stats_;
    if (join_.is_asked_for()) return join_.run(console, request_, json_);
    join_.refuse_options();
    const LabelResult result = label_captures(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      if (stats_ && !request_.rules.empty()) console.print(table(result));
      if (stats_ && result.names) console.print(names_table(*result.names));
      console.note(outcome(result));
    }
    if (result.skipped_files > 0)
      console.note(
          fmt::format("{} in the directory left out: no capture", count_of(result.skipped_files, "file")));
    if (stats_) warn_of_idle_rules(console, result);
    return console.finish(result.report);
  }

 private:
  std::string outcome(const LabelResult& result) const {
    std::string text;
    if (request_.rules.empty()) {
      text = fmt::format("{} with a label, {} without", count_of(result.matched, "packet"),
                         grouped(result.unmatched));
    } else {
      text =
          fmt::format("{} labelled, {} unmatched {}", count_of(result.matched, "packet"),
                      grouped(result.unmatched), result.kept_unmatched ? "kept without a label" : "left out");
    }
    if (request_.sample == SampleUnit::flow) text += ", " + count_of(result.samples, "sample");
    if (request_.resolve) text += ", dst= added to " + count_of(result.named_packets, "packet");
    if (result.flows_forgotten > 0)
      text += fmt::format(", {} forgotten (--max-flows)", count_of(result.flows_forgotten, "flow"));
    if (result.fragmented_packets_incomplete > 0)
      text +=
          fmt::format(", {} incomplete", count_of(result.fragmented_packets_incomplete, "fragmented packet"));
    if (result.replaced_labels > 0)
      text += fmt::format(", {} replaced", count_of(result.replaced_labels, "old label"));
    return text;
  }

  static std::string table(const LabelResult& result) {
    std::size_t width = std::string_view("unmatched").size();
    for (const RuleCount& rule : result.rules) width = std::max(width, rule.label.size());
    width = std::min<std::size_t>(width, 40);
    std::string text =
        fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", "line", "label", width, "packets", "bytes");
    for (const RuleCount& rule : result.rules)
      text += fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", rule.line, rule.label, width, rule.packets,
                          rule.bytes);
    text += fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", "", "matched", width, result.matched,
                        result.matched_bytes);
    text += fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", "", "unmatched", width, result.unmatched,
                        result.unmatched_bytes);
    return text;
  }

  static std::string names_table(const ResolverCounters& names) {
    std::string text;
    const auto row = [&](const char* what, std::uint64_t n) {
      if (n > 0) text += fmt::format("{:>12}  {}\n", n, what);
    };
    row("TCP and UDP flows", names.flows);
    row("named by TLS or DTLS (sni)", names.by_sni);
    row("named by QUIC (quic)", names.by_quic);
    row("named by a DNS answer (dns)", names.by_dns);
    row("named by an outer ClientHello (ech)", names.by_ech);
    row("without a name: flows of DNS itself", names.dns_flows);
    row("without a name: no ClientHello, no DNS answer before", names.no_answer_before);
    row("without a name: a ClientHello without server_name", names.hello_without_name);
    row("without a name: a ClientHello whose end is missing", names.hello_incomplete);
    row("without a name: a ClientHello beyond --max-hello-bytes or --max-waiting-bytes",
        names.hello_forgotten);
    row("without a name: what was sent is no host name", names.name_rejected);
    row("flows of other protocols", names.other_flows);
    row("DNS answers", names.dns_answers);
    row("DNS messages malformed", names.dns_malformed);
    row("DNS questions that are no host names", names.dns_names_rejected);
    row("DNS entries forgotten (--max-dns-entries)", names.dns_forgotten);
    row("DNS connections forgotten (--max-waiting-bytes, or more than 4,096)", names.dns_streams_forgotten);
    row("Ethernet addresses forgotten", names.hosts_forgotten);
    row("names forgotten, as nothing had them any more and others came", names.names_forgotten);
    row("names left out, as there is room for no more", names.names_refused);
    row("flows whose names were forgotten, as there are too many", names.flows_forgotten);
    return text;
  }

  void warn_of_idle_rules(Console& console, const LabelResult& result) const {
    constexpr std::size_t kMost = 20;
    std::size_t count = 0;
    for (const RuleCount& rule : result.rules)
      if (rule.packets == 0 && ++count <= kMost)
        console.warn(
            fmt::format("{}:{}: the rule for '{}' matched nothing", request_.rules, rule.line, rule.label));
    if (count > kMost) console.warn(fmt::format("{} more rules matched nothing", count - kMost));
  }

  static constexpr std::size_t kLongestTimeout = 1'000'000'000;

  LabelRequest request_;
  JoinOptions join_;
  std::string sample_;
  std::string flow_at_syn_;
  std::size_t flow_timeout_ = 60;
  bool stats_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_label_command() { return std::make_unique<LabelCommand>(); }

}  // namespace pcapml::cli
