import { expect, it } from "vitest";
import { type Answer, carbonAwareServer, hoursInMemory, hoursOfDay } from "./support/carbon-aware-world.ts";
import { at } from "./support/store-data.ts";

// What Azure's kubernetes-carbon-intensity-exporter does with the Carbon Aware SDK (its pkg/exporter and pkg/sdk/client), here
// with our server. Its client is generated Go code that was changed by hand, with ways of its own to write times.

/** Go's `fmt.Sprintf("%v", time)` for a time in UTC. */
const goTime = (iso: string): string => `${iso.replace("T", " ").replace("Z", "")} +0000 UTC`;
/** Go's `url.Values.Encode`: sorted by name, blanks as "+". */
const goQuery = (values: Record<string, string>): string =>
  new URLSearchParams(Object.entries(values).sort()).toString();

/** Its client: an error for a status from 300 on, with a body that it must be able to read; what it cannot read without such a
 *  status is an empty value and no error. */
function decoded({ status, headers, text }: Answer): { value: unknown } | { error: string; model: unknown } {
  const type = String(headers["content-type"] ?? "");
  const isReadable = /application\/(problem\+)?json/.test(type);
  if (status < 300) return { value: isReadable ? (JSON.parse(text) as unknown) : null };
  if (!isReadable) return { error: "undefined response type", model: null };
  return { error: String(status), model: JSON.parse(text) as unknown };
}

interface ConfigMap {
  readonly message: string;
  readonly data: string;
}

/** Its RefreshData: ten attempts, then the ConfigMap that it had, with a word that it is old; without one it ends. */
async function refreshData(
  ask: () => Promise<Answer>,
  current: ConfigMap | null,
): Promise<ConfigMap | "ended"> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const answer = decoded(await ask());
    if ("value" in answer) {
      // It takes the first forecast of the list without looking whether there is one.
      const [forecast] = answer.value as { forecastData: unknown }[];
      return { message: "", data: JSON.stringify(forecast?.forecastData) };
    }
  }
  return current === null ? "ended" : { ...current, message: "Unable to update forecast Data." };
}

it("it asks for nothing but the current forecast of its region, and gets an error that it can read", async () => {
  const { get } = carbonAwareServer();
  const answer = await get(`/emissions/forecasts/current?${goQuery({ location: "eastus" })}`);
  expect(decoded(answer)).toEqual({
    error: "501",
    model: expect.objectContaining({ title: "NotImplementedException", status: 501 }) as unknown,
  });
});

it("with 501 it keeps the ConfigMap that it has, marked as old, and makes none where there is none", async () => {
  const { get } = carbonAwareServer();
  let calls = 0;
  const ask = () => {
    calls += 1;
    return get("/emissions/forecasts/current?location=eastus");
  };
  expect(await refreshData(ask, { message: "", data: "[1]" })).toEqual({
    message: "Unable to update forecast Data.",
    data: "[1]",
  });
  expect(calls).toBe(10);
  expect(await refreshData(ask, null)).toBe("ended");
});

it("a region that is not configured is an error that names it, and never an empty forecast", async () => {
  const { get } = carbonAwareServer();
  const answer = decoded(await get(`/emissions/forecasts/current?${goQuery({ location: "norwayeast" })}`));
  expect(answer).toMatchObject({
    error: "400",
    model: { detail: "Unknown Location: 'norwayeast' not found" },
  });
});

it("the other calls of its client are served, in the way in which Go writes times", async () => {
  const { get } = carbonAwareServer();
  const nine = [{ location: "eastus", time: "2026-11-24T09:00:00+00:00", rating: 100, duration: "01:00:00" }];
  const start = goTime("2026-11-24T09:00:00Z");
  const end = goTime("2026-11-24T10:00:00Z");
  // By one location it cuts the text before "UTC", by several it does not.
  const [cutStart, cutEnd] = [start.replace("UTC", ""), end.replace("UTC", "")];
  expect(
    decoded(
      await get(
        `/emissions/bylocation?${goQuery({ location: "eastus", startTime: cutStart, endTime: cutEnd })}`,
      ),
    ),
  ).toEqual({ value: nine });
  for (const path of ["/emissions/bylocations", "/emissions/bylocations/best"])
    expect(
      decoded(await get(`${path}?${goQuery({ location: "eastus", time: start, toTime: end })}`)),
    ).toEqual({
      value: nine,
    });
});

it("of the times of an average it sends the days alone, which are days of UTC", async () => {
  // 100 g/kWh in the first twelve hours of the day and 300 in the others: 200 on the mean.
  const day = Object.fromEntries(Array.from({ length: 24 }, (_, hour) => [hour, hour < 12 ? 100 : 300]));
  const { get } = carbonAwareServer({
    intensity: hoursInMemory(() => hoursOfDay(day)),
    clock: () => at("2026-11-25T08:00Z"),
  });
  const [startTime, endTime] = ["2026-11-24T10:30:00Z", "2026-11-25T09:00:00Z"].map(
    (iso) => goTime(iso).split(" ")[0] ?? "",
  );
  const query = goQuery({ location: "eastus", startTime: startTime ?? "", endTime: endTime ?? "" });
  expect(decoded(await get(`/emissions/average-carbon-intensity?${query}`))).toEqual({
    value: {
      location: "eastus",
      startTime: "2026-11-24T00:00:00+00:00",
      endTime: "2026-11-25T00:00:00+00:00",
      carbonIntensity: 200,
    },
  });
});

it("no data is 204, which it reads as an empty list", async () => {
  const { get } = carbonAwareServer();
  expect(decoded(await get("/emissions/bylocation?location=office"))).toEqual({ value: null });
});
