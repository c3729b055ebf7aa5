import { expect, it } from "vitest";
import { hideSecrets } from "./hide-secrets.ts";

const KEY = "em_live_s3cret/key+1";
const LOGIN = ["freddo", "w4tt-p4ssword!"];
const hide = hideSecrets([[KEY], LOGIN, [""]]);
const base64 = (text: string) => Buffer.from(text).toString("base64");

it.each([
  ["as it is", KEY],
  ["in an address", encodeURIComponent(KEY)],
  ["as the user of HTTP Basic", base64(`${KEY}:`)],
  ["as the password of HTTP Basic", base64(`:${KEY}`)],
  ["as a whole login of HTTP Basic", base64(LOGIN.join(":"))],
  ["one half of a login", LOGIN[1]],
  ["a token that was given out for it", "Bearer eyJhbGciOi.J9.abc-def_ghi"],
  ["cut short", KEY.slice(0, 12)],
])("a secret is taken out of a text: %s", (_, secret = "") => {
  const text = hide(`it said: ${secret} is wrong`);
  expect(text).toMatch(/^it said: (Bearer )?\[secret\]=* is wrong$/);
});

it("other words stay", () => {
  expect(hide("Electricity Maps answered 401 for zone DE")).toBe("Electricity Maps answered 401 for zone DE");
  expect(hide("em_live")).toBe("em_live");
  expect(hideSecrets([])("Basic subscriptions lack it")).toBe("Basic subscriptions lack it");
});
