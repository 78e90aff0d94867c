// SPDX-License-Identifier: Apache-2.0
// Makes the captures that bench/run measures with: web-like traffic of many flows, the same for the same
// seed. What a packet holds depends on the seed, its flow and its number alone, so every order has the same
// packets.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

static_assert(std::endian::native == std::endian::little);

/// splitmix64: a good number for every argument.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) { return mix(state_++) % n; }

 private:
  std::uint64_t state_;
};

struct Options {
  std::string output;
  std::uint64_t bytes = 1'000'000'000;
  std::uint64_t flows = 1000;
  std::uint64_t seed = 1;
  std::string order = "interleaved";  // by time; or sorted (by flow, then time); or shuffled (by nothing)
  bool labels = false;                // pcapng with a label on each packet; otherwise pcap
  std::uint64_t wrong = 0;            // of 1,000 flows, so many have another label
  std::uint64_t fixed = 0;            // size of every packet; 0: a mix
  bool names = false;      // flows begin, with a handshake and a ClientHello or a DNS answer, and end
  std::uint64_t life = 0;  // packets of a flow in the mean, `flows` at a time; 0: all flows all the time
};

struct Packet {
  std::uint32_t flow;
  std::uint32_t number;  // in its flow
  std::uint64_t time_us;
  std::uint32_t sequence;  // of TCP
};

/// Whether the client sent it.
bool is_up(const Packet& packet) { return packet.number % 3 == 0; }

/// How a flow of a file with names begins: packets 0 to 3 are SYN, SYN-ACK, ACK and ClientHello, or packet 0
/// is a DNS answer for its server, or none of these.
enum class Opening { hello, dns, none };
Opening opening_of(const Options& options, const Packet& packet) {
  if (!options.names || packet.number > 3) return Opening::none;
  const std::uint32_t kind = packet.flow % 10;
  if (kind < 7) return Opening::hello;
  return kind < 9 && packet.number == 0 ? Opening::dns : Opening::none;
}

constexpr std::uint32_t kHelloFrame = 54 + 517, kDnsFrame = 42 + 48;

/// Acknowledgements, requests and full segments, as a mix of web traffic has them; mean about 600.
std::uint32_t frame_size(const Options& options, const Packet& packet) {
  if (options.fixed != 0) return static_cast<std::uint32_t>(options.fixed);
  const Opening opening = opening_of(options, packet);
  if (opening == Opening::dns) return kDnsFrame;
  if (opening == Opening::hello) return packet.number == 3 ? kHelloFrame : 54;
  const std::uint64_t dice = mix(options.seed << 50 ^ std::uint64_t{packet.flow} << 32 ^ packet.number);
  const std::uint64_t percent = dice % 100;
  if (percent < 43) return static_cast<std::uint32_t>(66 + dice / 128 % 13);
  if (percent < 69) return static_cast<std::uint32_t>(100 + dice / 128 % 700);
  return 1514;
}

std::byte* be16(std::byte* to, std::uint64_t value) {
  *to++ = static_cast<std::byte>(value >> 8);
  *to++ = static_cast<std::byte>(value);
  return to;
}
std::byte* be32(std::byte* to, std::uint64_t value) { return be16(be16(to, value >> 16), value); }
std::byte* le32(std::byte* to, std::uint64_t value) {
  const auto v = static_cast<std::uint32_t>(value);
  std::memcpy(to, &v, sizeof v);
  return to + sizeof v;
}
std::byte* le16(std::byte* to, std::uint64_t value) {
  const auto v = static_cast<std::uint16_t>(value);
  std::memcpy(to, &v, sizeof v);
  return to + sizeof v;
}

/// Ethernet, IPv4 and TCP to or from port 443, then bytes that do not compress.
void store_frame(std::byte* to, std::size_t size, const Packet& packet, const std::vector<std::byte>& noise) {
  std::byte header[54] = {};
  const bool up = is_up(packet);
  header[5] = static_cast<std::byte>(up ? 1 : 2);
  header[11] = static_cast<std::byte>(up ? 2 : 1);
  std::byte* at = be16(header + 12, 0x0800);
  at = be16(at, 0x4500);
  at = be16(at, size - 14);
  at = be16(at, packet.number);
  at = be16(at, 0x4000);
  at = be16(at, 0x4006);
  at = be16(at, 0);
  const std::uint32_t client = 0x0a000000 + packet.flow % 250 + 2;
  const std::uint32_t server = 0xc0000200 + packet.flow / 250 % 250 + 2;
  at = be32(at, up ? client : server);
  at = be32(at, up ? server : client);
  const std::uint64_t port = 20000 + packet.flow / 10 % 40000;
  at = be16(at, up ? port : 443);
  at = be16(at, up ? 443 : port);
  at = be32(at, packet.sequence);
  at = be32(at, packet.number);
  at = be32(at, 0x501001f5);
  be32(at, 0);
  std::memcpy(to, header, std::min(size, sizeof header));
  if (size <= sizeof header) return;
  const std::uint64_t from = mix(std::uint64_t{packet.flow} << 32 ^ packet.number) % (noise.size() - 65536);
  std::memcpy(to + sizeof header, noise.data() + from, size - sizeof header);
}

