// A provider for bench/ingest.ts, in a process of its own so that its work is not ours: Electricity Maps for every zone of
// the built-in regions, answering after so many milliseconds (the argument).

import { CLOUD_REGIONS } from "../src/zones/cloud-regions.ts";
import { startFakeElectricityMaps } from "../test/fakes/electricity-maps.ts";

const latencyMs = Number(process.argv[2] ?? 0);
const HOUR_MS = 3_600_000;
let offsetMs = 0;

const zones = [...new Set(CLOUD_REGIONS.map(({ zone }) => zone))];
const fake = await startFakeElectricityMaps({
  keys: ["bench"],
  clock: () => Date.now() + offsetMs,
  zones: Object.fromEntries(
    zones.map((zone, index) => [
      zone,
      {
        // The shape of a day over that of some days, in tenths: nothing that a guard minds.
        intensity: (ms: number) => {
          const hour = ms / HOUR_MS;
          const value =
            300 + 5 * index + 60 * Math.sin((hour * Math.PI) / 12) + 40 * Math.sin(hour / 29 + index);
          return Math.round(value * 10) / 10;
        },
        mix: (ms: number) => ({ wind: 500 + ((ms / HOUR_MS) % 24), coal: 300, gas: 200 }),
      },
    ]),
  ),
});
if (latencyMs > 0)
  fake.faults.add({ fault: { kind: "slow", delayMs: latencyMs }, times: Number.POSITIVE_INFINITY });
process.on("message", (message: { readonly offsetMs: number }) => {
  offsetMs = message.offsetMs;
  process.send?.({ offsetMs });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: fake.baseUrl(4) });
