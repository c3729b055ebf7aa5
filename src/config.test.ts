import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Config, type Environment, readConfig, requireRegion, requireService } from "./config.ts";
import { ConfigError } from "./core/errors.ts";

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
  it("the two regions, five services and two sources of the original design are there", async () => {
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
    expect(config.sources).toEqual(["electricity_maps", "watttime"]);
  });

  it("no key is known, so no source can be asked, and nobody is told of failures", async () => {
    const { electricityMaps, watttime, slackWebhookUrl } = await read({});
    expect({ electricityMaps, watttime, slackWebhookUrl }).toEqual({
      electricityMaps: null,
      watttime: null,
      slackWebhookUrl: null,
    });
  });

  it("there are three attempts, five seconds apart, as the original design says", async () => {
    expect((await read({})).http).toEqual({ timeoutMs: 15_000, attempts: 3, retryDelayMs: 5_000 });
  });

  it("the store is embedded, in a folder of the user, and the demo has its own", async () => {
    const { database, demoDirectory } = await read({});
    expect(database).toHaveProperty("directory", expect.stringContaining("co2e"));
    expect(demoDirectory).not.toBe("directory" in database ? database.directory : "");
  });

  it("lifecycle factors are used, and the log says what a person wants to know", async () => {
    expect(await read({})).toMatchObject({ factorType: "lifecycle", logLevel: "info" });
  });

  it("an empty variable, or one of blanks, is one that is not set", async () => {
    const names = [
      "DATABASE_URL",
      "CO2E_SOURCES",
      "CO2E_TIMEOUT_MS",
      "CO2E_RETRY_DELAY_MS",
      "ELECTRICITY_MAPS_API_KEY",
      "ELECTRICITY_MAPS_BASE_URL",
      "WATTTIME_USERNAME",
      "WATTTIME_PASSWORD",
      "WATTTIME_BASE_URL",
      "SLACK_WEBHOOK_URL",
      "CO2E_LOG_LEVEL",
      "CO2E_DATA_DIR",
    ];
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

  it("CO2E_DATA_DIR names the folder of the embedded store, and the demo's lies inside it", async () => {
    const config = await read({ CO2E_DATA_DIR: "/srv/co2e" });
    expect(config).toMatchObject({ database: { directory: "/srv/co2e" }, demoDirectory: "/srv/co2e/demo" });
  });

  it("a store in memory leaves no folder behind", async () => {
    expect(await read({ CO2E_DATA_DIR: "memory:" })).toMatchObject({
      database: { directory: "memory:" },
      demoDirectory: "memory:",
    });
  });

  it("the demo keeps away from a PostgreSQL", async () => {
    const config = await read({ DATABASE_URL: "postgres://host/db", CO2E_DATA_DIR: "/srv/co2e" });
    expect(config.demoDirectory).toBe("/srv/co2e/demo");
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
    CO2E_SOURCES: "eia",
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
  const ask = (environment: Environment): Promise<unknown> => {
    const path = join(folder, "empty.yaml");
    writeFileSync(path, "");
    return readConfig({ CO2E_CONFIG: path, ...environment }, { source: true }).catch(
      (error: unknown) => error,
    );
  };

  it("is told which keys would do when none is set", async () => {
    const outcome = await ask({});
    expect(outcome).toBeInstanceOf(ConfigError);
    expect(outcome).toHaveProperty(
      "message",
      expect.stringMatching(/ELECTRICITY_MAPS_API_KEY.*WATTTIME_USERNAME and WATTTIME_PASSWORD/),
    );
  });

  it("is content with one key of the chain, whichever it is", async () => {
    expect(await ask({ ELECTRICITY_MAPS_API_KEY: "em_live_x" })).not.toBeInstanceOf(ConfigError);
    expect(await ask({ WATTTIME_USERNAME: "ada", WATTTIME_PASSWORD: "x" })).not.toBeInstanceOf(ConfigError);
  });

  it("is not helped by the key of a source outside the chain", async () => {
    const outcome = await ask({ ELECTRICITY_MAPS_API_KEY: "em_live_x", CO2E_SOURCES: "watttime" });
    expect(outcome).toHaveProperty("message", expect.stringContaining("WATTTIME_USERNAME"));
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
    expect((await read(key)).electricityMaps).toEqual({
      apiKey: "em_live_x",
      baseUrl: "https://api.electricitymaps.com/v4",
      allowSandbox: false,
    });
  });

  it("the base address says which version is spoken: /v3 or /v4, with or without a last slash", async () => {
    for (const [written, baseUrl] of [
      ["https://api.electricitymap.org/v3", "https://api.electricitymap.org/v3"],
      ["http://localhost:9999/em/v4/", "http://localhost:9999/em/v4"],
    ]) {
      expect((await read({ ...key, ELECTRICITY_MAPS_BASE_URL: written })).electricityMaps?.baseUrl).toBe(
        baseUrl,
      );
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
    expect((await read({ ELECTRICITY_MAPS_API_KEY: "em_live_x\n" })).electricityMaps?.apiKey).toBe(
      "em_live_x",
    );
  });

  it("sandbox data is taken only when asked for", async () => {
    const allowed = await read({ ...key, ELECTRICITY_MAPS_ALLOW_SANDBOX: "1" });
    const refused = await read({ ...key, ELECTRICITY_MAPS_ALLOW_SANDBOX: "0" });
    expect([allowed.electricityMaps?.allowSandbox, refused.electricityMaps?.allowSandbox]).toEqual([
      true,
      false,
    ]);
  });
});

describe("WattTime and Slack", () => {
  it("a login is taken with the provider's own address", async () => {
    expect((await read({ WATTTIME_USERNAME: "ada", WATTTIME_PASSWORD: "p w" })).watttime).toEqual({
      username: "ada",
      password: "p w",
      baseUrl: "https://api.watttime.org",
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
      expect((await read({ ...login, WATTTIME_BASE_URL: url })).watttime?.baseUrl).toBe("http://localhost:1");
    }
  });

  it("a Slack address is taken as it is", async () => {
    const url = "https://hooks.slack.com/services/T00/B00/xxx";
    expect((await read({ SLACK_WEBHOOK_URL: url })).slackWebhookUrl).toBe(url);
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
    expect(await problemsOf({ CO2E_SOURCES: "watttime,eia" })).toEqual([
      expect.stringMatching(/^CO2E_SOURCES.*"eia".*electricity_maps, watttime/),
    ]);
    expect((await problemsOf({}, "sources: [eia]")).join()).toMatch(/sources.*"eia"/);
  });

  it("none at all are refused", async () => {
    expect((await problemsOf({}, "sources: []")).join()).toMatch(/sources is empty/);
    expect((await problemsOf({ CO2E_SOURCES: "," })).join()).toMatch(/CO2E_SOURCES/);
  });
});

describe("regions", () => {
  const regionsOf = async (yaml: string): Promise<Config["regions"]> => (await read({}, yaml)).regions;

  it("a list names built-in ones, in its order", async () => {
    expect(await regionsOf("regions: [eu-central-1]")).toEqual([
      {
        name: "eu-central-1",
        location: "Europe (Frankfurt)",
        zone: "DE",
        zoneAlias: null,
        wattTimeRegion: "DE",
        origin: "built-in",
      },
    ]);
    expect((await regionsOf("regions: [eu-central-1, us-east-1]")).map(({ name }) => name)).toEqual([
      "eu-central-1",
      "us-east-1",
    ]);
  });

  it("a map adds sites of one's own beside built-in ones", async () => {
    const [builtIn, own] = await regionsOf(
      "regions:\n  us-east-1:\n  oslo-cellar: { zone: NO-NO1, location: Oslo, wattTimeRegion: NO }\n",
    );
    expect(builtIn).toMatchObject({ name: "us-east-1", zone: "US-MIDA-PJM", origin: "built-in" });
    expect(own).toEqual({
      name: "oslo-cellar",
      location: "Oslo",
      zone: "NO-NO1",
      zoneAlias: null,
      wattTimeRegion: "NO",
      origin: "co2e.yaml",
    });
  });

  it("US-VA, the original's name for Virginia's grid, is US-MIDA-PJM, and the alias is remembered", async () => {
    expect(await regionsOf("regions: { us-east-1: { zone: US-VA } }")).toEqual([
      expect.objectContaining({
        zone: "US-MIDA-PJM",
        zoneAlias: "US-VA",
        wattTimeRegion: "PJM_DC",
        origin: "built-in",
      }),
    ]);
  });

  it("a built-in region in another zone is no longer in the WattTime region known for it", async () => {
    expect(await regionsOf("regions: { us-east-1: { zone: US-CAL-CISO } }")).toEqual([
      expect.objectContaining({ zone: "US-CAL-CISO", wattTimeRegion: null, origin: "co2e.yaml" }),
    ]);
  });

  it("an unknown region needs a zone, and each such region is told", async () => {
    const problems = await problemsOf({}, "regions: [mars-1, us-east-1, moon-2]");
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/mars-1.*zone/);
    expect(problems[1]).toMatch(/moon-2.*zone/);
  });

  it("an empty list is refused: it would look like a success that fetches nothing", async () => {
    expect((await problemsOf({}, "regions: []")).join()).toMatch(/regions is empty/);
    expect((await problemsOf({}, "regions: {}")).join()).toMatch(/regions is empty/);
  });

  it("names match exactly: Google's us-east1 is not AWS's us-east-1", async () => {
    expect((await problemsOf({}, "regions: [us-east1]")).join()).toContain("us-east1");
  });

  it("a region listed twice is not two regions", async () => {
    const outcome = await read({}, "regions: [us-east-1, us-east-1]").catch((error: unknown) => error);
    if (outcome instanceof ConfigError) expect(outcome.message).toContain("us-east-1");
    else expect(outcome).toHaveProperty("regions.length", 1);
  });

  it("a zone called like something every object has stays a zone", async () => {
    expect(await regionsOf("regions: { site: { zone: constructor } }")).toEqual([
      expect.objectContaining({ zone: "constructor", zoneAlias: null }),
    ]);
  });

  it("a name longer than the 50 characters of its column is refused", async () => {
    const longest = "x".repeat(50);
    expect((await regionsOf(`regions: { ${longest}: { zone: DE } }`))[0]?.name).toBe(longest);
    expect(await problemsOf({}, `regions: { ${longest}x: { zone: DE } }`)).not.toEqual([]);
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
      "factorType: both\nsources: [eia]\nregoins: [us-east-1]\nregions: [mars-1]\n",
    );
    for (const name of ["factorType", "eia", "regoins", "mars-1"]) {
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
    for (const yaml of ["regions: [mars-1]", "regions: []", "sources: [eia]", "factorType: both"]) {
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

describe("asking for a region or service by name", () => {
  it("gives what is configured", async () => {
    const config = await read({});
    expect(requireRegion(config, "eu-central-1").zone).toBe("DE");
    expect(requireService(config, "q2q-ai").wh_per_request).toBe(0.5);
  });

  it("fails with the names that exist", async () => {
    const config = await read({});
    expect(() => requireRegion(config, "eu-central1")).toThrow(ConfigError);
    expect(() => requireRegion(config, "eu-central1")).toThrow(/"eu-central1".*us-east-1, eu-central-1/);
    expect(() => requireService(config, "q2q")).toThrow(/"q2q".*q2q-ai, reporting/);
  });

  it("does not take what every object has for a service", async () => {
    const config = await read({});
    for (const name of ["constructor", "toString", "__proto__"]) {
      expect(() => requireService(config, name)).toThrow(ConfigError);
    }
  });
});
