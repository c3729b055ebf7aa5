import { DelegateBackoff, handleWhen, retry } from "cockatiel";
import { SourceError } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";

export interface HttpOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: () => Instant;
  /** Per attempt, body included. */
  readonly timeoutMs: number;
  /** The first one counted. */
  readonly attempts: number;
  readonly retryDelayMs: number;
  /** Called before each wait, for the log. */
  readonly onRetry?: (event: { source: string; attempt: number; waitMs: number; reason: string }) => void;
}

export interface HttpRequest {
  readonly source: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer below 500 that is not 429. `json` is undefined when the body is not JSON (only for 4xx). */
export interface HttpAnswer {
  readonly status: number;
  readonly json: unknown;
}

export interface Http {
  /** GET with deadline and bounded retries. Retried: no answer, broken bodies, 5xx, 429 and a 200 that is not JSON.
   *  Throws SourceError "unavailable", "rate-limited" or "malformed" when the last attempt failed too. */
  getJson(request: HttpRequest): Promise<HttpAnswer>;
}

/** A server that asks us to come back later than this is asking us to give up now. */
const LONGEST_WAIT_MS = 120_000;
const RETRYABLE = new Set(["unavailable", "rate-limited", "malformed"]);

export function createHttp(options: HttpOptions): Http {
  const waitFor = (error: unknown): number => {
    const asked = error instanceof SourceError ? error.retryAfterMs : undefined;
    return Math.max(asked ?? 0, options.retryDelayMs);
  };
  const policy = retry(
    handleWhen(
      (error) =>
        error instanceof SourceError &&
        RETRYABLE.has(error.kind) &&
        (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS,
    ),
    {
      maxAttempts: options.attempts - 1,
      backoff: new DelegateBackoff((context) =>
        waitFor("error" in context.result ? context.result.error : undefined),
      ),
    },
  );
  return {
    getJson: (request) =>
      policy.execute(async ({ attempt }) => {
        try {
          return await attemptOnce(options, request);
        } catch (error) {
          if (attempt + 1 < options.attempts && error instanceof SourceError) {
            options.onRetry?.({
              source: request.source,
              attempt: attempt + 1,
              waitMs: waitFor(error),
              reason: error.message,
            });
          }
          throw error;
        }
      }),
  };
}

async function attemptOnce(options: HttpOptions, request: HttpRequest): Promise<HttpAnswer> {
  const { source } = request;
  let response: Response;
  let text: string;
  try {
    response = await options.fetch(request.url, {
      headers: { accept: "application/json", "user-agent": "co2e", ...request.headers },
      redirect: "error",
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    throw new SourceError("unavailable", source, `${source} ${failureText(error, options.timeoutMs)}`, {
      cause: error,
    });
  }
  if (response.status === 429) {
    throw new SourceError("rate-limited", source, `${source} answered 429, too many requests`, {
      retryAfterMs: retryAfterMs(response.headers.get("retry-after"), options.clock()),
    });
  }
  if (response.status >= 500) {
    throw new SourceError("unavailable", source, `${source} answered ${response.status}`, {
      retryAfterMs: retryAfterMs(response.headers.get("retry-after"), options.clock()),
    });
  }
  const json = parseJson(text);
  if (response.ok && json === undefined) {
    const looksLike = /^\s*</.test(text) ? "an HTML page" : "text that is not JSON";
    throw new SourceError("malformed", source, `${source} answered ${response.status} with ${looksLike}`);
  }
  return { status: response.status, json };
}

function failureText(error: unknown, timeoutMs: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } };
  if (name === "TimeoutError") return `gave no complete answer within ${timeoutMs / 1000} s`;
  return `could not be reached (${cause?.code ?? cause?.message ?? "connection failed"})`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Retry-After is either seconds or a date. */
function retryAfterMs(header: string | null, now: Instant): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
