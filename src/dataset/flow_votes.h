// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "dataset/confusion.h"

namespace pcapml {

/// The flow of a packet that belongs to none.
inline constexpr std::uint32_t kNoFlow = 0xffffffff;

/// Gives each flow the label of most of its packets, in the truth and in the test; ties go to the label that
/// comes first. Packets without a label in the truth have no vote.
///
/// `flows`, `truth` and `predicted` hold one number for each packet of the truth. Returns the number of flows
/// without any vote. Memory: 4 bytes for each packet and each flow.
std::uint64_t count_flows(std::span<const std::uint32_t> flows, std::span<const std::uint32_t> truth,
                          std::span<const std::uint32_t> predicted, std::uint32_t flow_count,
                          std::uint32_t label_count, ConfusionCounter& into);

}  // namespace pcapml
