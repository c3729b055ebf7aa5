import type { FastifyInstance } from "fastify";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../core/errors.ts";
import type { Log } from "../flows/parts.ts";
import type { Store } from "../store/store.ts";
import { systemClock } from "./app.ts";

/** Who may use the service: adds the checks to a server. Throws ConfigError when the service must not start as it is told. */
export async function createAccess(
  store: Pick<Store, "apiKeys">,
  config: Pick<Config, "service">,
  options: { readonly host: string; readonly isInsecure: boolean; readonly log: Log },
): Promise<(server: FastifyInstance) => void> {
  const [{ accessHooks }, { mustRefuseToStart }, { createKeyRing }] = await Promise.all([
    import("../serve/access.ts"),
    import("../serve/binding.ts"),
    import("../serve/key-ring.ts"),
  ]);
  const { host, isInsecure, log } = options;
  const keys = createKeyRing({ keys: store.apiKeys, clock: systemClock, log });
  await keys.freshen();
  const refusal = mustRefuseToStart({ host, hasKeys: keys.hasKeys(), insecure: isInsecure });
  if (refusal !== null) throw new ConfigError(refusal);
  const { publicUrl, requestsPerMinute } = config.service;
  return (server) =>
    accessHooks(server, { keys, settings: { host, publicUrl, requestsPerMinute, insecure: isInsecure } });
}
