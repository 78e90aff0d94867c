// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml {
struct JoinReport;
struct JoinRequest;
}  // namespace pcapml

namespace pcapml::cli {

/// Throws UsageError where an input is a pipe, of which no recipe can hold a hash.
void check_recipe_inputs(const JoinRequest& request);

/// A join that others can repeat: all options that decide what it gives, zone and clock as they were found,
/// and the SHA-256 of its inputs, as JSON. Throws UsageError where an input is a pipe.
std::string join_recipe(const JoinRequest& request, const JoinReport& report);

/// Sets the options of a request by a recipe; its paths are those of the command line. Throws DataError where
/// the file is none, or the inputs are not those that it was made of, each named.
void apply_recipe(const std::string& path, JoinRequest& request);

}  // namespace pcapml::cli
