// SPDX-License-Identifier: Apache-2.0
#include "pcapml/sink.h"

namespace pcapml {
namespace {

class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::vector<std::byte>& into) : into_(into) {}
  void write(Bytes bytes) override { into_.insert(into_.end(), bytes.begin(), bytes.end()); }

 private:
  std::vector<std::byte>& into_;
};

}  // namespace

std::unique_ptr<Sink> memory_sink(std::vector<std::byte>& into) { return std::make_unique<MemorySink>(into); }

}  // namespace pcapml
