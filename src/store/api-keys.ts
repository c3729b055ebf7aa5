import { randomBytes } from "node:crypto";
import type { ApiKey, KeyScope } from "../core/api-key.ts";
import { type Instant, instant, toIso } from "../core/time.ts";
import { arrayText, type Queries } from "./database.ts";
import { secretHash } from "./secret-hash.ts";

/** A key with what its secret is checked against. */
export interface StoredKey extends ApiKey {
  readonly secretSha256: string;
}

/** `api_key`: who may use the API. The secret of a key is not kept, only its hash. */
export type ApiKeys = ReturnType<typeof apiKeysTable>;

export function apiKeysTable(queries: Queries) {
  return {
    /** Makes a key. `key` is what its holder sends; it can be had here and never again. */
    async create(wanted: {
      readonly name: string;
      readonly scopes: readonly KeyScope[];
      readonly expiresAt: Instant | null;
      readonly now: Instant;
    }): Promise<ApiKey & { readonly key: string }> {
      const { name, scopes, expiresAt, now } = wanted;
      const keyId = newKeyId();
      const secret = randomBytes(32).toString("base64url");
      await queries.query(
        `insert into api_key (key_id, name, scopes, secret_sha256, created_at, expires_at)
         values ($1, $2, $3::text::text[], $4, $5::timestamptz, $6::timestamptz)`,
        [
          keyId,
          name,
          arrayText(scopes),
          secretHash(secret),
          toIso(now),
          expiresAt === null ? null : toIso(expiresAt),
        ],
      );
      const key = `co2e_${keyId}_${secret}`;
      return { keyId, name, scopes, createdAt: now, expiresAt, revokedAt: null, lastUsedOn: null, key };
    },

    /** All keys, the newest first. */
    async list(): Promise<ApiKey[]> {
      const rows = await queries.query<KeyRow>(`select ${COLUMNS} from api_key ${NEWEST_FIRST}`);
      return rows.map(toApiKey);
    },

    /** All keys, with the hashes of their secrets. */
    async withHashes(): Promise<StoredKey[]> {
      const rows = await queries.query<KeyRow & { secret_sha256: string }>(
        `select ${COLUMNS}, secret_sha256 from api_key ${NEWEST_FIRST}`,
      );
      return rows.map((row) => ({ ...toApiKey(row), secretSha256: row.secret_sha256 }));
    },

    /** From `now` on the key counts no longer; one that was revoked before keeps its time. Undefined: there is no such key. */
    async revoke(keyId: string, now: Instant): Promise<ApiKey | undefined> {
      const rows = await queries.query<KeyRow>(
        `update api_key set revoked_at = coalesce(revoked_at, $2::timestamptz) where key_id = $1
         returning ${COLUMNS}`,
        [keyId, toIso(now)],
      );
      return rows.map(toApiKey)[0];
    },

    /** Notes that the key was used on that UTC day, "2026-11-24"; a day that is noted already changes nothing. */
    async touch(keyId: string, day: string): Promise<void> {
      await queries.query(
        `update api_key set last_used_on = $2::date
         where key_id = $1 and (last_used_on is null or last_used_on < $2::date)`,
        [keyId, day],
      );
    },
  };
}

/** 12 characters of base32: 60 bits. */
const newKeyId = (): string =>
  [...randomBytes(12)].map((byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte % 32]).join("");

const COLUMNS = `key_id, name, scopes, (extract(epoch from created_at) * 1000)::float8 as created_ms,
  (extract(epoch from expires_at) * 1000)::float8 as expires_ms,
  (extract(epoch from revoked_at) * 1000)::float8 as revoked_ms, last_used_on::text as last_used_on`;

const NEWEST_FIRST = "order by created_at desc, key_id";

interface KeyRow {
  key_id: string;
  name: string;
  scopes: KeyScope[];
  created_ms: number;
  expires_ms: number | null;
  revoked_ms: number | null;
  last_used_on: string | null;
}

const moment = (ms: number | null): Instant | null => (ms === null ? null : instant(Math.round(ms)));

const toApiKey = (row: KeyRow): ApiKey => ({
  keyId: row.key_id,
  name: row.name,
  scopes: row.scopes,
  createdAt: instant(Math.round(row.created_ms)),
  expiresAt: moment(row.expires_ms),
  revokedAt: moment(row.revoked_ms),
  lastUsedOn: row.last_used_on,
});
