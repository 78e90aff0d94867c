// SPDX-License-Identifier: Apache-2.0
#include "dataset/external_comparison.h"

#include <map>
#include <memory>

#include "dataset/flow_votes.h"
#include "dataset/label_numbers.h"

namespace pcapml {
namespace {

/// What is voted on a flow.
struct Flow {
  Election truth, test;
};

}  // namespace

ExternalComparison::ExternalComparison(std::size_t memory_bytes, const std::string& directory)
    : pairing_(memory_bytes / 5 * 4, directory,
               {[this](const PairingRecord& truth, const PairingRecord& test) {
                  ++pairs_;
                  count(truth, test.label);
                },
                [this](const PairingRecord& record) {
                  if (!record.is_test) count(record, LabelNumbers::kNoLabel);
                }}),
      votes_(memory_bytes / 5, directory) {}

void ExternalComparison::count(const PairingRecord& truth, std::uint32_t predicted) {
  packets_.add(truth.label, predicted);
  if (truth.has_flow)
    votes_.add(truth.flow.low + truth.flow.high, truth.number, {truth.flow.high, truth.label, predicted});
}

std::uint64_t ExternalComparison::count_flows(std::uint32_t label_count, ConfusionCounter& into) {
  // Flows whose sum of both hashes is the same, by one of them: hardly ever more than one.
  std::map<std::uint64_t, std::unique_ptr<Flow>> flows;
  std::unique_ptr<Flow> spare;
  std::uint64_t without_vote = 0;
  const Vote* vote = votes_.next();
  while (vote != nullptr) {
    const std::uint64_t sum = votes_.major();
    for (; vote != nullptr && votes_.major() == sum; vote = votes_.next()) {
      auto& flow = flows[vote->flow_high];
      if (!flow)
        flow = spare ? std::move(spare)
                     : std::make_unique<Flow>(Flow{Election(label_count), Election(label_count)});
      if (vote->truth == LabelNumbers::kNoLabel) continue;
      flow->truth.vote(vote->truth);
      flow->test.vote(vote->predicted);
    }
    for (auto& [high, flow] : flows) {
      if (flow->truth.is_open()) {
        const std::uint32_t label = flow->truth.close();
        into.add(label, flow->test.close());
      } else {
        ++without_vote;
      }
      spare = std::move(flow);
    }
    flows.clear();
  }
  return without_vote;
}

}  // namespace pcapml
