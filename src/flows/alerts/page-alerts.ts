import type { Instant } from "../../core/time.ts";
import type { StoredAlert } from "../../store/alerts.ts";
import type { Store } from "../../store/store.ts";
import { isMutedBy } from "./write-messages.ts";

interface Position {
  readonly raisedAt: Instant;
  readonly alertId: string;
}

export interface PagedAlert extends Omit<StoredAlert, "alertId" | "toldAt"> {
  readonly alertId: string;
  /** Whether a mute holds back its messages now. */
  readonly isMuted: boolean;
}

export interface AlertPages {
  list(request: {
    readonly state: "open" | "resolved" | "all";
    /** Only those before this one, which the page before ended with; null: from the newest. */
    readonly before: Position | null;
    readonly limit: number;
    readonly now: Instant;
  }): Promise<readonly PagedAlert[]>;
}

/** Alerts of a state, the newest first. */
export const alertPages = (store: Pick<Store, "alerts" | "alertMutes">): AlertPages => ({
  async list({ state, before, limit, now }) {
    const position = before && { raisedAt: before.raisedAt, alertId: Number(before.alertId) };
    const alerts = await store.alerts.page({ state, before: position, limit });
    const mutes = (await store.alertMutes.endingAfter(now)).filter(({ createdAt }) => createdAt <= now);
    return alerts.map(({ toldAt: _, alertId, ...alert }) => ({
      ...alert,
      alertId: String(alertId),
      isMuted: alert.resolvedAt === null && mutes.some((mute) => isMutedBy(alert, mute)),
    }));
  },
});
