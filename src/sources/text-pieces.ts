import type { Readable } from "node:stream";
import { ConfigError } from "../core/errors.ts";

/** A stream of UTF-8 as pieces of text, without a byte order mark. Throws ConfigError for what is no text. */
export async function* textPieces(stream: Readable, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  let isFirst = true;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      if (isFirst && piece.length > 0) {
        refuseOtherFiles(piece, name);
        isFirst = false;
      }
      yield decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { message, code } = error as { message: string; code?: string };
    const isGzip = code?.startsWith("Z_") === true;
    throw new ConfigError(
      `${name} cannot be read to its end${isGzip ? ": the gzip is damaged or cut" : ""} (${message}).`,
    );
  }
  yield decoder.decode();
}

function refuseOtherFiles(piece: Buffer, name: string): void {
  const is = (...bytes: number[]): boolean => bytes.every((byte, index) => piece[index] === byte);
  if (is(0xff, 0xfe) || is(0xfe, 0xff) || piece.subarray(0, 1000).includes(0)) {
    throw new ConfigError(
      is(0x50, 0x4b)
        ? `${name} is a zip file: unpack it first.`
        : is(0x50, 0x41, 0x52, 0x31)
          ? `${name} is Parquet: say --format parquet.`
          : `${name} is no UTF-8 text: save it as UTF-8 first.`,
    );
  }
}
