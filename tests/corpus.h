// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace pcapml::test {

/// Where the shared captures lie; it need not exist.
inline std::filesystem::path corpus() {
  const char* told = std::getenv("PCAPML_CORPUS");
  return told != nullptr ? told : PCAPML_SOURCE_DIR "/../shared/corpus";
}

/// The files below a part of the corpus with this extension (all of them for ""), in name order.
inline std::vector<std::filesystem::path> corpus_files(const std::string& part,
                                                       const std::string& extension) {
  std::vector<std::filesystem::path> files;
  const auto root = corpus() / part;
  if (!std::filesystem::exists(root)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.is_regular_file() && (extension.empty() || entry.path().extension() == extension))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pcapml::test

/// Skips the test where a list of corpus files is empty, and says why.
#define PCAPML_NEED_CORPUS(files) \
  if ((files).empty())            \
  GTEST_SKIP() << "no such captures in " << pcapml::test::corpus() << " (set PCAPML_CORPUS)"
