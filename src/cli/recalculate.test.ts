import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../test/support/store-data.ts";
import { RefusedError, StoreError } from "../core/errors.ts";
import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import { recalcText } from "./recalculate.ts";
import { recalculateAfter } from "./recalculate-after.ts";

const RESULT: RecalcResult = {
  recalcId: "41",
  days: 62,
  rows: 8928,
  cellsWritten: 0,
  cellsChanged: 24,
  cellsRemoved: 0,
  daysChanged: 2,
  revised: { days: 2, gBefore: 12_310, gAfter: 12_955.4 },
  unapplied: 0,
  waiting: [],
};

describe("the output of a recalculation", () => {
  it("says what was worked out, and what earlier figures became", () => {
    expect(recalcText(RESULT)).toEqual([
      "Worked out again: 62 days of regions, from 8,928 rows of usage.",
      "Hours: 0 new, 24 changed, 0 removed.",
      "Revised: 2 days of services that had a figure, 12.310 kg CO2e before, 12.955 kg CO2e now (recalc_diff, run 41).",
    ]);
  });

  it("names what stays as it is, and what waits and for what", () => {
    const revised = { days: 0, gBefore: 0, gAfter: 0 };
    const waiting = [{ region: "old-site", days: 1 }];
    expect(recalcText({ ...RESULT, recalcId: null, revised, unapplied: 3, waiting })).toEqual([
      "Nothing has changed: no day is to be worked out again.",
      "Not applied: 3 days of services stay as they are, because what they were worked out from was removed.",
      "old-site: not in co2e.yaml, so 1 day wait. Add it under regions with its zone.",
    ]);
  });
});

describe("recalculating after another command", () => {
  afterEach(() => {
    process.exitCode = undefined;
  });
  const config = {} as Parameters<typeof recalculateAfter>[0];
  const storeWhere = (exists: () => Promise<boolean>) =>
    ({ usage: { exists } }) as unknown as Parameters<typeof recalculateAfter>[1];

  it("does nothing where no usage was ever recorded", async () => {
    // The empty settings would be a fault if anything were read of them.
    await recalculateAfter(
      config,
      storeWhere(async () => false),
      silentLog,
    );
    expect(process.exitCode).toBe(undefined);
  });

  it.each([new StoreError("failed", "disk full"), new RefusedError("other settings")])(
    "a failure (%s) is logged and sets exit code 3, and the command goes on",
    async (fault) => {
      const logged: [object, string][] = [];
      const log = { ...silentLog, error: (fields: object, event: string) => logged.push([fields, event]) };
      const failing = storeWhere(async () => {
        throw fault;
      });
      await recalculateAfter(config, failing, log);
      expect(process.exitCode).toBe(3);
      expect(logged).toEqual([[{ error: fault.message }, "recalculate-failed"]]);
    },
  );

  it("a fault of ours is raised", async () => {
    const failing = storeWhere(async () => {
      throw new TypeError("bug");
    });
    await expect(recalculateAfter(config, failing, silentLog)).rejects.toThrow("bug");
  });
});
