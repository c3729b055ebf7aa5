import { HOUR_MS, type Instant } from "../core/time.ts";
import type { JudgedReading } from "./judged-reading.ts";
import { likeliestSlip, ratio, slipOfJump, slipOfRange } from "./unit-slip.ts";
import { LEAST_HISTORY_MS, type PastHour, type ZoneHistory } from "./zone-history.ts";

/** A last good value older than this says nothing of the present one. */
const LONGEST_LAG_HOURS = 6;
/** Smaller changes are large in no zone. */
const LEAST_CHANGE_G_PER_KWH = 20;
const TIMES_LARGE_CHANGE = 2;
/** After so long with values that are usual as they are, a unit is no longer mistaken. */
const USUAL_AGAIN_MS = 48 * HOUR_MS;

/** A value at a time: a reading of the batch, or an hour of the past, which is not judged again. */
interface Level {
  readonly start: Instant;
  readonly gCO2ePerKWh: number;
  readonly reading: JudgedReading | null;
}

/** A level in a mistaken unit, and for how long the values have looked usual without dividing them. */
interface SlippedLevel extends Level {
  readonly factor: number;
  readonly usualMs: number;
}

/** Goes along a series in the order of time and says of each reading whether the level jumped. A jump is a change from
 *  the last good value, at most 6 hours before, of more than 20 g/kWh and more than twice the zone's large change over
 *  as many hours. Large change of an hour 45: 200 → 280 is none, 200 → 300 is one. It takes a week of history.
 *
 *  - `step`: the level jumps. Each reading that is still far from the last good value is suspect. If the level comes
 *    back within 6 hours, those remain suspect. If it does not, it is the new level of the zone: the first reading
 *    after 6 hours is good, and those that lead up to it are cleared. So a plant that really closed costs no hour in
 *    the end, and no zone is locked out. The price: a wrong level that stays for longer gets in. A reading is also
 *    suspect when a large change leads to it and another one back, within two hours.
 *  - `unit-slip`: the level jumps by the factor of a mistaken unit, or comes after more than 6 unknown hours and lies
 *    so far outside of the zone's range. It does not lapse after 6 hours. It ends with the reading that is closer to
 *    the true value of the one before than to its mistaken one: after 957, which is 434 × 2.20462, 900 goes on and 450
 *    has come back. It also ends when the values have been usual as they are for 48 hours, and when less than a week of
 *    history is left: three weeks after the zone really doubled. */
export function createJumpGuard(past: readonly PastHour[]) {
  let next = 0;
  let beforeGood: Level | undefined;
  let good: Level | undefined;
  let slipped: SlippedLevel | undefined;
  /** Since the last good one, far from it. */
  let away: Level[] = [];

  /** The level is good, and so are those away that lead up to it without a large change. */
  function accept(level: Level, zone: ZoneHistory): void {
    let later = level;
    for (const earlier of away.reverse()) {
      if (isLarge(earlier, later, zone)) break;
      earlier.reading?.suspect.delete("step");
      later = earlier;
    }
    beforeGood = good;
    good = level;
    away = [];
    slipped = undefined;
  }

  function slip(level: Level, factor: number, zone: ZoneHistory): void {
    const isUsual =
      ratio(level.gCO2ePerKWh, zone.median()) < ratio(level.gCO2ePerKWh / factor, zone.median());
    const usualMs = isUsual && slipped ? slipped.usualMs + level.start - slipped.start : 0;
    if (usualMs >= USUAL_AGAIN_MS) {
      accept(level, zone);
      return;
    }
    slipped = { ...level, factor, usualMs };
    level.reading?.suspect.add("unit-slip");
  }

  function follow(level: Level, zone: ZoneHistory): void {
    if (zone.knownMs < LEAST_HISTORY_MS) {
      accept(level, zone);
    } else if (isRecent(slipped, level)) {
      if (isStillSlipped(slipped, level)) slip(level, slipped.factor, zone);
      else accept(level, zone);
    } else if (!isRecent(good, level)) {
      const factor = away.length === 0 ? slipOfRange(level.gCO2ePerKWh, zone) : undefined;
      if (factor === undefined) accept(level, zone);
      else slip(level, factor, zone);
    } else if (isJump(good, level, zone)) {
      const factor = slipOfJump(good.gCO2ePerKWh, level.gCO2ePerKWh, zone);
      if (factor === undefined) depart(level);
      else slip(level, factor, zone);
    } else {
      if (isOutAndBack(beforeGood, good, level, zone)) {
        good.reading?.suspect.add("step");
        good = beforeGood;
      }
      accept(level, zone);
    }
  }

  function depart(level: Level): void {
    level.reading?.suspect.add("step");
    away.push(level);
  }

  /** Past hours were judged when they came. The suspect ones say what was going on when the batch began. */
  function recall({ hour, gCO2ePerKWh, suspect }: PastHour, zone: ZoneHistory): void {
    const level = { start: hour, gCO2ePerKWh, reading: null };
    if (suspect.length === 0) accept(level, zone);
    else if (suspect.includes("unit-slip")) slip(level, likeliestSlip(gCO2ePerKWh, zone), zone);
    else if (suspect.includes("step")) away.push(level);
  }

  function recallUntil(until: number, zone: ZoneHistory): void {
    for (let hour = past[next]; hour && hour.hour < until; hour = past[++next]) recall(hour, zone);
  }

  return {
    judge(reading: JudgedReading, zone: ZoneHistory): void {
      recallUntil(reading.start, zone);
      const { start, gCO2ePerKWh, suspect } = reading;
      if (suspect.size === 0) follow({ start, gCO2ePerKWh, reading }, zone);
    },
    /** After the last reading: the hours after a gap that was filled say whether the level came back. */
    finish: (zone: ZoneHistory): void => recallUntil(Number.POSITIVE_INFINITY, zone),
  };
}

const lagHours = (from: Level, to: Level): number =>
  Math.max(1, Math.ceil((to.start - from.start) / HOUR_MS));

const isRecent = <Earlier extends Level>(from: Earlier | undefined, to: Level): from is Earlier =>
  from !== undefined && lagHours(from, to) <= LONGEST_LAG_HOURS;

const isJump = (from: Level, to: Level, zone: ZoneHistory): boolean =>
  isLarge(from, to, zone, TIMES_LARGE_CHANGE);

function isLarge(from: Level, to: Level, zone: ZoneHistory, times = 1): boolean {
  const lag = Math.min(lagHours(from, to), LONGEST_LAG_HOURS);
  const change = Math.abs(to.gCO2ePerKWh - from.gCO2ePerKWh);
  return change > LEAST_CHANGE_G_PER_KWH && change > times * zone.largeChange(lag);
}

function isOutAndBack(before: Level | undefined, at: Level, after: Level, zone: ZoneHistory): boolean {
  if (!before || after.start - before.start > 2 * HOUR_MS) return false;
  const isTurn = at.gCO2ePerKWh > before.gCO2ePerKWh === at.gCO2ePerKWh > after.gCO2ePerKWh;
  return isTurn && isLarge(before, at, zone) && isLarge(at, after, zone);
}

/** Closer to the true value of the one before than to its mistaken one, both in true g/kWh. */
function isStillSlipped({ gCO2ePerKWh, factor }: SlippedLevel, level: Level): boolean {
  const trueBefore = gCO2ePerKWh / factor;
  return Math.abs(level.gCO2ePerKWh / factor - trueBefore) < Math.abs(level.gCO2ePerKWh - trueBefore);
}
