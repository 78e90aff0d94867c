// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packet_batch.h"
#include "pcapml/reader.h"
#include "python_source.h"

namespace pcapml::python {

/// One thing to read: a file by its path, or a Python object with read().
struct Input {
  std::string path;     ///< of an object: its name, for messages
  std::string session;  ///< see CaptureFile
  std::shared_ptr<PythonStream> stream;
};

struct StreamOptions {
  ReaderOptions reader;
  bool keep_damaged = false;  ///< damaged data ends its input, and is told by take_damage()
};

/// The packets of several inputs, one input after the other.
///
/// Throws what Reader throws, after every good packet; after that it is at its end. Runs without the GIL. Not
/// thread-safe.
class PacketStream {
 public:
  PacketStream(std::vector<Input> inputs, StreamOptions options);

  /// The next packet, or nullptr at the end. Dies at the next call.
  const PacketView* next() {
    while (reader_ || open_next())
      if (const PacketView* packet = next_of_input()) return packet;
    return nullptr;
  }
  const Interface& interface(const PacketView& packet) const {
    return reader_->interfaces()[packet.interface];
  }
  /// That the last packet came from.
  const std::shared_ptr<CaptureFile>& file() const { return file_; }
  /// Number of that input.
  std::size_t input() const { return opened_ - 1; }

  /// With keep_damaged: what was damaged since the last call.
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }
  void close();

 private:
  bool open_next();
  const PacketView* next_of_input();
  void read_block(const BlockView& block);

  std::vector<Input> inputs_;
  StreamOptions options_;
  std::size_t opened_ = 0;
  std::optional<Reader> reader_;
  std::shared_ptr<CaptureFile> file_;
  std::vector<std::string> damage_;
};

}  // namespace pcapml::python
