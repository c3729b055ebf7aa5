import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { instant } from "../core/time.ts";
import { SOURCES, sourceModule } from "../sources/registry.ts";
import { askable, type Config, type Environment, keyHint, readConfig, requireRegion } from "./config.ts";

const folder = mkdtempSync(join(tmpdir(), "co2e-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads these variables and a `co2e.yaml` of this text. */
function read(environment: Environment, yaml = ""): Promise<Config> {
  const path = join(folder, "co2e.yaml");
  writeFileSync(path, yaml);
  return readConfig({ CO2E_CONFIG: path, ...environment });
}

async function problemsOf(environment: Environment, yaml = ""): Promise<readonly string[]> {
  const outcome = await read(environment, yaml).catch((error: unknown) => error);
  if (!(outcome instanceof ConfigError))
    throw new Error(`Expected a ConfigError, got ${JSON.stringify(outcome)}`);
  expect(outcome.message).toBe(outcome.problems.join("\n"));
  return outcome.problems;
}

describe("without any setting", () => {
  it("the two regions and five services of the original design are there, and the sources in the order of the registry", async () => {
    const config = await read({});
    expect(config.regions.map(({ name, zone }) => [name, zone])).toEqual([
      ["us-east-1", "US-MIDA-PJM"],
      ["eu-central-1", "DE"],
    ]);
    expect(Object.keys(config.services)).toEqual([
      "q2q-ai",
      "reporting",
      "api-gateway",
      "data-sync",
      "notification",
    ]);
    expect(config.sources).toEqual([
      "electricity_maps",
      "energy_charts",
      "gb_carbon_intensity",
      "energinet",
      "eia",
      "entsoe",
      "watttime",
    ]);
  });

  it("no key is known, so only the sources without one can be asked, and nobody is told of failures", async () => {
    const config = await read({});
    const names = ["energy_charts", "gb_carbon_intensity", "energinet"];
    expect(Object.keys(config.sourceSettings)).toEqual(names);
    expect(askable(config).map(({ description }) => description.name)).toEqual(names);
    expect(config.alerts.channels).toEqual([]);
  });

  it("there are three attempts, five seconds apart, as the original design says", async () => {
    expect((await read({})).http).toEqual({ timeoutMs: 15_000, attempts: 3, retryDelayMs: 5_000 });
  });

  it("the store is embedded, in a folder of the user, and the demo has two of its own", async () => {
    const { database, demoDirectories } = await read({});
    expect(database).toHaveProperty("directory", expect.stringContaining("co2e"));
    const own = "directory" in database ? database.directory : "";
    expect(new Set([own, demoDirectories.sample, demoDirectories.live]).size).toBe(3);
  });

  it("lifecycle factors are used, and the log says what a person wants to know", async () => {
    expect(await read({})).toMatchObject({ factorType: "lifecycle", logLevel: "info" });
  });

  it("an ingest looks back three days, three hours are stale, another basis may fill and a yearly mean stand in", async () => {
    expect(await read({})).toMatchObject({
      lookBackHours: 72,
      staleAfterHours: 3,
      basis: "fill",
      annualMeans: true,
      quota: {},
    });
  });

  it("an empty variable, or one of blanks, is one that is not set", async () => {
    const names = [
      "DATABASE_URL",
      "CO2E_SOURCES",
      "CO2E_TIMEOUT_MS",
      "CO2E_RETRY_DELAY_MS",
      "SLACK_WEBHOOK_URL",
      "CO2E_LOG_LEVEL",
      "CO2E_DATA_DIR",
      ...SOURCES.flatMap(({ settings }) => settings.map(({ variable }) => variable)),
    ];
    expect(names).toEqual(expect.arrayContaining(["WATTTIME_PASSWORD", "ELECTRICITY_MAPS_ALLOW_SANDBOX"]));
    for (const empty of ["", "  "]) {
      expect(await read(Object.fromEntries(names.map((name) => [name, empty])))).toEqual(await read({}));
    }
  });
});

describe("where the data lies", () => {
  it("DATABASE_URL names a PostgreSQL, in both spellings", async () => {
    for (const url of ["postgresql://user:pass@host:5432/teei_csr", "postgres://host/db"]) {
      expect((await read({ DATABASE_URL: url })).database).toEqual({ url });
    }
  });

  it("CO2E_DATA_DIR names the folder of the embedded store, and the demo's lie inside it", async () => {
    const config = await read({ CO2E_DATA_DIR: "/srv/co2e" });
    expect(config).toMatchObject({
      database: { directory: "/srv/co2e" },
      demoDirectories: { sample: "/srv/co2e/demo", live: "/srv/co2e/demo-live" },
    });
  });

  it("a store in memory leaves no folder behind", async () => {
    expect(await read({ CO2E_DATA_DIR: "memory:" })).toMatchObject({
      database: { directory: "memory:" },
      demoDirectories: { sample: "memory:", live: "memory:" },
    });
  });

  it("the demo keeps away from a PostgreSQL", async () => {
    const config = await read({ DATABASE_URL: "postgres://host/db", CO2E_DATA_DIR: "/srv/co2e" });
    expect(config.demoDirectories).toEqual({ sample: "/srv/co2e/demo", live: "/srv/co2e/demo-live" });
  });
});

describe("what is wrong", () => {
  const secrets = [
    "pg-secret-1",
    "em live secret 2",
    "watttime-secret-3",
    "slack-secret-4",
    "url-secret-5",
  ] as const;
  const everythingWrong: Environment = {
    DATABASE_URL: `mysql://user:${secrets[0]}@host/db`,
    ELECTRICITY_MAPS_API_KEY: secrets[1],
    ELECTRICITY_MAPS_BASE_URL: "https://api.electricitymaps.com/v5",
    WATTTIME_PASSWORD: secrets[2],
    WATTTIME_BASE_URL: `ftp://${secrets[4]}@api.watttime.org`,
    SLACK_WEBHOOK_URL: `hooks.slack.com/services/${secrets[3]}`,
    CO2E_SOURCES: "no_such_source",
    CO2E_TIMEOUT_MS: "0",
    CO2E_RETRY_DELAY_MS: "5s",
    CO2E_LOG_LEVEL: "loud",
  };

  it("is told all at once, each problem with the name of its variable", async () => {
    const problems = await problemsOf({ ...everythingWrong, CO2E_CONFIG: join(folder, "missing.yaml") });
    const names = [
      "CO2E_CONFIG",
      "DATABASE_URL",
      "ELECTRICITY_MAPS_API_KEY",
      "ELECTRICITY_MAPS_BASE_URL",
      "WATTTIME_USERNAME",
      "WATTTIME_BASE_URL",
      "SLACK_WEBHOOK_URL",
      "CO2E_SOURCES",
      "CO2E_TIMEOUT_MS",
      "CO2E_RETRY_DELAY_MS",
      "CO2E_LOG_LEVEL",
    ];
    for (const name of names) expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
    expect(problems).toHaveLength(names.length);
  });

  it("the file's problems and the environment's are told together", async () => {
    const problems = await problemsOf({ CO2E_TIMEOUT_MS: "soon" }, "factorType: both\nregions: [mars-1]\n");
    expect(problems.join("\n")).toContain("CO2E_TIMEOUT_MS");
    expect(problems.join("\n")).toContain("factorType");
  });

  it("is told without repeating a secret", async () => {
    const said = (await problemsOf(everythingWrong)).join("\n");
    for (const secret of secrets) expect(said).not.toContain(secret);
  });

  it("a key in the wrong file is not repeated either", async () => {
    const files = [
      "electricityMapsApiKey: em_live_secret\n",
      "ELECTRICITY_MAPS_API_KEY=em_live_secret\n", // a .env named by mistake
      "em_live_secret\n", // a mounted secret named by mistake
    ];
    for (const file of files) expect((await problemsOf({}, file)).join("\n")).not.toContain("em_live_secret");
  });

  it("half a login is no login: each half asks for the other", async () => {
    expect(await problemsOf({ WATTTIME_USERNAME: "ada" })).toEqual([
      expect.stringMatching(/^WATTTIME_PASSWORD/),
    ]);
    expect(await problemsOf({ WATTTIME_PASSWORD: "x" })).toEqual([
      expect.stringMatching(/^WATTTIME_USERNAME/),
    ]);
  });
});

describe("a command that needs a source", () => {
  const ask = (environment: Environment, yaml = ""): Promise<unknown> => {
    const path = join(folder, "needs-source.yaml");
    writeFileSync(path, yaml);
    return readConfig({ CO2E_CONFIG: path, ...environment }, { source: true }).catch(
      (error: unknown) => error,
    );
  };
  /** The keyless sources cover Europe alone. */
  const american = "regions: [us-east-1]";

  it("is told which keys would do when none is set", async () => {
    const outcome = await ask({}, american);
    expect(outcome).toBeInstanceOf(ConfigError);
    expect(outcome).toHaveProperty(
      "message",
      expect.stringMatching(
        /us-east-1.*ELECTRICITY_MAPS_API_KEY.*EIA_API_KEY.*WATTTIME_USERNAME and WATTTIME_PASSWORD/,
      ),
    );
    // A key for Europe serves no region in Virginia.
    expect(outcome).not.toHaveProperty("message", expect.stringContaining("ENTSOE_API_TOKEN"));
  });

  it("is content with one key of the chain, whichever it is", async () => {
    for (const key of [
      { ELECTRICITY_MAPS_API_KEY: "em_live_x" },
      { EIA_API_KEY: "x" },
      { WATTTIME_USERNAME: "ada", WATTTIME_PASSWORD: "x" },
    ]) {
      expect(await ask(key, american)).not.toBeInstanceOf(ConfigError);
    }
  });

  it("needs no key while a keyless source covers one of the regions", async () => {
    expect(await ask({})).not.toBeInstanceOf(ConfigError);
    expect(await ask({}, "regions: [us-east-1, aws:eu-west-2]")).not.toBeInstanceOf(ConfigError);
    expect(await ask({ CO2E_SOURCES: "energinet" })).toBeInstanceOf(ConfigError);
  });

  it("is not stopped by a site whose zone a provider has yet to say", async () => {
    const site = "regions: { office: { latitude: 47.4, longitude: 8.5 } }";
    expect(await ask({ CO2E_SOURCES: "electricity_maps" }, site)).not.toBeInstanceOf(ConfigError);
  });

  it("is not helped by the key of a source outside the chain, nor by one that does not cover the regions", async () => {
    const outcome = await ask({ ELECTRICITY_MAPS_API_KEY: "em_live_x", CO2E_SOURCES: "watttime" });
    expect(outcome).toHaveProperty("message", expect.stringContaining("WATTTIME_USERNAME"));
    expect(await ask({ ENTSOE_API_TOKEN: "x", CO2E_SOURCES: "entsoe" }, american)).toBeInstanceOf(
      ConfigError,
    );
  });

  it("hints at no key when the keys at hand are all there are for a region", async () => {
    const settings = { sources: ["energy_charts"], sourceSettings: {} };
    const germany = [{ zone: "DE", wattTimeRegion: null }];
    expect(keyHint({ ...settings, sourceSettings: { energy_charts: {} } }, germany)).toBe("");
    expect(keyHint({ sources: ["entsoe", "watttime"], sourceSettings: {} }, germany)).toMatch(
      /^Set ENTSOE_API_TOKEN \(https:\/\/\S+\)\.$/,
    );
  });
});

describe("numbers", () => {
  it.each([
    ["CO2E_TIMEOUT_MS", "1", "timeoutMs", 1],
    ["CO2E_TIMEOUT_MS", "3600000", "timeoutMs", 3_600_000],
    ["CO2E_RETRY_DELAY_MS", "0", "retryDelayMs", 0],
    ["CO2E_RETRY_DELAY_MS", " 250 ", "retryDelayMs", 250],
  ])("%s=%s is taken", async (name, text, field, expected) => {
    expect((await read({ [name]: text })).http).toHaveProperty(field, expected);
  });

  it.each([
    ["CO2E_TIMEOUT_MS", "0"],
    ["CO2E_TIMEOUT_MS", "3600001"],
    ["CO2E_TIMEOUT_MS", "1e3"],
    ["CO2E_TIMEOUT_MS", "15s"],
    ["CO2E_RETRY_DELAY_MS", "-1"],
    ["CO2E_RETRY_DELAY_MS", "0.5"],
    ["CO2E_RETRY_DELAY_MS", "0x10"],
  ])("%s=%s is refused, and the message says what would do", async (name, text) => {
    expect(await problemsOf({ [name]: text })).toEqual([
      expect.stringMatching(new RegExp(`^${name} .*3600000`)),
    ]);
  });
});

describe("Electricity Maps", () => {
  const key = { ELECTRICITY_MAPS_API_KEY: "em_live_x" };

  it("a key is enough: version 4 at the provider's own address, no sandbox", async () => {
    expect((await read(key)).sourceSettings.electricity_maps).toEqual({
      ELECTRICITY_MAPS_API_KEY: "em_live_x",
      ELECTRICITY_MAPS_BASE_URL: "https://api.electricitymaps.com/v4",
      ELECTRICITY_MAPS_ALLOW_SANDBOX: "0",
    });
  });

  it("the base address says which version is spoken: /v3 or /v4, with or without a last slash", async () => {
    for (const [written, baseUrl] of [
      ["https://api.electricitymap.org/v3", "https://api.electricitymap.org/v3"],
      ["http://localhost:9999/em/v4/", "http://localhost:9999/em/v4"],
    ]) {
      const { sourceSettings } = await read({ ...key, ELECTRICITY_MAPS_BASE_URL: written });
      expect(sourceSettings.electricity_maps?.ELECTRICITY_MAPS_BASE_URL).toBe(baseUrl);
    }
  });

  it.each([
    "https://api.electricitymap.org",
    "https://host/v2",
    "https://host/v4/latest",
    "https://host/xv4",
    "v4",
  ])("%s is no base address, with or without a key", async (url) => {
    for (const environment of [{}, key]) {
      expect(await problemsOf({ ...environment, ELECTRICITY_MAPS_BASE_URL: url })).toEqual([
        expect.stringMatching(/^ELECTRICITY_MAPS_BASE_URL/),
      ]);
    }
  });

  it("a key with a line break or a blank in it was copied wrongly", async () => {
    for (const apiKey of ["em_live\nx", "em live x", "em_live_ü"]) {
      expect(await problemsOf({ ELECTRICITY_MAPS_API_KEY: apiKey })).toEqual([
        expect.stringMatching(/^ELECTRICITY_MAPS_API_KEY/),
      ]);
    }
  });

  it("a line break at the end, as mounted secrets have it, does no harm", async () => {
    const { sourceSettings } = await read({ ELECTRICITY_MAPS_API_KEY: "em_live_x\n" });
    expect(sourceSettings.electricity_maps?.ELECTRICITY_MAPS_API_KEY).toBe("em_live_x");
  });

  it("sandbox data is taken only when asked for", async () => {
    const written = async (text: string) =>
      (await read({ ...key, ELECTRICITY_MAPS_ALLOW_SANDBOX: text })).sourceSettings.electricity_maps
        ?.ELECTRICITY_MAPS_ALLOW_SANDBOX;
    expect([await written("1"), await written("0"), await written("")]).toEqual(["1", "0", "0"]);
  });

  it("whether sandbox data is meant is not guessed", async () => {
    expect(await problemsOf({ ...key, ELECTRICITY_MAPS_ALLOW_SANDBOX: "yes" })).toEqual([
      expect.stringMatching(/^ELECTRICITY_MAPS_ALLOW_SANDBOX.*"yes".*1 or 0/),
    ]);
  });
});

describe("WattTime and Slack", () => {
  it("a login is taken with the provider's own address", async () => {
    const { sourceSettings } = await read({ WATTTIME_USERNAME: "ada", WATTTIME_PASSWORD: "p w" });
    expect(sourceSettings.watttime).toEqual({
      WATTTIME_USERNAME: "ada",
      WATTTIME_PASSWORD: "p w",
      WATTTIME_BASE_URL: "https://api.watttime.org",
    });
  });

  it("a base address may carry the version or not: it is the same service", async () => {
    const login = { WATTTIME_USERNAME: "ada", WATTTIME_PASSWORD: "x" };
    for (const url of [
      "http://localhost:1",
      "http://localhost:1/",
      "http://localhost:1/v3",
      "http://localhost:1/v3/",
    ]) {
      const settings = (await read({ ...login, WATTTIME_BASE_URL: url })).sourceSettings.watttime;
      const asked: string[] = [];
      const source = sourceModule("watttime")?.create({
        http: {
          async get(request) {
            asked.push(request.url.href);
            return { status: 403, json: undefined, text: "" };
          },
        },
        clock: () => instant(0),
        setting: (variable) => settings?.[variable] ?? "",
      });
      await expect(source?.describeAccess?.()).rejects.toThrow(/refused the login/);
      expect(asked).toEqual(["http://localhost:1/login"]);
    }
  });

  it("a Slack address is taken as it is", async () => {
    const url = "https://hooks.slack.com/services/T00/B00/xxx";
    const { alerts } = await read({ SLACK_WEBHOOK_URL: url });
    expect(alerts.ready).toEqual([{ name: "slack", type: "slack", webhookUrl: url }]);
  });
});

describe("sources", () => {
  it("are asked in the order in which they are named", async () => {
    expect((await read({ CO2E_SOURCES: "watttime, electricity_maps" })).sources).toEqual([
      "watttime",
      "electricity_maps",
    ]);
    expect((await read({}, "sources: [watttime]")).sources).toEqual(["watttime"]);
  });

  it("named in the environment win over the file", async () => {
    expect((await read({ CO2E_SOURCES: "electricity_maps" }, "sources: [watttime]")).sources).toEqual([
      "electricity_maps",
    ]);
  });

  it("named twice are asked once", async () => {
    expect((await read({ CO2E_SOURCES: "watttime,watttime,electricity_maps" })).sources).toEqual([
      "watttime",
      "electricity_maps",
    ]);
  });

  it("that do not exist are refused by name, with the names that do", async () => {
    expect(await problemsOf({ CO2E_SOURCES: "watttime,entso_e" })).toEqual([
      expect.stringMatching(/^CO2E_SOURCES.*"entso_e".*electricity_maps, .*watttime/),
    ]);
    expect((await problemsOf({}, "sources: [entso_e]")).join()).toMatch(/sources.*"entso_e"/);
  });

  it("none at all are refused", async () => {
    expect((await problemsOf({}, "sources: []")).join()).toMatch(/sources is empty/);
    expect((await problemsOf({ CO2E_SOURCES: "," })).join()).toMatch(/CO2E_SOURCES/);
  });
});

describe("what a key of a source needs", () => {
  it("is only its own variables: a base address alone makes no source", async () => {
    const { sourceSettings } = await read({ EIA_BASE_URL: "http://localhost:1", EIA_API_KEY: "" });
    expect(sourceSettings).not.toHaveProperty("eia");
    expect((await read({ EIA_API_KEY: "abc" })).sourceSettings.eia).toEqual({
      EIA_API_KEY: "abc",
      EIA_BASE_URL: "https://api.eia.gov",
      EIA_PERIOD_CONVENTION: "ending",
    });
  });

  it("a keyless source may be sent elsewhere", async () => {
    const { sourceSettings } = await read({ ENERGY_CHARTS_BASE_URL: "http://localhost:1/" });
    expect(sourceSettings.energy_charts).toEqual({ ENERGY_CHARTS_BASE_URL: "http://localhost:1" });
  });

  it("no key of any source is repeated when it is wrong", async () => {
    for (const { settings } of SOURCES) {
      for (const { variable, kind } of settings.filter((setting) => setting.kind === "key")) {
        const problems = await problemsOf({ [variable]: "s3 cret" });
        expect([kind, problems]).toEqual(["key", [expect.stringMatching(new RegExp(`^${variable} `))]]);
        expect(problems.join()).not.toContain("s3");
      }
    }
  });
});

describe("hours and budgets", () => {
  it("are taken from the file", async () => {
    const yaml =
      "basis: strict\nlookBackHours: 48\nstaleAfterHours: 1.5\nannualMeans: false\n" +
      "quota: { energy_charts: { perMinute: 3, perDay: 500 }, watttime: { perMinute: null } }\n";
    expect(await read({}, yaml)).toMatchObject({
      basis: "strict",
      lookBackHours: 48,
      staleAfterHours: 1.5,
      annualMeans: false,
      quota: { energy_charts: { perMinute: 3, perDay: 500 }, watttime: { perMinute: null } },
    });
  });

  it.each([
    ["basis: exact", "basis"],
    ["lookBackHours: 0", "lookBackHours"],
    ["lookBackHours: 745", "lookBackHours"],
    ["lookBackHours: 1.5", "lookBackHours"],
    ["staleAfterHours: 0.5", "staleAfterHours"],
    ["annualMeans: maybe", "annualMeans"],
    ["quota: { energy_charts: { perMinute: 0 } }", "quota.energy_charts.perMinute"],
    ["quota: { energy_charts: { perDay: 1.5 } }", "quota.energy_charts.perDay"],
    ["quota: { energy_charts: { perHour: 5 } }", "quota.energy_charts.perHour"],
    ["quota: { entso_e: { perDay: 5 } }", 'quota names "entso_e"'],
  ])("%s is refused, and the message says where", async (yaml, where) => {
    const problems = await problemsOf({}, yaml);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(where);
  });
});

describe("retention", () => {
  it("keeps grid intensity for ever, hourly workload rows for 90 days and notes of runs for 400", async () => {
    const defaults = {
      workloadDays: 90,
      supersededDays: null,
      intensityDays: null,
      runsDays: 400,
      usageDays: null,
    };
    expect((await read({})).retention).toEqual(defaults);
    expect((await read({}, "retention: { supersededDays: 30, runsDays: null }")).retention).toEqual({
      ...defaults,
      supersededDays: 30,
      runsDays: null,
    });
  });

  it("is a whole number of days from 1, or null", async () => {
    for (const wrong of ["0", "-1", "1.5", "ninety", "36501"])
      expect(await problemsOf({}, `retention: { intensityDays: ${wrong} }`)).toEqual([
        expect.stringContaining("co2e.yaml: retention.intensityDays is "),
      ]);
    expect(await problemsOf({}, "retention: { days: 90 }")).toEqual([
      expect.stringMatching(/retention\.days is not a setting/),
    ]);
  });
});

describe("jobs", () => {
  const USUAL = {
    ingest: { hourlyAtMinute: 5 },
    pull: { hourlyAtMinute: 10 },
    calculate: { everyMinutes: 1 },
    // 02:00 is minute 120 of the day.
    cleanup: { dailyAtMinute: 120 },
    alerts: { everyMinutes: 1 },
  };

  it("have their usual times, and may be moved or turned off one by one", async () => {
    expect((await read({})).jobs).toEqual(USUAL);
    expect((await read({}, "jobs: { ingest: true, alerts: true }")).jobs).toEqual(USUAL);
    const moved =
      'jobs: { ingest: false, pull: { minute: 59 }, calculate: false, cleanup: { time: "23:59" } }';
    expect((await read({}, moved)).jobs).toEqual({
      ...USUAL,
      ingest: null,
      pull: { hourlyAtMinute: 59 },
      calculate: null,
      cleanup: { dailyAtMinute: 1439 },
    });
  });

  it.each([
    ["jobs: { ingest: { minute: 60 } }", "jobs.ingest.minute"],
    ["jobs: { ingest: { minute: 1.5 } }", "jobs.ingest.minute"],
    ["jobs: { ingest: { time: 5 } }", "jobs.ingest"],
    ["jobs: { ingest: hourly }", "jobs.ingest"],
    ['jobs: { cleanup: { time: "24:00" } }', "jobs.cleanup.time"],
    // Without its leading zero.
    ["jobs: { cleanup: { time: 2:00 } }", "jobs.cleanup.time"],
    ["jobs: { calculate: { minute: 5 } }", "jobs.calculate"],
    ["jobs: { forecast: false }", "jobs.forecast is not a setting"],
  ])("%s is refused, and the message says where", async (yaml, where) => {
    const problems = await problemsOf({}, yaml);
    expect(problems.join("\n")).toContain(`co2e.yaml: ${where}`);
  });
});

describe("services", () => {
  it("of one's own stand beside the five, and may replace one of them", async () => {
    const { services } = await read(
      {},
      "services:\n  batch: { whPerRequest: 12.5, description: nightly }\n  q2q-ai: { whPerRequest: 0.3 }\n",
    );
    expect(services.batch).toEqual({
      wh_per_request: 12.5,
      confidence: "Configured",
      description: "nightly",
    });
    expect(services["q2q-ai"]).toMatchObject({ wh_per_request: 0.3, confidence: "Configured" });
    expect(services.reporting?.wh_per_request).toBe(0.1);
  });

  it.each(["-1", "1000001", ".inf", ".nan", "'0.5'", "[1]"])(
    "%s Wh per request are refused",
    async (energy) => {
      expect((await problemsOf({}, `services: { batch: { whPerRequest: ${energy} } }`)).join()).toContain(
        "services.batch.whPerRequest",
      );
    },
  );

  it("may state range, boundary, tier, source, and the time from which they hold", async () => {
    const { services, configuredServices } = await read(
      {},
      `services:
        batch:
          whPerRequest: 12.5
          lowWhPerRequest: 10
          highWhPerRequest: 20
          boundary: it
          tier: guess
          validFrom: 2026-05-01T00:00+02:00
          source: load test
        search: { whPerRequest: 1, validFrom: 2026-05-01 }
`,
    );
    expect(configuredServices.batch).toEqual({
      whPerRequest: 12.5,
      description: "",
      lowWhPerRequest: 10,
      highWhPerRequest: 20,
      boundary: "it",
      tier: "guess",
      validFrom: "2026-04-30T22:00:00.000Z",
      source: "load test",
    });
    expect(configuredServices.search?.validFrom).toBe("2026-05-01T00:00:00.000Z");
    expect(services.batch).toMatchObject({ wh_per_request: 12.5, boundary: "it" });
    expect(services.search).not.toHaveProperty("boundary");
  });

  it.each([
    ["lowWhPerRequest: 2", "must lie between"],
    ["highWhPerRequest: 0.5", "must lie between"],
    ["boundary: rack", "services.batch.boundary"],
    ["tier: measured", "services.batch.tier"],
    ["validFrom: 2026-05-01T10:00", "use a date, or a time with its offset"],
    ["validFrom: 2026-02-30", "use a date, or a time with its offset"],
  ])("that say %s are refused", async (setting, problem) => {
    const problems = await problemsOf({}, `services: { batch: { whPerRequest: 1, ${setting} } }`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("none and a million Wh per request are possible", async () => {
    for (const whPerRequest of [0, 1_000_000]) {
      const { services } = await read({}, `services: { batch: { whPerRequest: ${whPerRequest} } }`);
      expect(services.batch?.wh_per_request).toBe(whPerRequest);
    }
  });
});

describe("co2e.yaml", () => {
  it("that is empty, or all comment, changes nothing", async () => {
    expect(await read({}, "# nothing yet\n")).toEqual(await read({}));
  });

  it.each([
    ["regoins: [us-east-1]", "regoins"],
    ["services: { batch: { whPerRequest: 1, pue: 1.2 } }", "services.batch.pue"],
    ["regions: { us-east-1: { zon: DE } }", "zon"],
  ])("%s: an unknown key is named, not ignored", async (yaml, key) => {
    const problems = await problemsOf({}, yaml);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`${key.replaceAll(".", "\\.")}\\b.* not a setting`));
  });

  it("a mistake under one key hides none under another", async () => {
    const problems = await problemsOf(
      {},
      "factorType: both\nsources: [entso_e]\nregoins: [us-east-1]\nregions: [mars-1]\n",
    );
    for (const name of ["factorType", "entso_e", "regoins", "mars-1"]) {
      expect(problems.filter((problem) => problem.includes(name))).toHaveLength(1);
    }
  });

  it("factors may be direct", async () => {
    expect((await read({}, "factorType: direct")).factorType).toBe("direct");
    expect((await problemsOf({}, "factorType: marginal")).join()).toMatch(/factorType.*lifecycle.*direct/);
  });

  it("that is no YAML is told in one line, with its path", async () => {
    const problems = await problemsOf({}, "regions: [us-east-1\nservices: {");
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/co2e\.yaml is no valid YAML/);
    expect(problems[0]).not.toContain("\n");
  });

  it("problems name the file that was read, wherever it lies", async () => {
    const path = join(folder, "staging.yaml");
    for (const yaml of ["regions: [mars-1]", "regions: []", "sources: [entso_e]", "factorType: both"]) {
      writeFileSync(path, yaml);
      const problems = await problemsOf({ CO2E_CONFIG: path });
      expect(problems).toEqual([expect.stringContaining("staging.yaml")]);
    }
  });

  it("named by CO2E_CONFIG must exist", async () => {
    const path = join(folder, "nowhere.yaml");
    const problems = await problemsOf({ CO2E_CONFIG: path });
    expect(problems).toEqual([expect.stringMatching(/^CO2E_CONFIG/)]);
    expect(problems[0]).toContain(path);
  });

  it("in the working folder is read without being named", async () => {
    const before = process.cwd();
    const working = join(folder, "working");
    mkdirSync(working);
    writeFileSync(join(working, "co2e.yaml"), "factorType: direct");
    process.chdir(working);
    try {
      expect((await readConfig({})).factorType).toBe("direct");
    } finally {
      process.chdir(before);
    }
  });
});

describe("asking for a region by name", () => {
  it("gives what is configured", async () => {
    const config = await read({});
    expect(requireRegion(config, "eu-central-1").zone).toBe("DE");
  });

  it("fails with the names that exist", async () => {
    const config = await read({});
    expect(() => requireRegion(config, "eu-central1")).toThrow(ConfigError);
    expect(() => requireRegion(config, "eu-central1")).toThrow(/"eu-central1".*us-east-1, eu-central-1/);
  });
});

describe("market", () => {
  const GO = "{ id: go, kind: GO, market: DE, from: 2026-01-01, to: 2027-01-01, kWh: 1000 }";

  it("is empty when nothing is said", async () => {
    expect((await read({})).market).toEqual({ instruments: [], residualMix: [] });
  });

  it("an instrument emits nothing and is not retired unless said otherwise; one market may be written alone", async () => {
    const yaml = `market:
  instruments: [${GO}]
  residualMix: [{ market: [DE, office], year: 2025, gCO2ePerKWh: 715, source: AIB }]`;
    expect((await read({}, yaml)).market).toEqual({
      instruments: [
        {
          id: "go",
          kind: "GO",
          market: ["DE"],
          from: "2026-01-01",
          to: "2027-01-01",
          kWh: 1000,
          gCO2ePerKWh: 0,
          retirementId: null,
        },
      ],
      residualMix: [{ market: ["DE", "office"], year: 2025, gCO2ePerKWh: 715, source: "AIB" }],
    });
  });

  it.each([
    [GO.replace("GO,", "HKN,"), /market\.instruments\.0\.kind/],
    [GO.replace("2026-01-01", "2026-02-30"), /there is no such day/],
    [GO.replace("2026-01-01", "2027-01-01"), /the vintage ends before it begins/],
    [GO.replace("1000", "-1"), /market\.instruments\.0\.kWh/],
    [`${GO}, ${GO}`, /two instruments have the same id/],
  ])("%s is refused", async (instruments, message) => {
    expect((await problemsOf({}, `market: { instruments: [${instruments}] }`)).join("\n")).toMatch(message);
  });
});