std::byte* text(std::byte* to, std::string_view bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

std::string server_name(const Packet& packet) {
  return "www" + std::to_string(100 + packet.flow / 250 % 250);
}

/// A TLS ClientHello of 517 bytes, filled up with padding (RFC 7685).
void store_hello(std::byte* frame, const Packet& packet) {
  std::byte* at = frame + 54;
  std::memset(at, 0, 517);
  at = be16(text(at, "\x16\x03\x01"), 512);
  at = be32(at, 0x010001fc);
  at = be16(at, 0x0303) + 32 + 1;
  at = be16(be16(at, 2), 0x1301);
  const std::string name = server_name(packet) + ".example";
  at = be16(be16(at, 0x0100), 463);
  at = be16(be16(be16(at, 0), name.size() + 5), name.size() + 3) + 1;
  at = text(be16(at, name.size()), name);
  be16(be16(at, 21), 463 - 4 - name.size() - 5 - 4);
}

/// Turns a frame from the client into the DNS answer that it got before.
void store_answer(std::byte* frame, const Packet& packet) {
  std::byte server[4], client[4];
  std::memcpy(client, frame + 26, 4);
  std::memcpy(server, frame + 30, 4);
  std::swap(frame[5], frame[11]);
  frame[23] = std::byte{17};
  std::memcpy(frame + 30, client, 4);
  be32(frame + 26, 0x0a000001);
  std::byte* at = be16(be16(frame + 34, 53), 30000 + packet.flow % 10000);
  at = be32(be16(at, kDnsFrame - 34), 0) - 2;
  at = be32(be32(be32(at, 0x00018180), 0x00010001), 0);
  at = text(text(at, "\6"), server_name(packet));
  at = text(at, std::string_view("\7example\0\0\1\0\1", 13));
  at = text(at, std::string_view("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12));
  std::memcpy(at, server, 4);
}

/// What the frame of a packet holds.
void store_packet(std::byte* to, std::size_t size, const Options& options, const Packet& packet,
                  const std::vector<std::byte>& noise) {
  store_frame(to, size, packet, noise);
  const Opening opening = opening_of(options, packet);
  if (opening == Opening::dns) store_answer(to, packet);
  if (opening != Opening::hello) return;
  if (packet.number == 3) store_hello(to, packet);
  constexpr std::byte kFlags[] = {std::byte{0x02}, std::byte{0x12}, std::byte{0x10}, std::byte{0x18}};
  to[47] = kFlags[packet.number];
}

std::vector<Packet> make_packets(const Options& options) {
  Random random(options.seed);
  std::vector<std::uint32_t> numbers(options.flows);
  std::vector<std::uint32_t> sequences(2 * options.flows);  // of the next segment, with names
  std::vector<Packet> packets;
  const std::size_t overhead = options.labels ? 56 : 16;
  // A flow of a few packets gets them one by one, so that nearly every flow has some.
  const std::uint64_t longest_burst =
      options.life == 0 ? 7 : std::clamp<std::uint64_t>(options.life / 7, 1, 7);
  std::uint64_t time_us = 1'700'000'000'000'000;
  for (std::uint64_t bytes = 0; bytes < options.bytes;) {
    auto flow = static_cast<std::uint32_t>(random.below(options.flows));
    if (options.life != 0) {
      flow += static_cast<std::uint32_t>(packets.size() / options.life);
      numbers.resize(std::max<std::size_t>(numbers.size(), flow + 1));
      sequences.resize(2 * numbers.size());
    }
    for (std::uint64_t burst = 1 + random.below(longest_burst); burst > 0 && bytes < options.bytes; --burst) {
      time_us += 1 + random.below(40);
      Packet& packet = packets.emplace_back(Packet{flow, numbers[flow]++, time_us, 0});
      const std::uint32_t size = frame_size(options, packet);
      std::uint32_t& sequence = sequences[2 * flow + (is_up(packet) ? 0 : 1)];
      packet.sequence = options.names ? sequence : packet.number * 1448;
      const Opening opening = opening_of(options, packet);
      if (opening != Opening::dns) sequence += size - 54;
      if (opening == Opening::hello && packet.number < 2) ++sequence;
      bytes += size + overhead;
    }
  }
  if (options.order == "sorted")
    std::stable_sort(packets.begin(), packets.end(),
                     [](const Packet& a, const Packet& b) { return a.flow < b.flow; });
  if (options.order == "shuffled")
    for (std::size_t i = packets.size(); i > 1; --i) std::swap(packets[i - 1], packets[random.below(i)]);
  return packets;
}

class Output {
 public:
  explicit Output(const std::string& path) : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666)) {
    if (fd_ < 0) fail();
  }
  std::byte* append(std::size_t n) {
    if (used_ + n > buffer_.size()) flush();
    used_ += n;
    return buffer_.data() + used_ - n;
  }
  void flush() {
    for (std::size_t done = 0; done < used_;) {
      const ssize_t n = ::write(fd_, buffer_.data() + done, used_ - done);
      if (n <= 0) fail();
      done += static_cast<std::size_t>(n);
    }
    used_ = 0;
  }

 private:
  [[noreturn]] static void fail() {
    std::perror("make_input");
    std::exit(1);
  }
  int fd_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(std::size_t{1} << 20);
  std::size_t used_ = 0;
};

std::string label_of(const Options& options, std::uint32_t flow) {
  static constexpr const char* kLabels[] = {"web",    "video",  "mail",  "chat",
                                            "update", "backup", "music", "maps"};
  const bool wrong = mix(flow + 77) % 1000 < options.wrong;
  return std::to_string(flow) + "," + kLabels[(flow + (wrong ? 1 : 0)) % std::size(kLabels)];
}

void write_pcapng(const Options& options, const std::vector<Packet>& packets,
                  const std::vector<std::byte>& noise) {
  Output out(options.output);
  std::byte* at = out.append(28 + 20);
  for (const std::uint64_t word :
       {0x0a0d0d0aUL, 28UL, 0x1a2b3c4dUL, 1UL, 0xffffffffUL, 0xffffffffUL, 28UL, 1UL, 20UL, 1UL, 0UL, 20UL})
    at = le32(at, word);
  for (const Packet& packet : packets) {
    const std::uint32_t size = frame_size(options, packet);
    const std::size_t padded = (size + 3) / 4 * 4;
    const std::string label = label_of(options, packet.flow);
    const std::size_t text = (label.size() + 3) / 4 * 4;
    const std::size_t length = 32 + padded + 4 + text + 4;
    at = out.append(length);
    std::memset(at + length - 12 - text, 0, text + 8);
    for (const std::uint64_t word :
         {std::uint64_t{6}, std::uint64_t{length}, std::uint64_t{0}, packet.time_us >> 32, packet.time_us,
          std::uint64_t{size}, std::uint64_t{size}})
      at = le32(at, word);
    std::memset(at + padded - 4, 0, 4);
    store_packet(at, size, options, packet, noise);
    at = le16(at + padded, 1);
    at = le16(at, label.size());
    std::memset(at, 0, text + 4);
    std::memcpy(at, label.data(), label.size());
    le32(at + text + 4, length);
  }
  out.flush();
}

void write_pcap(const Options& options, const std::vector<Packet>& packets,
                const std::vector<std::byte>& noise) {
  Output out(options.output);
  std::byte* at = out.append(24);
  for (const std::uint64_t word : {0xa1b2c3d4UL, 0x00040002UL, 0UL, 0UL, 262144UL, 1UL}) at = le32(at, word);
  for (const Packet& packet : packets) {
    const std::uint32_t size = frame_size(options, packet);
    at = out.append(16 + size);
    for (const std::uint64_t word :
         {packet.time_us / 1'000'000, packet.time_us % 1'000'000, std::uint64_t{size}, std::uint64_t{size}})
      at = le32(at, word);
    store_packet(at, size, options, packet, noise);
  }
  out.flush();
}

[[noreturn]] void usage() {
  std::fputs(
      "make_input OUTPUT [bytes=N] [flows=N] [seed=N] [wrong=N] [fixed=N] [labels=1] [names=1] [life=N] "
      "[order=interleaved|sorted|shuffled]\n",
      stderr);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  if (argc < 2) usage();
  Options options;
  options.output = argv[1];
  std::uint64_t labels = 0, names = 0;
  const std::map<std::string_view, std::uint64_t*> numbers = {
      {"bytes", &options.bytes}, {"flows", &options.flows}, {"seed", &options.seed},
      {"wrong", &options.wrong}, {"fixed", &options.fixed}, {"labels", &labels},
      {"names", &names},         {"life", &options.life}};
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::size_t equals = std::min(word.find('='), word.size() - 1);
    const std::string_view name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "order") {
      options.order = value;
    } else {
      const auto found = numbers.find(name);
      if (found == numbers.end()) usage();
      std::from_chars(value.data(), value.data() + value.size(), *found->second);
    }
  }
  options.labels = labels != 0;
  options.names = names != 0;
  if (options.names && options.life == 0) options.life = 50;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::vector<std::byte> noise(std::size_t{1} << 20);
  for (std::size_t i = 0; i < noise.size(); i += 8) {
    const std::uint64_t value = mix(i ^ options.seed);
    std::memcpy(&noise[i], &value, sizeof value);
  }
  const std::vector<Packet> packets = make_packets(options);
  options.labels ? write_pcapng(options, packets, noise) : write_pcap(options, packets, noise);
  std::uint64_t bytes = 0;
  for (const Packet& packet : packets) bytes += frame_size(options, packet);
  std::printf("%zu %llu\n", packets.size(), static_cast<unsigned long long>(bytes));
}
