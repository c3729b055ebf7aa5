import type { AlertMessage } from "../message.ts";

/** What became of a message. Never with the address or the key of the channel. */
export type SendOutcome =
  | { readonly kind: "sent" }
  /** Later it may work. `retryAfterMs`: the channel takes nothing before that; null: it did not say so. */
  | { readonly kind: "retry"; readonly reason: string; readonly retryAfterMs: number | null }
  /** It never will, as the message or the channel is. */
  | { readonly kind: "permanent"; readonly reason: string };

export interface Channel {
  /** As in co2e.yaml. */
  readonly name: string;
  /** Has a deadline, and never throws. */
  send(message: AlertMessage): Promise<SendOutcome>;
}

/** An alert is firing until it is resolved; a repetition says so again. */
export const isResolved = ({ kind }: AlertMessage): boolean => kind === "resolved";

/** Links that channels take must be addresses; a path such as docs/runbook.md is shown as text. */
export const isAddress = (text: string): boolean => /^https?:\/\//.test(text);
