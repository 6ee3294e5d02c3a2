"""impacket parses, unseals and checks responses as its users' calls do; it leaves the comparison of signatures out.

Arguments: a file with one sealed response, in hex, and how often. Prints the seconds of one.
"""

import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

ntlm: Any = import_module("impacket.ntlm")
rpcrt: Any = import_module("impacket.dcerpc.v5.rpcrt")
arc4: Any = import_module("Cryptodome.Cipher").ARC4


def main(file: str, count: str) -> None:
    octets = bytes.fromhex(Path(file).read_text("ascii"))
    flags = ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY | ntlm.NTLMSSP_NEGOTIATE_128
    flags |= ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH | ntlm.NTLMSSP_NEGOTIATE_SEAL | ntlm.NTLMSSP_NEGOTIATE_SIGN
    signing, sealing = ntlm.SIGNKEY(flags, bytes(16), "Server"), ntlm.SEALKEY(flags, bytes(16), "Server")
    handle = arc4.new(sealing).encrypt
    best = 1e9
    for _ in range(5):
        began = perf_counter()
        for number in range(int(count)):
            response(octets, flags, signing, sealing, handle, number)
        best = min(best, (perf_counter() - began) / int(count))
    print(best)


def response(octets: bytes, flags: int, signing: bytes, sealing: bytes, handle: Any, number: int) -> bytes:
    header = rpcrt.MSRPCRespHeader(octets)
    start = header["frag_len"] - header["auth_len"] - 8
    trailer = rpcrt.SEC_TRAILER(octets[start:])
    answer, _ = ntlm.SEAL(flags, signing, sealing, octets[:16], octets[24:start], number, handle)
    clear: bytes = answer[: len(answer) - trailer["auth_pad_len"]]
    return clear


main(*sys.argv[1:])
