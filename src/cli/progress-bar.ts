import { wholeNumber } from "./output.ts";

export interface ProgressBar {
  /** `counted`: what the rate is of; what is done where it is left out. */
  readonly update: (progress: {
    readonly done: number;
    readonly total: number;
    readonly counted?: number;
  }) => void;
  readonly stop: () => void;
}

/** For work that goes on where it was: a bar in a terminal, nothing in a pipe. "12 of 24 hours · 3 hours/s". */
export async function progressBar(units: string, rateUnits: string = units): Promise<ProgressBar> {
  if (!process.stderr.isTTY) return { update() {}, stop() {} };
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  const bar = new SingleBar(
    {
      format: `{bar} {percentage} % · {value} of {total} ${units} · {rate} ${rateUnits}/s · {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  const startedMs = performance.now();
  // The bar hides the cursor: give it back before the signal ends us.
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onSignal = (signal: NodeJS.Signals): void => {
    stop();
    process.stderr.write("co2e: interrupted. Run the command again: it goes on where it was.\n");
    process.kill(process.pid, signal);
  };
  const stop = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    bar.stop();
  };
  for (const signal of signals) process.once(signal, onSignal);
  bar.start(1, 0, { rate: 0 });
  return {
    update({ done, total, counted = done }) {
      bar.setTotal(total);
      const seconds = (performance.now() - startedMs) / 1000;
      bar.update(done, { rate: wholeNumber(counted / Math.max(seconds, 0.001)) });
    },
    stop,
  };
}
