// The package @tgwf/co2 has no types of its own. What annual-means.ts reads, and no more.

declare module "@tgwf/co2/data/electricity-maps" {
  interface YearlyMeans {
    readonly data: Readonly<Record<string, { readonly carbonIntensity: { readonly value: number } }>>;
  }
  export const yearly2025: YearlyMeans;
  export const yearly2024: YearlyMeans;
  export const yearly2023: YearlyMeans;
  export const yearly2022: YearlyMeans;
  export const yearly2021: YearlyMeans;
}

declare module "@tgwf/co2/data" {
  export const averageIntensity: { readonly data: Readonly<Record<string, number>> };
}
