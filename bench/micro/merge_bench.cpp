// SPDX-License-Identifier: Apache-2.0
// What sorting costs for each record: choosing the next of many heads, and a whole external sort, in memory
// and through runs in a temporary file.
#include <benchmark/benchmark.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "dataset/external_sorter.h"
#include "dataset/loser_tree.h"

namespace pcapml {
namespace {

/// The argument is the number of heads.
void choose_next(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> heads(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint64_t> steps(4096);
  for (std::uint64_t& step : steps) step = random() % 1000;
  for (std::uint64_t& head : heads) head = random() % 1000;
  LoserTree tree(heads.size(), [&](std::size_t a, std::size_t b) {
    return heads[a] != heads[b] ? heads[a] < heads[b] : a < b;
  });
  tree.build();
  std::size_t turn = 0;
  for (auto _ : state) {
    heads[tree.winner()] += steps[++turn % steps.size()];
    tree.replay();
  }
  state.SetItemsProcessed(state.iterations());
}

/// 64 MB of records in no order; the arguments are their size and the memory in MiB.
void sort_records(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::size_t count = 64'000'000 / size;
  const std::string directory = std::filesystem::temp_directory_path().string();
  for (auto _ : state) {
    std::mt19937_64 random(1);
    ExternalSorter sorter(static_cast<std::size_t>(state.range(1)) << 20, directory);
    for (std::size_t i = 0; i < count; ++i)
      std::memset(sorter.add({random() % 1000, i}, size), static_cast<int>(i), size);
    std::uint64_t last = 0;
    while (const ExternalSorter::Record* record = sorter.next()) {
      if (record->key.major < last) state.SkipWithError("not in order");
      last = record->key.major;
      benchmark::DoNotOptimize(record->content.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

BENCHMARK(choose_next)->Arg(2)->Arg(16)->Arg(128)->Arg(1024);
BENCHMARK(sort_records)
    ->ArgsProduct({{100, 700}, {16, 512}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pcapml
