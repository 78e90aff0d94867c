// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/console.h"
#include "cli/options.h"
#include "pcapml/join.h"

namespace pcapml {
struct LabelRequest;
}

namespace pcapml::cli {

/// The part of `label` that takes labels from another tool's records.
class JoinOptions {
 public:
  void options(Options& o);
  /// Whether the command line asks for it.
  bool is_asked_for() const { return !from_.empty() || !recipe_.empty(); }
  /// `label` has what the command line says of input, output and unmatched packets. Throws UsageError where
  /// it says what goes with rules only.
  int run(Console& console, const LabelRequest& label, bool json);
  /// Throws UsageError where options of this part stand without it.
  void refuse_options() const;

 private:
  /// Options that say what a join gives, and whether each is there.
  std::vector<std::pair<const char*, bool>> deciding() const;
  void check(const LabelRequest& label) const;
  void fill_request(const LabelRequest& label);

  JoinRequest request_;
  std::string from_, table_, zone_, dates_, hours_, slack_, conflicts_, report_, recipe_, save_recipe_;
};

}  // namespace pcapml::cli
