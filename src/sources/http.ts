import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  retry,
} from "cockatiel";
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
  /** How long a source that is down is left alone before it is tried again. */
  readonly breakMs?: number;
  /** Takes one request from the budget of the source, and waits while its speed limit asks for it. Throws SourceError
   *  "quota" when the budget is spent. */
  readonly takeCall?: (source: string) => Promise<void>;
  /** Called before each wait, for the log. */
  readonly onRetry?: (event: { source: string; attempt: number; waitMs: number; reason: string }) => void;
  /** Called with each answer that has a Date: the provider's clock minus ours. */
  readonly onClockSkew?: (event: { source: string; skewMs: number }) => void;
}

export interface HttpRequest {
  readonly source: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** "text": `text` is what counts, and need not be JSON. */
  readonly format?: "json" | "text";
  /** A body that is larger is not read to its end: SourceError "refused". Default: any size. */
  readonly maxBytes?: number;
  /** Called for each request that is sent, retries included. */
  readonly onCall?: (() => void) | undefined;
  /** An answer that the provider means as "too fast": tried again like a 429. */
  readonly isTooFast?: (answer: HttpAnswer) => boolean;
}

/** An answer below 500 that is not 429. `json` is undefined when the body is not JSON. */
export interface HttpAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly text: string;
}

export interface Http {
  /** GET with deadline and bounded retries. Retried: no answer, broken bodies, 5xx, 429 and a 200 that is not JSON.
   *  A source that gives no answer six times in a row is left alone for a while.
   *  Throws SourceError "unavailable", "rate-limited", "malformed", "refused" or "quota" when the last attempt failed too. */
  get(request: HttpRequest): Promise<HttpAnswer>;
}

/** A server that asks us to come back later than this is asking us to give up now. */
const LONGEST_WAIT_MS = 120_000;
const RETRYABLE = new Set(["unavailable", "rate-limited", "malformed"]);
const FAILURES_UNTIL_BREAK = 6;
const BREAK_MS = 60_000;
/** Date has whole seconds and the answer takes its time: less than this is no skew. */
const LEAST_SKEW_MS = 2_000;

export function createHttp(options: HttpOptions): Http {
  const breakMs = options.breakMs ?? BREAK_MS;
  const breakers = new Map<string, CircuitBreakerPolicy>();
  const breakerOf = (source: string): CircuitBreakerPolicy => {
    let breaker = breakers.get(source);
    if (!breaker) {
      breaker = circuitBreaker(
        handleWhen((error) => error instanceof SourceError && error.kind === "unavailable"),
        { halfOpenAfter: breakMs, breaker: new ConsecutiveBreaker(FAILURES_UNTIL_BREAK) },
      );
      breakers.set(source, breaker);
    }
    return breaker;
  };
  const waitFor = (error: unknown): number => {
    const asked = error instanceof SourceError ? error.retryAfterMs : undefined;
    return Math.max(asked ?? 0, options.retryDelayMs);
  };
  const policy = retry(handleWhen(isWorthAnotherAttempt), {
    maxAttempts: options.attempts - 1,
    backoff: new DelegateBackoff((context) =>
      waitFor("error" in context.result ? context.result.error : undefined),
    ),
  });
  return {
    async get(request) {
      const { source } = request;
      try {
        return await policy.execute(({ attempt }) =>
          breakerOf(source).execute(async () => {
            try {
              await options.takeCall?.(source);
              return await attemptOnce(options, request);
            } catch (error) {
              if (attempt + 1 < options.attempts && isWorthAnotherAttempt(error)) {
                options.onRetry?.({
                  source,
                  attempt: attempt + 1,
                  waitMs: waitFor(error),
                  reason: error.message,
                });
              }
              throw error;
            }
          }),
        );
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
        throw new SourceError(
          "unavailable",
          source,
          `${source} gave no answer ${FAILURES_UNTIL_BREAK} times in a row; it is left alone for ${breakMs / 1000} s`,
        );
      }
    },
  };
}

const isWorthAnotherAttempt = (error: unknown): error is SourceError =>
  error instanceof SourceError && RETRYABLE.has(error.kind) && (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS;

async function attemptOnce(options: HttpOptions, request: HttpRequest): Promise<HttpAnswer> {
  const { source } = request;
  let response: Response;
  let headersAt: Instant;
  let text: string;
  request.onCall?.();
  try {
    ({ response, headersAt, text } = await withDeadline(options.timeoutMs, async (signal) => {
      const answer = await options.fetch(request.url, {
        headers: { accept: "application/json", "user-agent": "co2e", ...request.headers },
        redirect: "error",
        signal,
      });
      return { response: answer, headersAt: options.clock(), text: await bodyOf(answer, request) };
    }));
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError("unavailable", source, `${source} ${failureText(error, options.timeoutMs)}`, {
      cause: error,
    });
  }
  tellSkew(options, source, response.headers.get("date"), headersAt);
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
  if (response.ok && json === undefined && request.format !== "text") {
    const looksLike = /^\s*</.test(text) ? "an HTML page" : "text that is not JSON";
    throw new SourceError("malformed", source, `${source} answered ${response.status} with ${looksLike}`);
  }
  const answer: HttpAnswer = { status: response.status, json, text };
  if (request.isTooFast?.(answer)) {
    throw new SourceError(
      "rate-limited",
      source,
      `${source} answered ${answer.status} to a key that it has just accepted: requests came too fast`,
    );
  }
  return answer;
}

async function bodyOf(answer: Response, { source, maxBytes }: HttpRequest): Promise<string> {
  if (maxBytes === undefined || answer.body === null) return answer.text();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new SourceError(
        "refused",
        source,
        `${source} answered with more than ${Math.floor(maxBytes / 2 ** 20)} MiB`,
      );
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Not AbortSignal.timeout: in Node 20 a garbage collection between head and body takes it away, and a body that stalls
 *  would hold us for ever. */
async function withDeadline<Result>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new DOMException("no complete answer in time", "TimeoutError");
      controller.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tellSkew(options: HttpOptions, source: string, date: string | null, headersAt: Instant): void {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return;
  const skewMs = theirs - headersAt;
  options.onClockSkew?.({ source, skewMs: Math.abs(skewMs) < LEAST_SKEW_MS ? 0 : skewMs });
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
