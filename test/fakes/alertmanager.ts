import { type Receiver, startReceiver } from "./receiver.ts";

export interface ReceivedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface FakeAlertmanager extends Receiver {
  readonly alerts: ReceivedAlert[];
  /** Alerts that have not ended at a time, one for each set of labels. */
  firingAt(epochMs: number): ReceivedAlert[];
}

/** Alertmanager, alerts API v2: 200 with nothing, 400 for empty labels, 401 without the login. */
export async function startFakeAlertmanager(login: string | null = null): Promise<FakeAlertmanager> {
  const alerts: ReceivedAlert[] = [];
  const wanted = login === null ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  const receiver = await startReceiver(({ path, headers, body }) => {
    if (headers.authorization !== wanted) return { status: 401, body: "Unauthorized" };
    const posted = JSON.parse(body) as ReceivedAlert[];
    const isGood = ({ labels }: ReceivedAlert): boolean =>
      Object.values(labels).length > 0 && Object.values(labels).every((value) => value !== "");
    if (path !== "/api/v2/alerts" || !posted.every(isGood)) return { status: 400, body: '"bad request"' };
    alerts.push(...posted);
    return { status: 200, body: "" };
  });
  return {
    ...receiver,
    alerts,
    firingAt(epochMs) {
      const latest = new Map(alerts.map((alert) => [JSON.stringify(alert.labels), alert]));
      return [...latest.values()].filter(({ endsAt }) => Date.parse(endsAt) > epochMs);
    },
  };
}
