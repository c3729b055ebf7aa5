import fc from "fast-check";
import { expect, it } from "vitest";
import { holdsScope, KEY_SCOPES, keyState, parseApiKey } from "./api-key.ts";
import { instant } from "./time.ts";

const ID = "k3zq7m2av5xw";
const SECRET = `${"A_-9".repeat(10)}abc`;

it("a key has an id that may be shown and a secret, which may hold the sign between them", () => {
  expect(parseApiKey(`co2e_${ID}_${SECRET}`)).toEqual({ keyId: ID, secret: SECRET });
});

it.each([
  ["another prefix", `co2f_${ID}_${SECRET}`],
  ["no secret", `co2e_${ID}_`],
  ["a secret that is too short", `co2e_${ID}_${SECRET.slice(1)}`],
  ["a secret that is too long", `co2e_${ID}_${SECRET}x`],
  ["an id with a capital letter", `co2e_${ID.toUpperCase()}_${SECRET}`],
  ["a space at the end", `co2e_${ID}_${SECRET} `],
  ["a line break at the end", `co2e_${ID}_${SECRET}\n`],
  ["nothing", ""],
])("%s is no key", (_, text) => {
  expect(parseApiKey(text)).toBeUndefined();
});

it("whoever may write may read, whoever administers may do everything, and a reader can only read", () => {
  expect(KEY_SCOPES.map((needed) => holdsScope(["read"], needed))).toEqual([true, false, false]);
  expect(KEY_SCOPES.map((needed) => holdsScope(["write"], needed))).toEqual([true, true, false]);
  expect(KEY_SCOPES.map((needed) => holdsScope(["admin"], needed))).toEqual([true, true, true]);
  expect(KEY_SCOPES.map((needed) => holdsScope(["read", "write"], needed))).toEqual([true, true, false]);
  expect(holdsScope([], "read")).toBe(false);
});

it("one more scope never takes anything away", () => {
  const scope = fc.constantFrom(...KEY_SCOPES);
  fc.assert(
    fc.property(fc.array(scope), scope, scope, (scopes, more, needed) => {
      expect(holdsScope([...scopes, more], needed) || !holdsScope(scopes, needed)).toBe(true);
    }),
  );
});

it("a key ends at its moment, and one that was revoked is that first", () => {
  const expiresAt = instant(1_000);
  expect(keyState({ revokedAt: null, expiresAt }, instant(999))).toBe("active");
  expect(keyState({ revokedAt: null, expiresAt }, instant(1_000))).toBe("expired");
  expect(keyState({ revokedAt: instant(5), expiresAt }, instant(2_000))).toBe("revoked");
  expect(keyState({ revokedAt: null, expiresAt: null }, instant(9e15))).toBe("active");
});
