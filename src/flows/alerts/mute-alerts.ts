import { RULE_NAMES, type RuleName } from "../../alert/rules/rule.ts";
import { ConfigError } from "../../core/errors.ts";
import { HOUR_MS, type Instant, instant, toIso } from "../../core/time.ts";
import type { Mute } from "../../store/alert-mutes.ts";
import type { Store } from "../../store/store.ts";

export interface ShownMute {
  readonly id: number;
  /** Null: every rule; every subject. */
  readonly rule: string | null;
  readonly subject: string | null;
  readonly until: string;
  readonly reason: string;
  readonly mutedBy: string;
}

const LONGEST_HOURS = 24 * 90;

/** Alerts of a rule, of a subject, or of one rule about one subject are not told for a while. They are found and kept all the
 *  same. A mute without an end is refused. */
export async function muteAlerts(
  store: Pick<Store, "alertMutes">,
  mute: {
    readonly rule: string | null;
    readonly subject: string | null;
    readonly hours: number;
    readonly reason: string;
    readonly mutedBy: string;
  },
  now: Instant,
): Promise<ShownMute> {
  const { rule, subject, hours, reason, mutedBy } = mute;
  if (rule !== null && !RULE_NAMES.includes(rule as RuleName))
    throw new ConfigError(`There is no rule ${rule}: use ${RULE_NAMES.join(", ")}.`);
  if (!(hours > 0) || hours > LONGEST_HOURS)
    throw new ConfigError(`A mute lasts up to ${LONGEST_HOURS / 24} days.`);
  if (reason.trim() === "") throw new ConfigError("--reason is missing: say why, for those who ask later.");
  const added = await store.alertMutes.add({
    rule,
    subject,
    createdAt: now,
    endsAt: instant(now + hours * HOUR_MS),
    reason: reason.trim(),
    mutedBy,
  });
  return shownMute(added);
}

export const shownMute = ({ muteId, rule, subject, endsAt, reason, mutedBy }: Mute): ShownMute => ({
  id: muteId,
  rule,
  subject,
  until: toIso(endsAt),
  reason,
  mutedBy,
});
