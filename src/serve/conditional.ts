import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { HOUR_MS, type Instant, MINUTE_MS } from "../core/time.ts";

/** A body with its ETag, made once and sent often. */
export interface Prepared {
  readonly text: string;
  readonly etag: string;
}

export const prepared = (answer: unknown): Prepared => {
  const text = JSON.stringify(answer);
  return { text, etag: etagOf(text) };
};

/** A strong ETag: equal for equal bytes. */
export const etagOf = (text: string): string =>
  `"${createHash("sha256").update(text).digest("base64url").slice(0, 27)}"`;

/** Whether a client has this body already, as its If-None-Match says. RFC 9110: compared weakly, a list, or * for any. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch === etag ||
    ifNoneMatch.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag));

/** Sends a body, or 304 without it to whom it is known. */
export function sendPrepared(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, etag }: Prepared,
  type = "application/json; charset=utf-8",
): FastifyReply {
  reply.header("etag", etag);
  if (isKnown(request.headers["if-none-match"], etag)) return reply.code(304).send();
  return reply.header("content-type", type).send(text);
}

/** Minute of the hour at which the ingest brings a new one. */
const INGEST_MINUTE = 5;

/** Seconds that the latest intensity may be kept: until the next ingest, and at most a minute. At 14:04:30 → 30. */
export function secondsUntilNews(now: Instant): number {
  const intoHour = now % HOUR_MS;
  const next = INGEST_MINUTE * MINUTE_MS;
  const ms = intoHour < next ? next - intoHour : next + HOUR_MS - intoHour;
  return Math.max(1, Math.min(60, Math.ceil(ms / 1000)));
}

/** Providers revise for about two days; older hours change only by a person's hand. */
const SETTLED_MS = 72 * HOUR_MS;

/** Seconds that a range of intensity may be kept. */
export const secondsOfRange = (end: Instant, now: Instant): number =>
  end <= now - SETTLED_MS ? 3600 : secondsUntilNews(now);
