// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <exception>
#include <future>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "io/codec.h"
#include "io/worker_thread.h"
#include "pcapml/sink.h"

namespace pcapml {
namespace {

/// Each piece is a member or frame of its own, whatever the number of threads, so that they make the same
/// bytes.
constexpr std::size_t kPiece = std::size_t{4} << 20;
constexpr std::size_t kOutputSize = std::size_t{256} << 10;

std::vector<std::byte> pack(Compression compression, Bytes piece) {
  const std::unique_ptr<Encoder> encoder = new_encoder(compression);
  std::vector<std::byte> packed;
  std::size_t used = 0;
  for (Encoder::Step step; !step.ended;) {
    if (packed.size() - used < encoder->room())
      packed.resize(packed.size() + std::max(kOutputSize, encoder->room()));
    step = encoder->encode(piece, std::span(packed).subspan(used), piece.empty());
    piece = piece.subspan(step.taken);
    used += step.made;
  }
  packed.resize(used);
  return packed;
}

/// A piece that a thread compresses.
class Job {
 public:
  Job(Compression compression, std::vector<std::byte> piece) {
    std::packaged_task<std::vector<std::byte>()> task(
        [compression, piece = std::move(piece)] { return pack(compression, piece); });
    packed_ = task.get_future();
    thread_ = start_worker(std::move(task));
  }
  Job(Job&&) = default;
  Job& operator=(Job&&) = delete;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() {
    if (thread_.joinable()) thread_.join();
  }

  std::vector<std::byte> packed() { return packed_.get(); }

 private:
  std::future<std::vector<std::byte>> packed_;
  std::thread thread_;
};

class CompressedSink final : public Sink {
 public:
  CompressedSink(std::unique_ptr<Sink> into, Compression compression, unsigned threads)
      : into_(std::move(into)), compression_(compression), threads_(threads) {}

  void write(Bytes bytes) override {
    guarded([&] {
      while (!bytes.empty()) {
        if (piece_.size() == kPiece) end_piece();
        const std::size_t size = std::min(bytes.size(), kPiece - piece_.size());
        piece_.insert(piece_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        bytes = bytes.subspan(size);
      }
    });
  }

  void finish() override {
    guarded([&] {
      end_piece();
      while (!jobs_.empty()) write_oldest();
      into_->finish();
    });
  }

 private:
  void end_piece() {
    if (threads_ <= 1) {
      into_->write(pack(compression_, piece_));
      piece_.clear();
      return;
    }
    if (jobs_.size() == threads_) write_oldest();
    jobs_.emplace_back(compression_, std::exchange(piece_, {}));
    piece_.reserve(kPiece);
  }

  void write_oldest() {
    into_->write(jobs_.front().packed());
    jobs_.pop_front();
  }

  // After a failure the stream has a hole, which a later end marker must not hide.
  template <typename Work>
  void guarded(Work work) {
    if (failure_) std::rethrow_exception(failure_);
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
  }

  std::unique_ptr<Sink> into_;
  Compression compression_;
  unsigned threads_;
  std::vector<std::byte> piece_;
  std::deque<Job> jobs_;  // in the order of their pieces
  std::exception_ptr failure_;
};

}  // namespace

Compression compression_of_name(std::string_view path) {
  constexpr std::pair<std::string_view, Compression> kNames[] = {{".gz", Compression::gzip},
                                                                 {".zst", Compression::zstd},
                                                                 {".xz", Compression::xz},
                                                                 {".lz4", Compression::lz4},
                                                                 {".bz2", Compression::bzip2}};
  for (const auto& [ending, compression] : kNames) {
    if (path.ends_with(ending)) return compression;
  }
  return Compression::none;
}

std::unique_ptr<Sink> compress(std::unique_ptr<Sink> into, Compression compression, unsigned threads) {
  if (compression == Compression::none) return into;
  return std::make_unique<CompressedSink>(std::move(into), compression, threads);
}

}  // namespace pcapml
