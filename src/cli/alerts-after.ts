import type { Config } from "../config/config.ts";
import type { Log } from "../flows/parts.ts";
import { exitCodeOf } from "./exit-codes.ts";

/** Alerts follow what a command has learnt. A failure is logged and changes no exit code: what the command did stands. */
export async function alertsAfter(
  config: Config,
  store: Parameters<typeof import("../app/alerts.ts")["checkAndDeliverAlerts"]>[1],
  log: Log,
): Promise<void> {
  try {
    const { checkAndDeliverAlerts } = await import("../app/alerts.ts");
    await checkAndDeliverAlerts(config, store, log);
  } catch (error) {
    if (exitCodeOf(error) === undefined) throw error;
    log.error({ error: error instanceof Error ? error.message : String(error) }, "alerts-failed");
  }
}
