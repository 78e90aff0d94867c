// SPDX-License-Identifier: Apache-2.0
#include "dataset/split_sample.h"

namespace pcapml {

void SplitSample::save(StateWriter& state) const {
  metadata.save(state);
  state.put(number);
  state.put(captures.size());
  for (const SplitCapture& capture : captures) {
    state.put(capture.link_type);
    state.put(capture.name);
    state.put(capture.metadata);
    state.put(capture.pcap.has_value());
    if (capture.pcap) {
      state.put(capture.pcap->is_nano());
    } else {
      capture.pcapng->save(state);
    }
  }
}

SplitSample SplitSample::load(StateReader state, SampleFiles& files) {
  SplitSample sample;
  sample.metadata.load(state);
  sample.number = state.take<std::uint64_t>();
  sample.captures.resize(state.take<std::size_t>());
  for (SplitCapture& capture : sample.captures) {
    capture.link_type = state.take<std::uint16_t>();
    capture.name = state.take_text();
    capture.metadata = state.take<CaptureMetadata>();
    SampleFile& file = files.open(capture.name);
    if (state.take<bool>()) {
      capture.pcap.emplace(PcapWriter::continued(file, state.take<bool>()));
    } else {
      capture.pcapng.emplace(file, state);
    }
  }
  return sample;
}

std::string SplitSample::id_of(StateReader state) { return state.take_text(); }

std::size_t SplitSample::memory_bytes() const {
  constexpr std::size_t kFile = sizeof(SampleFile) + 64, kId = 128, kInterface = 48;
  std::size_t bytes = sizeof *this + metadata.memory_bytes() + kId + metadata.id().capacity();
  for (const SplitCapture& capture : captures)
    bytes += sizeof capture + 2 * capture.name.capacity() + kFile + kInterface;
  return bytes;
}

}  // namespace pcapml
