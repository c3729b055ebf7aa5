// What settings that come from the environment look like. What is wrong is added to `problems`; no value is repeated that may be
// a secret.

/** The value of a variable; undefined: not set, or empty. */
export type Env = (name: string) => string | undefined;

/** A key goes into a header: what cannot stand there is a copying mistake. The value itself is never repeated. */
export function readKey(env: Env, name: string, problems: string[]): string | undefined {
  const value = env(name);
  if (value === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  problems.push(`${name} holds spaces or characters that no key has: copy it again`);
  return undefined;
}

export function readUrl<Fallback extends string | undefined>(
  env: Env,
  name: string,
  fallback: Fallback,
  problems: string[],
): string | Fallback | undefined {
  const value = env(name) ?? fallback;
  if (value === undefined) return undefined;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value.replace(/\/+$/, "");
  problems.push(`${name} is no http or https address`);
  return undefined;
}

export function readNumber(
  env: Env,
  name: string,
  fallback: number,
  least: number,
  problems: string[],
): number {
  const text = env(name);
  if (text === undefined) return fallback;
  if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= 3_600_000) return Number(text);
  problems.push(`${name} is "${text}": use whole milliseconds from ${least} to 3600000`);
  return fallback;
}

export function checkDatabaseUrl(url: string, problems: string[]): void {
  // An unescaped slash or @ in the password would move a part of it into host or path, and from there into messages.
  if (URL.canParse(url)) {
    const { protocol, pathname } = new URL(url);
    if (/^postgres(ql)?:$/.test(protocol) && /^(\/[^/@]*)?$/.test(pathname)) return;
  }
  problems.push("DATABASE_URL is no PostgreSQL address: postgresql://user:password@host:5432/database");
}
