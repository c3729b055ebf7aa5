import { ConfigError } from "../../core/errors.ts";
import type { EnergyBoundary, Tier } from "../../core/usage.ts";
import { isKnownQuantity, UTILISATION_QUANTITY } from "../../emissions/energy-coefficients.ts";
import { AWS_CUR2 } from "../../usage/aws-cur2.ts";
import { type BillingPreset, billingLineReader, type NotModelled } from "../../usage/billing-line.ts";
import { FOCUS } from "../../usage/focus.ts";
import { GCP_BILLING } from "../../usage/gcp-billing.ts";
import type { LineReader, RegionOf } from "../../usage/line-reader.ts";
import { usageLineReader } from "../../usage/usage-line.ts";

export const PRESETS: Readonly<Record<"aws-cur2" | "focus" | "gcp-billing", BillingPreset>> = {
  "aws-cur2": AWS_CUR2,
  focus: FOCUS,
  "gcp-billing": GCP_BILLING,
};
export type PresetName = keyof typeof PRESETS;

export interface UsageFileSettings {
  /** undefined: a file of usage; else a billing export. */
  readonly preset?: PresetName | undefined;
  /** "file": rows are of origin import:file. */
  readonly originName: string;
  readonly regionOf: RegionOf;
  readonly labels: readonly string[];
  readonly service?: string | undefined;
  readonly region?: string | undefined;
  readonly tier?: Tier | undefined;
  readonly boundary?: EnergyBoundary | undefined;
  readonly resolutionMinutes: number;
  readonly assumeUtc: boolean;
  /** Whether lines of one identity are added up. */
  readonly sum: boolean;
  /** Of the store and the settings; null: that of the first line that names one. */
  readonly currency: string | null;
  /** Of billing exports: a tag whose value is the service, or "product". */
  readonly serviceFrom: string;
}

/** What reads the lines of one file, and what it counted besides. */
export interface UsageReaders {
  readonly origin: string;
  readerOf(columns: readonly string[]): LineReader;
  /** By kind, greatest cost first. */
  notModelled(): NotModelled[];
  withoutRegion(): NotModelled[];
  /** Of the costs; null: no line named one. */
  currency(): string | null;
}

interface CountingReader extends LineReader {
  readonly notModelled?: ReadonlyMap<string, NotModelled>;
  readonly withoutRegion?: ReadonlyMap<string, NotModelled>;
  currency(): string | null;
}

export function usageReaders(settings: UsageFileSettings): UsageReaders {
  const origin = `import:${settings.originName}`;
  if (!/^[\w.-]{1,80}$/.test(settings.originName))
    throw new ConfigError(`--origin ${settings.originName}: use up to 80 letters, digits, _ . -`);
  const readers: CountingReader[] = [];
  const all = { ...settings, origin, isKnownQuantity, shares: [UTILISATION_QUANTITY] };
  return {
    origin,
    readerOf(columns) {
      const reader =
        settings.preset === undefined
          ? usageLineReader(columns, all)
          : billingLineReader(PRESETS[settings.preset], columns, all);
      readers.push(reader);
      return reader;
    },
    notModelled: () => counted(readers.flatMap((reader) => [...(reader.notModelled?.values() ?? [])])),
    withoutRegion: () => counted(readers.flatMap((reader) => [...(reader.withoutRegion?.values() ?? [])])),
    currency: () => readers.map((reader) => reader.currency()).find((found) => found !== null) ?? null,
  };
}

function counted(entries: readonly NotModelled[]): NotModelled[] {
  const byKind = new Map<string, NotModelled>();
  for (const { kind, lines, cost } of entries) {
    const before = byKind.get(kind);
    byKind.set(kind, { kind, lines: (before?.lines ?? 0) + lines, cost: (before?.cost ?? 0) + cost });
  }
  return [...byKind.values()].sort(
    (a, b) => b.cost - a.cost || b.lines - a.lines || (a.kind < b.kind ? -1 : 1),
  );
}
