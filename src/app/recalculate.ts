import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import type { Log } from "../flows/parts.ts";
import type { Store } from "../store/store.ts";
import type { recalcParts } from "./emissions.ts";

/** Works out again what is in the queue, after something was learnt. Null: no usage was ever recorded, and nothing is loaded. */
export async function recalculateChanged(
  config: Parameters<typeof recalcParts>[0],
  store: Store,
  log: Log,
  signal?: AbortSignal,
): Promise<RecalcResult | null> {
  if (!(await store.usage.exists())) return null;
  const [emissions, { recalculate }] = await Promise.all([
    import("./emissions.ts"),
    import("../flows/emissions/recalculate.ts"),
  ]);
  const { parts, settings } = await emissions.recalcParts(config, store, log);
  const result = await recalculate(parts, { ...settings, signal });
  const { days, daysChanged, revised } = result;
  if (days > 0) log.info({ days, daysChanged, daysRevised: revised.days }, "emissions-recalculated");
  return result;
}
