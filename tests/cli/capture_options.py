# SPDX-License-Identifier: Apache-2.0
"""The names of pcapng blocks and options (draft-ietf-opsawg-pcapng, section 4), for capture_text.py."""
import struct

from packet_text import TextError, quote, unquote

BLOCKS = {"section": 0x0A0D0D0A, "interface": 1, "obsolete": 2, "simple": 3, "names": 4, "statistics": 5,
          "packet": 6, "journal": 9, "secrets": 10, "custom": 0xBAD, "custom-nocopy": 0x40000BAD}
BLOCK_NAMES = {number: name for name, number in BLOCKS.items()}
CUSTOM = (2988, 2989, 19372, 19373)

# kind: {code: (name, form)}; forms: text, hex, numbers as of struct, `resolution`, `halves` of a time
OPTIONS = {
    "section": {2: ("hardware", "text"), 3: ("os", "text"), 4: ("userappl", "text")},
    "interface": {2: ("name", "text"), 3: ("description", "text"), 4: ("ipv4addr", "hex"), 5: ("ipv6addr", "hex"),
                  6: ("macaddr", "hex"), 7: ("euiaddr", "hex"), 8: ("speed", "Q"), 9: ("tsresol", "resolution"),
                  10: ("tzone", "i"), 11: ("filter", "text"), 12: ("os", "text"), 13: ("fcslen", "B"),
                  14: ("tsoffset", "q"), 15: ("hardware", "text"), 16: ("txspeed", "Q"), 17: ("rxspeed", "Q")},
    "packet": {2: ("flags", "I"), 3: ("hash", "hex"), 4: ("dropcount", "Q"), 5: ("packetid", "Q"), 6: ("queue", "I"),
               7: ("verdict", "hex")},
    "obsolete": {2: ("flags", "I"), 3: ("hash", "hex")},
    "names": {2: ("dnsname", "text"), 3: ("dnsip4", "hex"), 4: ("dnsip6", "hex")},
    "statistics": {2: ("starttime", "halves"), 3: ("endtime", "halves"), 4: ("ifrecv", "Q"), 5: ("ifdrop", "Q"),
                   6: ("filteraccept", "Q"), 7: ("osdrop", "Q"), 8: ("usrdeliv", "Q")},
}


def show_data(data):
    return quote(data) if data and all(32 <= byte < 127 or byte in b"\n\r\t" for byte in data) else "hex " + data.hex(" ", -4)


def encode_option(order, kind, tokens, data_of):
    """Code and value of an option line."""
    name, rest = tokens[0], tokens[1:]
    if name == "option":
        return int(rest[0]), data_of(rest[1:])
    if name == "customopt":
        return int(rest[0]), struct.pack(order + "I", int(rest[1])) + data_of(rest[2:])
    if name == "comment":
        return 1, unquote(rest[0])
    for code, (known, form) in OPTIONS.get(kind, {}).items():
        if known != name:
            continue
        if form in ("text", "hex"):
            return code, data_of(rest)
        if form == "resolution":
            power = rest[0].startswith("2^")
            return code, bytes([int(rest[0][2:]) | 128 if power else int(rest[0])])
        if form == "halves":
            return code, struct.pack(order + "II", *(int(half) for half in rest[0].split(":")))
        return code, struct.pack(order + form, int(rest[0], 0))
    raise TextError(f"no such option of {kind}: {name}")


def show_option(order, kind, code, value):
    """The line of an option."""
    if code == 1:
        return f"comment {quote(value)}"
    if code in CUSTOM and len(value) >= 4:
        return f"customopt {code} {struct.unpack_from(order + 'I', value)[0]} {show_data(value[4:])}"
    name, form = OPTIONS.get(kind, {}).get(code, (None, None))
    if form == "text" and value:
        return f"{name} {quote(value)}"
    if form == "hex":
        return f"{name} hex {value.hex(' ', -4)}"
    if form == "resolution" and len(value) == 1:
        return f"{name} 2^{value[0] & 127}" if value[0] & 128 else f"{name} {value[0]}"
    if form == "halves" and len(value) == 8:
        return "{} {}:{}".format(name, *struct.unpack(order + "II", value))
    if form and len(form) == 1 and len(value) == struct.calcsize(order + form):
        number = struct.unpack(order + form, value)[0]
        return f"{name} {number:#010x}" if name == "flags" else f"{name} {number}"
    return f"option {code} {show_data(value)}"
