// The same observations as usage and grid intensity for co2e, and as a manifest for Impact Framework.
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";

export interface Sizes {
  readonly services: number;
  readonly hours: number;
}

/** 100 services over as many hours as it takes; from half a million lines on 5,000 hours of as many services as it takes. */
export function sizesOf(lines: number): Sizes {
  const hours = Math.min(lines / 100, 5000);
  return { services: lines / hours, hours };
}

export const REGIONS = ["us-east-1", "eu-central-1"] as const;
export const HOUR_MS = 3_600_000;
export const firstHourMs = Date.UTC(2024, 0, 1);
const timeOf = (hour: number): string =>
  `${new Date(firstHourMs + hour * HOUR_MS).toISOString().slice(0, 16)}Z`;

/** Different from hour to hour, as grids are: a value that stands still would be suspect. */
export const gridGPerKWh = (region: number, hour: number): number =>
  300 + region * 100 + Math.round(60 * Math.sin((hour / 24) * 2 * Math.PI)) + ((hour * 13) % 17) / 10;

export const energyKWh = (service: number, hour: number): number => 1 + ((service * 7 + hour * 3) % 100) / 10;
export const requestCount = (service: number, hour: number): number => 100 + ((service + hour) % 900);

/** vCPUs that each service reserves of a server of 96. */
const VCPUS = 4;
const SERVER_VCPUS = 96;

async function writeAll(path: string, pieces: Iterable<string>): Promise<void> {
  const file = createWriteStream(path);
  for (const piece of pieces) if (!file.write(piece)) await once(file, "drain");
  file.end();
  await once(file, "close");
}

/** usage.csv and grid.csv */
export async function writeUsage(folder: string, { services, hours }: Sizes): Promise<void> {
  await writeAll(join(folder, "grid.csv"), gridLines(hours));
  await writeAll(join(folder, "usage.csv"), usageLines(services, hours));
}

function* gridLines(hours: number): Generator<string> {
  yield "region,hour,g_per_kwh\n";
  for (let hour = 0; hour < hours; hour++)
    for (const [index, region] of REGIONS.entries())
      yield `${region},${timeOf(hour)},${gridGPerKWh(index, hour)}\n`;
}

function* usageLines(services: number, hours: number): Generator<string> {
  yield "service,region,hour,requests,energy_kwh,tier,boundary,vcpu_hours\n";
  for (let hour = 0; hour < hours; hour++) {
    let lines = "";
    for (let service = 0; service < services; service++)
      lines +=
        `service-${service},${REGIONS[service % 2]},${timeOf(hour)},${requestCount(service, hour)},` +
        `${energyKWh(service, hour)},measured,facility,${VCPUS}\n`;
    yield lines;
  }
}

/** manifest.yml: Multiply, SciEmbodied, Sum and Sci, the plugins that come with Impact Framework. A server of 1,000,000 g over
 *  4 years, of which the usage ratio is reserved for the duration. */
export const writeManifest = (folder: string, sizes: Sizes): Promise<void> =>
  writeAll(join(folder, "manifest.yml"), manifest(sizes));

const PLUGINS = `name: bench
description: energy × grid intensity, embodied, SCI
tags:
initialize:
  plugins:
    operational:
      method: Multiply
      path: builtin
      config:
        input-parameters: [energy, grid/carbon-intensity]
        output-parameter: carbon-operational
    embodied:
      method: SciEmbodied
      path: builtin
      config:
        baseline-emissions: 1000000
        lifespan: 126144000
        output-parameter: carbon-embodied
    total:
      method: Sum
      path: builtin
      config:
        input-parameters: [carbon-operational, carbon-embodied]
        output-parameter: carbon
    sci:
      method: Sci
      path: builtin
      config:
        functional-unit: requests
tree:
  children:
`;

function* manifest({ services, hours }: Sizes): Generator<string> {
  yield PLUGINS;
  for (let service = 0; service < services; service++) {
    yield `    service-${service}:
      pipeline:
        compute: [operational, embodied, total, sci]
      inputs:
`;
    for (let hour = 0; hour < hours; hour++)
      yield `        - timestamp: ${timeOf(hour)}
          duration: 3600
          energy: ${energyKWh(service, hour)}
          grid/carbon-intensity: ${gridGPerKWh(service % 2, hour)}
          usage-ratio: ${VCPUS / SERVER_VCPUS}
          requests: ${requestCount(service, hour)}
`;
  }
}
