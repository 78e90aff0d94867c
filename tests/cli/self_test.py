#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the language that the golden tests speak."""
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from capture_dump import dump  # noqa: E402
from capture_text import compile_text  # noqa: E402
from packet_text import TextError, build, quote, split, unquote  # noqa: E402

EVERYTHING = """\
section {order} version=1.2
  os "a \\"quoted\\" \\\\ name\\n"
  option 4660 hex 000102
interface ethernet snaplen=96
  name "eth0"
  tsresol 9
  filter "\\0ip4"
interface raw snaplen=0
  tsresol 2^10
  tsoffset -3600
interface linux_sll snaplen=0
names
  ipv4 192.0.2.1 "a.example" "b.example"
  ipv6 2001:db8::1 "c.example"
  record 7 "unknown"
  dnsname "resolver"
secrets TLSK "CLIENT_RANDOM 00 11\\n"
packet 1.000000001 udp 10.0.0.1:1234 > 10.0.0.2:53 "payload"
  comment "0,dns"
  flags 0x00000001
  dropcount 3
  customopt 2988 32473 "mine"
packet -3599.5 if=1 tcp [2001:db8::1]:80 > [2001:db8::2]:4000 flags=SA seq=7 ack=9
packet 3.000000 if=2 icmp 10.0.0.1 > 10.0.0.2 type=0 "pong"
packet 4.000000000 len=1500 hex 0102
packet 5.000000000 udp 10.0.0.1:1 > 10.0.0.2:2 vlan=10,20 frag=0+ "x"*100
packet 5.000000000 udp 10.0.0.1 > 10.0.0.2 frag=1480 "rest"
packet 6.000000000 arp 10.0.0.1 > 10.0.0.2 op=1
packet 7.000000000
packet 8.000000000 tcp 10.0.0.1:1 > 10.0.0.2:443 flags=PA seq=1 hello=news.example
packet 8.000000000 tcp 10.0.0.1:1 > 10.0.0.2:443 flags=PA seq=1 hello=news.example+ech
packet 9.000000000 udp 10.0.0.1:1 > 10.0.0.2:53 query=news.example
packet 9.000000000 udp 10.0.0.2:53 > 10.0.0.1:1 answer=news.example/edge.example/192.0.2.7/192.0.2.8
packet 9.000000000 udp [2001:db8::2]:53 > [2001:db8::1]:1 answer=news.example/2001:db8::7
simple tcp 10.0.0.1:1 > 10.0.0.2:2 flags=S seq=1 pad=2
obsolete 8.000000000 drops=2 udp 10.0.0.1:1 > 10.0.0.2:2 sum=0x1234
statistics 9.000000000
  starttime 1:2
  ifdrop 42
custom 32473 "abcd"
custom-nocopy 32473 hex 00010203
block 0x1234 hex deadbeef
"""


class Language(unittest.TestCase):
    def test_every_block_survives_both_byte_orders(self):
        for order in ("le", "be"):
            text = EVERYTHING.format(order=order)
            self.assertEqual(dump(compile_text(text)), text)

    def test_pcap_header_and_times(self):
        for head in ("pcap le us snaplen=96 link=ethernet", "pcap be ns snaplen=0 link=147 linkbits=0xf4000000",
                     "pcap be us snaplen=262144 link=raw version=2.3 zone=-5 sigfigs=6"):
            digits = "0" * (9 if " ns" in head else 6)
            text = f"{head}\npacket 4294967295.{digits} hex 01\npacket @1:1500000000 len=9\n"
            self.assertEqual(dump(compile_text(text)), text)

    def test_a_udp_packet_is_what_tcpdump_reads(self):
        packet = "udp 192.0.2.1:5000 > 192.0.2.2:53 \"abc\""
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            file.write(compile_text(f"pcap le us\npacket 1.5 {packet}\n"))
            file.flush()
            said = subprocess.run(["tcpdump", "-nntv", "-r", file.name], check=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL).stdout.decode()
        self.assertIn("length 31)", said)
        self.assertIn("192.0.2.1.5000 > 192.0.2.2.53", said)
        self.assertNotIn("bad", said)

    def test_parts_of_a_payload_make_the_whole(self):
        first, second = (build(101, split(f"tcp 10.0.0.1:1 > 10.0.0.2:2 hello=a.example part={part}"))[40:]
                         for part in ("0:60", "60:"))
        self.assertEqual(first + second, build(101, split("tcp 10.0.0.1:1 > 10.0.0.2:2 hello=a.example"))[40:])

    def test_cut_keeps_the_original_length(self):
        capture = compile_text("pcap le us\npacket 1 cut=2 text \"abcdef\"\n")
        self.assertEqual(struct.unpack_from("<II", capture, 32), (2, 6))

    def test_raw_and_truncate_change_bytes(self):
        self.assertEqual(compile_text('raw "abc"\ntruncate 1\nraw hex 00'), b"ab\0")

    def test_a_torn_end_shows_in_the_dump(self):
        text = "pcap le us snaplen=9 link=raw\npacket 1.000000 hex 0102\n"
        self.assertEqual(dump(compile_text(text + "truncate 1\n")),
                         "pcap le us snaplen=9 link=raw\n! 17 bytes are left\n")

    def test_strings(self):
        for data in (b"", b"a#b", b"\xff\x00\n\"\\", "é".encode(), b"z" * 100):
            self.assertEqual(unquote(quote(data)), data)
        self.assertEqual(split('a "b c" d="e # f" # comment'), ["a", '"b c"', 'd="e # f"'])

    def test_nonsense_is_refused_with_its_line(self):
        for text in ("packt 1 hex 00", "pcap le us\npacket 1 udp 10.0.0.1:1 > 10.0.0.2:2 colour=red",
                     "pcap le us\npacket 0.0000001 hex 00", "  comment \"x\""):
            with self.assertRaisesRegex(TextError, "line"):
                compile_text(text)

    def test_transport_checksums(self):
        data = build(101, split("tcp 10.0.0.1:1 > 10.0.0.2:2 sum=0xbeef"))
        self.assertEqual(data[36:38], b"\xbe\xef")


if __name__ == "__main__":
    unittest.main()
