import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/run-co2e.ts";
import { ConfigError } from "../core/errors.ts";
import { readConfig } from "./config.ts";

const folder = temporaryFolder();
const read = async (yaml: string, environment: Record<string, string> = {}) => {
  const path = join(folder, "co2e.yaml");
  writeFileSync(path, yaml);
  return (await readConfig({ CO2E_CONFIG: path, ...environment })).service;
};
const problemsOf = async (
  yaml: string,
  environment: Record<string, string> = {},
): Promise<readonly string[]> => {
  const error: unknown = await read(yaml, environment).catch((fault: unknown) => fault);
  if (!(error instanceof ConfigError)) throw new Error("nothing was found wrong");
  return error.problems.map((problem) => problem.replace(folder, ""));
};

it("the service listens for this machine alone unless the settings say otherwise", async () => {
  expect(await read("")).toEqual({
    host: "127.0.0.1",
    port: 8080,
    requestsPerMinute: 600,
    publicUrl: null,
  });
});

it("the environment says more than the file", async () => {
  const yaml =
    "service: { host: 10.0.0.5, port: 9000, requestsPerMinute: 60, publicUrl: https://co2e.example.org/ }";
  expect(await read(yaml)).toEqual({
    host: "10.0.0.5",
    port: 9000,
    requestsPerMinute: 60,
    publicUrl: "https://co2e.example.org",
  });
  expect(await read(yaml, { CO2E_HOST: "0.0.0.0", CO2E_PORT: "0" })).toMatchObject({
    host: "0.0.0.0",
    port: 0,
  });
});

it("what cannot be listened on is named, all of it at once", async () => {
  expect(await problemsOf("", { CO2E_HOST: "http://x/", CO2E_PORT: "70000" })).toEqual([
    'CO2E_HOST is "http://x/": use an address or a name, such as 127.0.0.1',
    'CO2E_PORT is "70000": use a number from 0 to 65535',
  ]);
  const problems = await problemsOf("service: { port: 65536, requestsPerMinute: 0, hosts: x }");
  expect(problems.map((problem) => /service(\.\w+)?/.exec(problem)?.[0]).sort()).toEqual([
    "service.hosts",
    "service.port",
    "service.requestsPerMinute",
  ]);
});

it.each(["ftp://x.org", "co2e.example.org", "https://user:secret@x.org", "https://x.org/?a=1"])(
  "a public address such as %s is refused, and not repeated",
  async (publicUrl) => {
    expect(await problemsOf(`service: { publicUrl: "${publicUrl}" }`)).toEqual([
      "/co2e.yaml: service.publicUrl is no address such as https://co2e.example.org",
    ]);
  },
);
