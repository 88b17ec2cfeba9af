/**
 * The one way to read a file that a profile, a variable or a command line names.
 *
 * Such a name may come from a config that was sent by another person. So the file is opened without blocking (a FIFO would wait for its writer), must
 * be a regular file (/dev/zero never ends), has a size limit, and is not on the network: opening `\\server\share` would log on to that server.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { sep } from "node:path";
import { errorCode } from "./errno.ts";
import { whileOpening } from "./opened-file.ts";

export type NamedFileOptions = {
  /** Flags for `open` besides those that make it safe, as O_NOFOLLOW. */
  readonly flags?: number;
  /** For the user's own AWS files: a home folder may be on a server. */
  readonly mayBeOnNetwork?: boolean;
  /** A file that is larger is refused. */
  readonly maxBytes: number;
  /** Looks at the owner and the mode before anything is read, and throws what it refuses. */
  readonly inspect?: (stat: Stats) => void;
};

/** Its bytes. @throws an error of which `namedFileProblem` speaks, and what `inspect` throws. */
export function readNamedFile(path: string, options: NamedFileOptions): Buffer {
  if (options.mayBeOnNetwork !== true && isNetworkPath(path)) throw new NamedFileError("ENETPATH");
  return whileOpening(path, () => readAnswering(path, options));
}

function readAnswering(path: string, { maxBytes, inspect, flags = 0 }: NamedFileOptions): Buffer {
  const descriptor = openSync(
    path,
    constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0) | flags,
  );
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw new NamedFileError("EISDIR");
    if (!stat.isFile()) throw new NamedFileError("ENOTREG");
    inspect?.(stat);
    // The size is not believed: files below /proc have none, and others grow.
    const bytes = readUpTo(descriptor, maxBytes + 1, stat.size + 1);
    if (bytes.length > maxBytes) throw new NamedFileError("EFBIG");
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/** Why it cannot be read, to follow the file's name: `is not a regular file`. */
export function namedFileProblem(error: unknown): string {
  const code = errorCode(error);
  return code === undefined ? "cannot be read" : (problems[code] ?? `cannot be read (${code})`);
}

/** The first `length` bytes of a descriptor, or all where there are fewer; `atOnce` at a time. Throws the file system's error. */
export function readUpTo(descriptor: number, length: number, atOnce = 64 * 1024): Buffer {
  const chunks: Buffer[] = [];
  let left = length;
  while (left > 0) {
    const chunk = Buffer.alloc(Math.min(left, Math.max(atOnce, 4096)));
    const read = readSync(descriptor, chunk, 0, chunk.length, null);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    left -= read;
  }
  return Buffer.concat(chunks);
}

/** True for `\\server\share` and `\\?\UNC\…`, on Windows with either slash; not for `\\?\C:\…`. */
export function isNetworkPath(path: string): boolean {
  return /^\\\\(?![?.]\\[A-Za-z]:)/.test(sep === "\\" ? path.replaceAll("/", "\\") : path);
}

class NamedFileError extends Error {
  readonly code: string;
  constructor(code: "EISDIR" | "ENOTREG" | "EFBIG" | "ENETPATH") {
    super(problems[code]);
    this.code = code;
  }
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "cannot be read: permission denied",
  EPERM: "cannot be read: not permitted",
  EISDIR: "is a folder, not a file",
  ENOTREG: "is not a regular file",
  ENXIO: "is not a regular file",
  EFBIG: "is too large",
  ENETPATH: "is on the network: name a file of this machine",
};
