import {
  type Answer,
  credentials,
  type FakeServer,
  jsonAnswer,
  nginxAnswer,
  type RecordedRequest,
  startFakeServer,
} from "./fake-server.ts";

/** One series as the fake gives it: its value at a time, in epoch seconds, as text; null: no sample. */
export interface FakeSeries {
  readonly metric: Readonly<Record<string, string>>;
  at(seconds: number): string | null;
}

export interface FakePrometheus extends FakeServer {
  /** What a query gives; one that is not known gives an empty result, as with the real one. */
  readonly series: Map<string, readonly FakeSeries[]>;
  /** Goes into each answer. */
  warnings: string[];
  /** The most steps of one query, as --query.max-samples would have it; more answers 422. */
  mostSteps: number;
}

export interface FakePrometheusOptions {
  readonly token?: string;
  readonly basic?: string;
  readonly clock?: () => number;
}

/** A fake of the query API of Prometheus. A query that begins with "bad" is a mistake. */
export async function startFakePrometheus(options: FakePrometheusOptions = {}): Promise<FakePrometheus> {
  const series = new Map<string, readonly FakeSeries[]>();
  const server = await startFakeServer({
    handler: (request) => handle(request),
    ...(options.clock ? { clock: options.clock } : {}),
  });
  const fake: FakePrometheus = { ...server, series, warnings: [], mostSteps: 11_000 };

  function handle(request: RecordedRequest): Answer {
    if (!isLoggedIn(request)) return nginxAnswer(401, "Unauthorized");
    if (request.path !== "/api/v1/query_range") return nginxAnswer(404, "Not Found");
    const { query = "", start = "", end = "", step = "" } = request.query;
    if (query.startsWith("bad"))
      return failure(400, "bad_data", `invalid parameter "query": 1:4: parse error: unexpected "${query}"`);
    const times: number[] = [];
    for (let at = Number(start); at <= Number(end); at += Number(step)) times.push(at);
    if (times.length > 11_000)
      return failure(
        400,
        "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
      );
    if (times.length > fake.mostSteps)
      return failure(
        422,
        "execution",
        "query processing would load too many samples into memory in query execution",
      );
    const result = (series.get(query) ?? []).flatMap(({ metric, at }) => {
      const values = times.flatMap((time) => {
        const value = at(time);
        return value === null ? [] : [[time, value]];
      });
      return values.length === 0 ? [] : [{ metric, values }];
    });
    const warnings = fake.warnings.length === 0 ? {} : { warnings: fake.warnings };
    return jsonAnswer(200, { status: "success", data: { resultType: "matrix", result }, ...warnings });
  }

  const isLoggedIn = (request: RecordedRequest): boolean =>
    (options.token === undefined || credentials(request, "bearer") === options.token) &&
    (options.basic === undefined || credentials(request, "basic") === options.basic);

  return fake;
}

const failure = (status: number, errorType: string, error: string): Answer =>
  jsonAnswer(status, { status: "error", errorType, error });
