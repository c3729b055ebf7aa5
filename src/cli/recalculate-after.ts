import type { Log } from "../flows/parts.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";

type RecalcParts = typeof import("../app/emissions.ts")["recalcParts"];

/** Emissions follow the intensity that a command has learnt. Where no usage was ever recorded nothing is loaded. A failure is
 *  logged and sets the exit code; what the command did stands. */
export async function recalculateAfter(
  config: Parameters<RecalcParts>[0],
  store: Parameters<RecalcParts>[1],
  log: Log,
): Promise<void> {
  try {
    const { recalculateChanged } = await import("../app/recalculate.ts");
    await recalculateChanged(config, store, log);
  } catch (error) {
    if (exitCodeOf(error) === undefined) throw error;
    log.error({ error: error instanceof Error ? error.message : String(error) }, "recalculate-failed");
    process.exitCode = EXIT.storeFailed;
  }
}
