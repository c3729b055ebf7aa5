import type { Instant } from "./time.ts";

/** What a key may do. Each holds those before it: who may write may read. */
export const KEY_SCOPES = ["read", "write", "admin"] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** A key of the API, without its secret. */
export interface ApiKey {
  /** The part of the key that may be read by everybody. */
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** UTC day: "2026-11-24". */
  readonly lastUsedOn: string | null;
}

/** "co2e_k3zq7m2av5xw_" and 43 characters → its two parts; undefined for what no key looks like. */
export function parseApiKey(text: string): { readonly keyId: string; readonly secret: string } | undefined {
  const [, keyId, secret] = /^co2e_([a-z2-7]{12})_([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

/** Whether scopes hold the one that is needed: ["write"] holds "read", ["read"] does not hold "write". */
export const holdsScope = (scopes: readonly KeyScope[], needed: KeyScope): boolean =>
  scopes.some((scope) => KEY_SCOPES.indexOf(scope) >= KEY_SCOPES.indexOf(needed));

export type KeyState = "active" | "expired" | "revoked";

/** Half-open: a key that expires at 12:00 no longer counts at 12:00. */
export function keyState(
  { revokedAt, expiresAt }: Pick<ApiKey, "revokedAt" | "expiresAt">,
  now: Instant,
): KeyState {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && now >= expiresAt ? "expired" : "active";
}
