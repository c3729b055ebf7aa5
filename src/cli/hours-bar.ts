import { wholeNumber } from "./output.ts";

export interface HoursBar {
  readonly update: (progress: { readonly hoursDone: number; readonly hoursTotal: number }) => void;
  readonly stop: () => void;
}

/** How many of the hours are looked at: a bar in a terminal, nothing in a pipe. */
export async function hoursBar(): Promise<HoursBar> {
  if (!process.stderr.isTTY) return { update() {}, stop() {} };
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  const bar = new SingleBar(
    {
      format: "{bar} {percentage} % · {value} of {total} hours · {rate} hours/s · {eta_formatted} left",
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
    update({ hoursDone, hoursTotal }) {
      bar.setTotal(hoursTotal);
      const seconds = (performance.now() - startedMs) / 1000;
      bar.update(hoursDone, { rate: wholeNumber(hoursDone / Math.max(seconds, 0.001)) });
    },
    stop,
  };
}
