import {
  type Answer,
  credentials,
  type FakeServer,
  jsonAnswer,
  nginxAnswer,
  type RecordedRequest,
  startFakeServer,
} from "./fake-server.ts";
import { MINUTE_MS } from "./time.ts";
import type { RegionScript } from "./watttime-data.ts";
import { historical, myAccess, refuseParameters, regionFromLoc, signalIndex } from "./watttime-data.ts";

export type { RegionScript } from "./watttime-data.ts";

const FREE_REGION = "CAISO_NORTH";
const RATE_WINDOW_MS = 5 * MINUTE_MS;

export interface FakeWatttimeOptions {
  username: string;
  password: string;
  /** Epoch milliseconds. */
  clock: () => number;
  regions: Record<string, RegionScript>;
  /** False is the free plan: historical data of CAISO_NORTH only. Default: true. */
  fullAccess?: boolean;
  /** By the clock. Default: 30 minutes. */
  tokenLifetimeMs?: number;
  /** Requests allowed in any 5 minutes of the clock. Default: 3000, of which 100 to /login. */
  requestLimit?: number;
  loginLimit?: number;
}

/** A fake WattTime v3. */
export interface FakeWatttime extends FakeServer {
  /** Makes every token given out so far invalid. */
  expireTokens(): void;
}

/** Starts the fake. Endpoints that are real but not faked (forecasts, maps, register...) answer 501. */
export async function startFakeWatttime(options: FakeWatttimeOptions): Promise<FakeWatttime> {
  const { clock, regions } = options;
  const fullAccess = options.fullAccess ?? true;
  const tokenLifetimeMs = options.tokenLifetimeMs ?? 30 * MINUTE_MS;
  const allowRequest = rollingLimit(options.requestLimit ?? 3000, clock);
  const allowLogin = rollingLimit(options.loginLimit ?? 100, clock);
  const validUntil = new Map<string, number>();
  let tokenCount = 0;

  function handle(request: RecordedRequest): Answer {
    if (!allowRequest()) return tooManyRequests();
    if (request.method !== "GET") return jsonAnswer(405, { detail: "Method Not Allowed" });
    if (request.path === "/login") return login(request);
    const expiry = validUntil.get(credentials(request, "bearer") ?? "");
    if (expiry === undefined || clock() >= expiry) {
      return jsonAnswer(401, { error: "UNAUTHORIZED", message: "Missing, invalid or expired token" });
    }
    return answerData(request.path, request.query);
  }

  function login(request: RecordedRequest): Answer {
    if (!allowLogin()) return tooManyRequests();
    const expected = Buffer.from(`${options.username}:${options.password}`).toString("base64");
    if (credentials(request, "basic") !== expected) return nginxAnswer(403, "Forbidden");
    tokenCount += 1;
    const token = `faketoken${String(tokenCount).padStart(6, "0")}`;
    validUntil.set(token, clock() + tokenLifetimeMs);
    return jsonAnswer(200, { token });
  }

  function answerData(path: string, query: Record<string, string>): Answer {
    switch (path) {
      case "/v3/historical":
        return (
          refuseParameters(query, ["region", "signal_type", "start", "end"]) ??
          refusePlan(query) ??
          historical(query, regions, clock())
        );
      case "/v3/signal-index":
        return refuseParameters(query, ["region"]) ?? signalIndex(query, regions, clock());
      case "/v3/my-access":
        return refuseParameters(query, []) ?? myAccess(query, readableRegions());
      case "/v3/region-from-loc":
        return (
          refuseParameters(query, ["latitude", "longitude", "signal_type"]) ?? regionFromLoc(query, regions)
        );
      default:
        return jsonAnswer(501, { error: `The fake has no ${path}` });
    }
  }

  function readableRegions(): Record<string, RegionScript> {
    const entries = Object.entries(regions).filter(([region]) => fullAccess || region === FREE_REGION);
    return Object.fromEntries(entries);
  }

  /** No account of the fake has health_damage; the free plan has one region. */
  function refusePlan(query: Record<string, string>): Answer | undefined {
    const allowed = fullAccess || query.region === FREE_REGION;
    return allowed && query.signal_type !== "health_damage" ? undefined : notInPlan();
  }

  const server = await startFakeServer({ handler: handle, clock });
  return { ...server, expireTokens: () => validUntil.clear() };
}

function notInPlan(): Answer {
  const scope = "Invalid scope. You do not have sufficient access to this resource.";
  const message = `${scope} Please note that all users are allowed free access to ${FREE_REGION}.`;
  return jsonAnswer(403, { error: "Invalid query parameters", message });
}

function tooManyRequests(): Answer {
  return jsonAnswer(429, { error: "TOO_MANY_REQUESTS", message: "Rate limit exceeded" });
}

/** Says whether one more request fits into the last five minutes; a refused one does not count. */
function rollingLimit(limit: number, clock: () => number): () => boolean {
  const times: number[] = [];
  return () => {
    const now = clock();
    while (times[0] !== undefined && times[0] <= now - RATE_WINDOW_MS) times.shift();
    if (times.length >= limit) return false;
    times.push(now);
    return true;
  };
}
