import { expect, it } from "vitest";
import { hostName, isLoopback, mustRefuseToStart } from "./binding.ts";

it("loopback is what this machine alone can reach", () => {
  expect(
    ["127.0.0.1", "127.8.9.10", "localhost", "::1", "[::1]"].filter((host) => !isLoopback(host)),
  ).toEqual([]);
  expect(
    ["0.0.0.0", "::", "10.0.0.1", "127.example.org", "localhost.example.org", "::ffff:10.0.0.1", ""].filter(
      isLoopback,
    ),
  ).toEqual([]);
});

it("on an address that others reach the service needs keys, or to be told that it needs none", () => {
  const refusal = (host: string, hasKeys: boolean, insecure: boolean) =>
    mustRefuseToStart({ host, hasKeys, insecure });
  expect(refusal("127.0.0.1", false, false)).toBeNull();
  expect(refusal("0.0.0.0", true, false)).toBeNull();
  expect(refusal("0.0.0.0", false, true)).toBeNull();
  expect(refusal("0.0.0.0", false, false)).toMatch(
    /0\.0\.0\.0 can be reached .* co2e keys create .* --insecure/,
  );
});

it.each([
  ["localhost:8080", "localhost"],
  ["LocalHost", "localhost"],
  ["127.0.0.1:1", "127.0.0.1"],
  ["[::1]:8080", "[::1]"],
  ["[::1]", "[::1]"],
  ["evil.example:8080", "evil.example"],
  // What a reader of addresses could take for another host.
  ["localhost:8080@evil.example", undefined],
  ["evil.example/localhost", undefined],
  ["localhost:", undefined],
  ["::1", undefined],
  ["localhost evil.example", undefined],
  ["", undefined],
  [undefined, undefined],
])("of the header Host: %s the name is %s", (header, name) => {
  expect(hostName(header)).toBe(name);
});
