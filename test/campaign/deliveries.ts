/** What one answer that arrived said, or that a question was asked. */
export interface Delivered {
  readonly source: string;
  readonly zone: string;
  readonly atMs: number;
  readonly hours: readonly {
    readonly hourMs: number;
    readonly value: number | null;
    /** Right at that time. */
    readonly isGood: boolean;
    readonly isEstimated: boolean;
  }[];
  readonly wasAsked?: boolean;
}
