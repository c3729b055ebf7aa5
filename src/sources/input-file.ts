import { createReadStream, fstatSync, openSync } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ConfigError } from "../core/errors.ts";

export interface OpenedFile {
  readonly name: string;
  readonly stream: Readable;
  /** Compressed size; null for stdin. */
  readonly totalBytes: number | null;
}

/** At a time: each request to the system costs as much as reading so many bytes takes. */
const READ_BYTES = 1 << 18;

/** Opens a path, or stdin for "-". Throws ConfigError for a file that cannot be read. */
export function openFile(path: string, stdin: Readable): OpenedFile {
  if (path === "-") return { name: "standard input", stream: stdin, totalBytes: null };
  try {
    // Opened here and now, so that what cannot be read is known before anything else begins.
    const fd = openSync(path, "r");
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw new ConfigError(`Cannot read ${path}: it is a folder.`);
    const stream = createReadStream(path, { fd, highWaterMark: READ_BYTES });
    return { name: path, stream, totalBytes: stats.size };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code } = error as { code?: string };
    const reason =
      { ENOENT: "no such file", EACCES: "permission denied" }[code ?? ""] ?? code ?? String(error);
    throw new ConfigError(`Cannot read ${path}: ${reason}.`);
  }
}

/** Unpacks gzip, known by its first two bytes, whatever the file is called. */
export async function gunzipped(stream: Readable): Promise<AsyncIterable<Buffer>> {
  const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* whole() {
    yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  }
  if (!(head[0] === 0x1f && head[1] === 0x8b)) return whole();
  const packed = Readable.from(whole());
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  packed.on("error", (error) => gunzip.destroy(error));
  return packed.pipe(gunzip);
}
