import type { SendOutcome } from "./channel.ts";

/** Of one attempt, the answer included. */
const DEADLINE_MS = 10_000;
const MOST_BODY = 2_000;
/** A channel that throttles and does not say for how long. */
const THROTTLED_MS = 60_000;

export interface Answer {
  readonly status: number;
  /** The beginning of it. */
  readonly body: string;
  readonly retryAfterMs: number | null;
}

/** Posts JSON once. Null: no complete answer within the deadline; why is left out, for it may carry the address. */
export type Post = (
  url: string,
  body: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer | null>;

export const createPost =
  ({ fetch, deadlineMs = DEADLINE_MS }: { fetch: typeof globalThis.fetch; deadlineMs?: number }): Post =>
  async (url, body, headers = {}) => {
    // Not AbortSignal.timeout: in Node 20 a garbage collection between head and body takes it away.
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), deadlineMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": "co2e", ...headers },
        body,
        // Followed, a redirect would carry message and key elsewhere.
        redirect: "manual",
        signal: controller.signal,
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text.slice(0, MOST_BODY),
        retryAfterMs: retryAfterMs(response.headers),
      };
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  };

/** Seconds, or a date, which is compared with the answer's own. */
function retryAfterMs(headers: Headers): number | null {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const waitMs = Date.parse(value) - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}

/** What an answer means: 2xx is sent, 408, 425, 429 and 5xx may work later, everything else never does. `detail` is what
 *  may be repeated of the answer. */
export function outcomeOf(who: string, answer: Answer | null, detail = ""): SendOutcome {
  if (answer === null)
    return { kind: "retry", reason: `${who} gave no complete answer in time`, retryAfterMs: null };
  const { status, retryAfterMs: wait } = answer;
  if (status >= 200 && status < 300) return { kind: "sent" };
  const reason = `${who} answered ${status}${detail === "" ? "" : ` (${detail})`}`;
  if (status >= 300 && status < 400)
    return { kind: "permanent", reason: `${reason}, a redirect: give the address that it leads to` };
  if (status === 429) return { kind: "retry", reason, retryAfterMs: wait ?? THROTTLED_MS };
  return status === 408 || status === 425 || status >= 500
    ? { kind: "retry", reason, retryAfterMs: wait }
    : { kind: "permanent", reason };
}
