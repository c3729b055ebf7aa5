/** Whether an address to listen on can be reached from this machine alone: "127.0.0.1", "localhost", "::1". */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

/** Why the service must not start; null: it may. On an address that others reach, it needs keys. */
export function mustRefuseToStart(settings: {
  readonly host: string;
  readonly hasKeys: boolean;
  /** Told so on the command line. */
  readonly insecure: boolean;
}): string | null {
  const { host, hasKeys, insecure } = settings;
  if (isLoopback(host) || hasKeys || insecure) return null;
  return (
    `Not started: ${host} can be reached from other machines, and there is no API key. Make one with ` +
    "co2e keys create --name NAME --scope read, listen on 127.0.0.1, or say --insecure to let everybody in."
  );
}

/** "localhost:8080" → "localhost", "[::1]:8080" → "[::1]"; undefined for what is no host. */
export const hostName = (hostHeader: string | undefined): string | undefined =>
  /^(\[[\da-f:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/i.exec(hostHeader ?? "")?.[1]?.toLowerCase();
