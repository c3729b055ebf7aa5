import { instant, toText } from "../../core/time.ts";

/** A time of the facts for people: "2026-11-23T14:00:00.000Z" → "2026-11-23 14:00 UTC" */
export const timeText = (iso: string): string => toText(instant(Date.parse(iso)));
