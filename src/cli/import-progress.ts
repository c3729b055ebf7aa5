import { type Readable, Transform } from "node:stream";
import { wholeNumber } from "./output.ts";

export interface ImportProgress {
  /** The same stream; `seen` gets each piece of it. */
  readonly counted: (stream: Readable, seen?: (piece: Buffer) => void) => Readable;
  readonly rows: (count: number) => void;
  readonly stop: () => void;
}

/** How far the reading of a file is: a bar in a terminal, nothing in a pipe. `totalBytes` is null where the size is not known. */
export async function importProgress(
  totalBytes: number | null,
  whenInterrupted = "The file is imported whole or not at all: run the command again.",
): Promise<ImportProgress> {
  const bar =
    process.stderr.isTTY && totalBytes !== null ? await startBar(totalBytes, whenInterrupted) : undefined;
  return {
    counted(stream, seen) {
      if (bar === undefined && seen === undefined) return stream;
      const counted = new Transform({
        transform(piece: Buffer, _encoding, done) {
          bar?.read(piece.length);
          seen?.(piece);
          done(null, piece);
        },
      });
      stream.on("error", (error) => counted.destroy(error));
      counted.on("close", () => stream.destroy());
      // The reader of the stream reports the error; this keeps it from ending the process before there is one.
      counted.on("error", () => {});
      return stream.pipe(counted);
    },
    rows: (count) => bar?.rows(count),
    stop: () => bar?.stop(),
  };
}

async function startBar(totalBytes: number, whenInterrupted: string) {
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  const bar = new SingleBar(
    {
      format: "{bar} {percentage} % · {rows} rows · {eta_formatted} left",
      stream: process.stderr,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  // The bar hides the cursor: give it back before the signal ends us.
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onSignal = (signal: NodeJS.Signals): void => {
    stop();
    process.stderr.write(`co2e: interrupted. ${whenInterrupted}\n`);
    process.kill(process.pid, signal);
  };
  const stop = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    bar.stop();
  };
  for (const signal of signals) process.once(signal, onSignal);
  bar.start(totalBytes, 0, { rows: 0 });
  return {
    read: (bytes: number) => bar.increment(bytes),
    rows: (count: number) => bar.update({ rows: wholeNumber(count) }),
    stop,
  };
}
