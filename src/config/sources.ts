import { SOURCES } from "../sources/registry.ts";
import { isSecret, type SourceSetting } from "../sources/source.ts";
import { type Env, readKey, readUrl } from "./environment.ts";
import type { FileSettings } from "./file.ts";

// The chain of sources, and what each needs from the environment.

/** Sources that settings can name, in the default order of the chain. */
const SOURCE_NAMES = SOURCES.map(({ description }) => description.name);

/** The values of its variables. */
export type SourceSettings = Readonly<Record<string, string>>;

export function readSources(fromEnv: string | undefined, file: FileSettings, problems: string[]): string[] {
  const [where, names] =
    fromEnv === undefined
      ? [`${file.path}: sources`, file.sources ?? SOURCE_NAMES]
      : ["CO2E_SOURCES", fromEnv.split(",").map((name) => name.trim())];
  for (const name of names) {
    if (!SOURCE_NAMES.includes(name))
      problems.push(`${where} names "${name}": use ${SOURCE_NAMES.join(", ")}, in the order to ask them`);
  }
  if (names.length === 0) problems.push(`${where} is empty: name at least one of ${SOURCE_NAMES.join(", ")}`);
  return [...new Set(names)].filter((name) => SOURCE_NAMES.includes(name));
}

export function readQuota(file: FileSettings, problems: string[]): FileSettings["quota"] {
  for (const name of Object.keys(file.quota)) {
    if (!SOURCE_NAMES.includes(name))
      problems.push(`${file.path}: quota names "${name}": use ${SOURCE_NAMES.join(", ")}`);
  }
  return file.quota;
}

export function readSourceSettings(env: Env, problems: string[]): Record<string, SourceSettings> {
  const bySource: Record<string, SourceSettings> = {};
  for (const { description, settings } of SOURCES) {
    const values: Record<string, string> = {};
    const secrets = settings.filter(isSecret);
    const given = secrets.filter(({ variable }) => env(variable) !== undefined);
    for (const setting of settings) {
      const value = readSourceSetting(env, setting, problems);
      if (value !== undefined) values[setting.variable] = value;
    }
    for (const { variable } of given.length > 0 ? secrets : []) {
      if (env(variable) === undefined)
        problems.push(`${variable} is not set, ${given[0]?.variable} is: set both or none`);
    }
    if (settings.every(({ variable }) => Object.hasOwn(values, variable)))
      bySource[description.name] = values;
  }
  return bySource;
}

function readSourceSetting(env: Env, setting: SourceSetting, problems: string[]): string | undefined {
  const { variable, kind, fallback, choices = [] } = setting;
  const value =
    kind === "url"
      ? readUrl(env, variable, fallback, problems)
      : kind === "key"
        ? readKey(env, variable, problems)
        : (env(variable) ?? fallback);
  if (value === undefined) return undefined;
  const problem =
    kind === "choice" && !choices.includes(value)
      ? `is "${value}": use ${choices.join(" or ")}`
      : setting.problem?.(value);
  if (problem === undefined) return value;
  problems.push(`${variable} ${problem}`);
  return undefined;
}
