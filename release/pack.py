"""Packs built binaries as a release has them: `pack.py BINARIES ARCHITECTURE DIST`.

`HOOK-ARCHITECTURE.zip` is what a function of Lambda's runtime `provided.al2023` takes: the hook by the name `bootstrap`, and
nothing else. `greenlight-linux-ARCHITECTURE.tar.gz` is the command. `SHA256SUMS` has the checksum of everything in DIST.
Nothing of what is written depends on when or where; how well it is compressed depends on zlib alone.
"""

import hashlib
import io
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

HOOKS = ("health", "metrics", "preflight", "test-traffic")
# The first day that a zip can tell.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
REGULAR_AND_EXECUTABLE = 0o100755
UNIX = 3


def zipped(binary, path):
    entry = zipfile.ZipInfo("bootstrap", LONG_AGO)
    entry.create_system = UNIX
    entry.external_attr = REGULAR_AND_EXECUTABLE << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def tarred(binary, path):
    content = binary.read_bytes()
    entry = tarfile.TarInfo("greenlight")
    entry.size, entry.mode = len(content), 0o755
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    # The header by hand: what Python's has of the machine differs from version to version.
    deflated = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflated.compress(written.getvalue()) + deflated.flush()
    ended = struct.pack("<II", zlib.crc32(written.getvalue()), len(written.getvalue()) & 0xFFFFFFFF)
    path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + body + ended)


def main(binaries, architecture, dist):
    dist.mkdir(parents=True, exist_ok=True)
    for hook in HOOKS:
        zipped(binaries / hook, dist / f"{hook}-{architecture}.zip")
    tarred(binaries / "greenlight", dist / f"greenlight-linux-{architecture}.tar.gz")
    lines = []
    for path in sorted(dist.iterdir()):
        if path.name != "SHA256SUMS":
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
            print(f"{path.stat().st_size:>10}  {path.name}")
    (dist / "SHA256SUMS").write_text("".join(lines))


main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
