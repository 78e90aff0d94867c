// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pcapml {
struct CaptureRequest;
struct CaptureResult;
}  // namespace pcapml

namespace pcapml::cli {

std::string summary_of(const CaptureResult& result);
/// Whether no packet and no news was lost.
bool is_whole(const CaptureResult& result);
std::string to_json(const CaptureResult& result);
/// What a reader of the capture has to know before trusting it.
std::vector<std::string> warnings_of(const CaptureResult& result, const CaptureRequest& request);

}  // namespace pcapml::cli
