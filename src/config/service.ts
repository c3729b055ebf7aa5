import type { FileSettings } from "./file.ts";

/** How `co2e up` listens. */
export interface ServiceConfig {
  /** Address to listen on. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Of each key, and without a key of each address. */
  readonly requestsPerMinute: number;
  /** Where people reach it, without a slash at the end; null: at the address that it listens on. */
  readonly publicUrl: string | null;
}

/** The environment says more than the file. What is wrong is added to `problems`. */
export function readService(
  file: Pick<FileSettings, "path" | "service">,
  fromEnv: { readonly host: string | undefined; readonly port: string | undefined },
  problems: string[],
): ServiceConfig {
  const { host, port, requestsPerMinute, publicUrl } = file.service;
  if (publicUrl !== undefined && !isPlainAddress(publicUrl))
    problems.push(`${file.path}: service.publicUrl is no address such as https://co2e.example.org`);
  return {
    host: readHost(fromEnv.host, problems) ?? host,
    port: readPort(fromEnv.port, problems) ?? port,
    requestsPerMinute,
    publicUrl: publicUrl?.replace(/\/+$/, "") ?? null,
  };
}

/** No login, as it would stand in messages to everybody. */
function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "" && search === "" && hash === "";
}

function readHost(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined || /^[^\s/@]+$/.test(text)) return text;
  problems.push(`CO2E_HOST is "${text}": use an address or a name, such as 127.0.0.1`);
  return undefined;
}

function readPort(text: string | undefined, problems: string[]): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  problems.push(`CO2E_PORT is "${text}": use a number from 0 to 65535`);
  return undefined;
}

/** The public address; without one that of this computer, for whoever reads a link on it. */
export const reachableUrl = ({ publicUrl, port }: ServiceConfig): string =>
  publicUrl ?? `http://127.0.0.1:${port}`;
