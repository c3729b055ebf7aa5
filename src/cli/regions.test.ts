import { describe, expect, it } from "vitest";
import { knownRegion, VIRGINIA } from "../../test/support/configured.ts";
import type { ListedRegion } from "../flows/health/list-regions.ts";
import { regionsText } from "./regions.ts";

const listed = (fields: Partial<ListedRegion> = {}): ListedRegion => ({
  ...knownRegion(),
  isConfigured: true,
  isZoneByCoordinates: false,
  sources: ["energy_charts"],
  sourcesWithKey: [],
  latest: null,
  ...fields,
});

const HOUR = {
  hour: "2026-11-23T12:00:00.000Z",
  gCO2ePerKWh: 280.5,
  source: "electricity_maps",
  kind: "measured",
  ageHours: 2.5,
} as const;

describe("the list of regions", () => {
  it("says zone, PUE with its year, newest value with its age, and sources; in brackets those that need a key", () => {
    expect(
      regionsText([
        listed({ latest: HOUR, sourcesWithKey: ["electricity_maps", "watttime"] }),
        listed({ ...VIRGINIA, sources: [], zoneAlias: "US-VA" }),
      ]),
    ).toEqual([
      "Region            Location               Zone                         PUE        gCO2e/kWh  Age  Sources",
      "aws:eu-central-1  Europe (Frankfurt)     DE                           1.35 2024     280.50  2 h  energy_charts",
      "                                                                                                 [electricity_maps,",
      "                                                                                                 watttime]",
      "aws:us-east-1     US East (N. Virginia)  US-MIDA-PJM (written US-VA)  1.35 2024       none       none",
      "",
      "[in brackets] with its key; co2e doctor says where to get it",
    ]);
  });

  it("has no columns for hours when not all of it is configured, and then an asterisk at what is", () => {
    const frankfurt = listed({ key: "gcp:europe-west3", isConfigured: false, sources: [] });
    expect(regionsText([listed({ latest: HOUR }), frankfurt])).toEqual([
      "Region              Location            Zone  PUE        Sources",
      "aws:eu-central-1 *  Europe (Frankfurt)  DE    1.35 2024  energy_charts",
      "gcp:europe-west3    Europe (Frankfurt)  DE    1.35 2024  none",
      "",
      "* configured; co2e regions shows its newest hour",
    ]);
  });

  it.each([
    [{ zone: null, isZoneByCoordinates: true }, "by coordinates"],
    [{ zone: "NO-NO1", isZoneByCoordinates: true }, "NO-NO1 (by coordinates)"],
    [{ zoneConfidence: "low" }, "DE (low)"],
    [{ zoneConfidence: null }, "DE"],
    [{ zoneAlias: "GER", zoneConfidence: "medium" }, "DE (written GER, medium)"],
  ] as const)("the zone: %j is %s", (fields, text) => {
    expect(regionsText([listed(fields)])[1]).toContain(`  ${text}  `);
  });

  it.each([
    [{ pue: 1.4, year: null, basis: "configured", source: "" }, "1.40 co2e.yaml"],
    [{ pue: 1.14, year: 2025, basis: "provider-fleet", source: "" }, "1.14 2025 fleet"],
    [{ pue: 1.63, year: null, basis: "default-on-premises", source: "" }, "1.63 default"],
  ] as const)("the PUE: %j is %s", (pue, text) => {
    expect(regionsText([listed({ pue })])[1]).toContain(`  ${text}  `);
  });

  it("stays within 120 columns, whatever the names: sources take more lines, locations lose letters", () => {
    const sources = ["electricity_maps", "gb_carbon_intensity", "energy_charts", "entsoe", "watttime"];
    const lines = regionsText([
      listed({
        key: "gcp:northamerica-northeast1",
        location: "Malaysia West (Kuala Lumpur)",
        zone: "US-CENT-SWPP",
        zoneConfidence: "medium",
        sources: sources.slice(0, 2),
        sourcesWithKey: sources.slice(2),
        latest: HOUR,
      }),
      listed(),
    ]);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(120);
    for (const source of sources) expect(lines.join("\n")).toContain(source);
  });
});
