"""in-place-of.py KIND PATH... -- COMMAND...

Runs COMMAND in a mount namespace of its own, in which something else is in place of each PATH, and ends with its exit code (128 + the signal that ended
it). KIND: `unread` and `unanswered`, FUSE mounts whose program reads no request, or reads them and never answers; `zero`, /dev/zero; `fifo`, a FIFO
without a writer. Needs root on Linux, and no FUSE library.
"""
import ctypes, os, stat, struct, subprocess, sys, tempfile, threading

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18
FUSE_INIT = 26


def mount(source, target, kind, flags, data=""):
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def read_requests(fd):
    while True:
        request = os.read(fd, 1 << 20)
        _, operation, unique = struct.unpack("IIQ", request[:16])
        if operation == FUSE_INIT:
            answer = struct.pack("IIIIHHI", 7, 31, 65536, 0, 12, 9, 65536).ljust(64, b"\0")
            os.write(fd, struct.pack("IiQ", 16 + len(answer), 0, unique) + answer)


split = sys.argv.index("--")
kind, paths, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1 :]
if libc.unshare(CLONE_NEWNS) != 0:
    raise OSError(ctypes.get_errno(), "unshare")
mount("none", "/", "", MS_REC | MS_PRIVATE)
for path in paths:
    if kind in ("unread", "unanswered"):
        fd = os.open("/dev/fuse", os.O_RDWR)
        mode = stat.S_IFMT(os.stat(path).st_mode) | 0o600
        mount("never-answers", path, "fuse", 0, f"fd={fd},rootmode={mode:o},user_id=0,group_id=0")
        if kind == "unanswered":
            threading.Thread(target=read_requests, args=(fd,), daemon=True).start()
    elif kind == "zero":
        mount("/dev/zero", path, "", MS_BIND)
    else:
        fifo = os.path.join(tempfile.mkdtemp(), "fifo")
        os.mkfifo(fifo, 0o600)
        mount(fifo, path, "", MS_BIND)
        os.unlink(fifo)
        os.rmdir(os.path.dirname(fifo))
try:
    # No signal ends a process whose request was read and not answered: it goes when this program does.
    code = subprocess.Popen(command).wait(18 if kind == "unanswered" else None)
except subprocess.TimeoutExpired:
    code = 124
# Not by sys.exit, which would wait for the thread.
os._exit(128 - code if code < 0 else code)
