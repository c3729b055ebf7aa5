import { expect, it } from "vitest";
import type { SetupCheck } from "../flows/health/setup-check.ts";
import { doctorText } from "./doctor.ts";

const check = (fields: Partial<SetupCheck>): SetupCheck => ({
  name: "store",
  area: "store",
  state: "ok",
  found: ["embedded database in /data"],
  fix: null,
  ...fields,
});

it("a verdict, then a line per check; more lines for more findings, the answer, and what to do", () => {
  expect(
    doctorText([
      check({}),
      check({
        name: "electricity_maps",
        area: "source",
        state: "warning",
        found: ["ELECTRICITY_MAPS_API_KEY set", "last 24 hours: DE"],
        fix: "Take a plan with your zones",
        answer: {
          zone: "DE",
          newestHour: "2026-11-23T14:00:00.000Z",
          ageHours: 0.4,
          gCO2ePerKWh: 280.5,
          basis: "average/lifecycle/consumption",
          kind: "estimated",
        },
      }),
    ]),
  ).toEqual([
    "Nothing failed; 1 warning.",
    "",
    "ok       store             embedded database in /data",
    "warning  electricity_maps  ELECTRICITY_MAPS_API_KEY set",
    "                           last 24 hours: DE",
    "                           DE: 280.50 gCO2e/kWh at 2026-11-23 14:00 UTC, 24 min ago, average/lifecycle/consumption,",
    "                             estimated",
    "                           → Take a plan with your zones",
  ]);
});

it("the verdict counts what failed", () => {
  const failed = check({ state: "failed" });
  expect(doctorText([failed])[0]).toBe("1 check failed.");
  expect(doctorText([failed, failed, check({ state: "warning" })])[0]).toBe("2 checks failed; 1 warning.");
  expect(doctorText([check({})])[0]).toBe("Nothing failed.");
});
