// Made from src/api/operations.ts by `npm run api:client`. Change the table, not this file.

export type Problem = {
  /** Names the type of problem; stable */
  readonly type: string;
  /** The type in words */
  readonly title: string;
  readonly status: number;
  /** What is wrong with this request */
  readonly detail?: string;
  /** Path of the request */
  readonly instance?: string;
  /** Of a fault of the program: what its log names it */
  readonly id?: string;
  readonly errors?: readonly {
    /** Parameter, or member of the body */
    readonly name?: string;
    /** Position in the array of the body, from 0 */
    readonly index?: number;
    /** What is wrong */
    readonly reason: string;
  }[];
};

export type FactorSet = {
  /** lifecycle counts building the plant and its fuel chain; direct counts the stack alone */
  readonly factorType: "lifecycle" | "direct";
  readonly regions: {
    readonly [name: string]: {
      /** Grid zone */
      readonly zone: string | null;
      readonly provider: "aws" | "gcp" | "azure" | "site";
      readonly scope: 2 | 3;
      /** Energy of the building ÷ energy of its IT equipment */
      readonly pue: number;
      /** Where it comes from */
      readonly pueSource: string;
    };
  };
  readonly profiles: {
    readonly [name: string]: readonly {
      /** ISO time; null: always */
      readonly validFrom: string | null;
      /** Wh */
      readonly whPerRequest: number;
      /** Wh */
      readonly lowWhPerRequest: number;
      /** Wh */
      readonly highWhPerRequest: number;
      /** it: the computers alone; facility: with the building's cooling and losses */
      readonly boundary: "it" | "facility";
      readonly tier: "profile" | "guess";
      /** What the service is */
      readonly description: string;
      /** Where it comes from */
      readonly source: string;
    }[];
  };
  readonly coefficients: readonly {
    /** Name with its unit */
    readonly quantity: string;
    readonly provider: ("aws" | "gcp" | "azure" | "site") | null;
    /** kWh */
    readonly kWhPerUnit: number;
    /** kWh */
    readonly lowKWhPerUnit: number;
    /** kWh */
    readonly highKWhPerUnit: number;
    /** kWh per vCPU-hour, idle */
    readonly idleKWhPerUnit?: number;
    /** kWh per vCPU-hour, at full load */
    readonly fullKWhPerUnit?: number;
    /** Of the source */
    readonly year: number;
    /** Where it comes from */
    readonly source: string;
  }[];
  readonly embodied: {
    /** Making of a server, g CO2e */
    readonly serverGCO2e: number;
    /** Hours */
    readonly lifespanHours: number;
    /** vCPUs of a server */
    readonly serverVcpus: number;
    /** Where it comes from */
    readonly source: string;
  };
  readonly bounds: {
    readonly energyByTier: {
      /** Factors for the low and the high bound */
      readonly measured: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly modelled: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly profile: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly guess: readonly [number, number];
    };
    readonly intensityByKind: {
      /** Factors for the low and the high bound */
      readonly measured: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly estimated: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly modelled: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly sample: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly unstated: readonly [number, number];
      /** Factors for the low and the high bound */
      readonly "hour-of-day": readonly [number, number];
      /** Factors for the low and the high bound */
      readonly "annual-mean": readonly [number, number];
    };
  };
  readonly originOrder: readonly string[];
};

export type UsageRow = {
  /** Service */
  readonly service: string;
  /** Configured region: name, key or alias */
  readonly region: string;
  /** Begin, ISO 8601 with its offset */
  readonly starts_at: string;
  /** End, not included; default: an hour after the begin */
  readonly ends_at?: string;
  /** Requests served */
  readonly requests?: number;
  /** kWh; energy_wh and energy_joules are read too */
  readonly energy_kwh?: number;
  /** How the energy was come by; needed where there is energy */
  readonly tier?: "measured" | "modelled" | "profile" | "guess";
  /** What the energy includes; needed where there is energy */
  readonly boundary?: "it" | "facility";
  /** Labels that the settings know, value by key */
  readonly labels?: { readonly [name: string]: string };
  /** Amounts by name and unit: { "vcpu_hours": 48 } */
  readonly quantities?: { readonly [name: string]: number };
  /** In the currency of the settings */
  readonly cost?: number;
  /** Currency of the cost */
  readonly currency?: string;
};

export type GetEntranceAnswer = {
  readonly name: "co2e";
  /** Of the program */
  readonly version: string;
  /** Path of this description */
  readonly openapi: string;
  /** Path of the documentation */
  readonly docs: string;
};

export type GetOpenApiAnswer = {
  readonly openapi: "3.1.0";
};

export type GetHealthAnswer = {
  readonly status: "ok";
};

export type GetReadinessAnswer = {
  readonly status: "ready";
  /** When the database was last read for answers from memory */
  readonly snapshotAt: string;
};

export type ListLatestIntensityAnswer = {
  readonly regions: readonly {
    /** Name of the region */
    readonly region: string;
    /** Of the region */
    readonly provider: "aws" | "gcp" | "azure" | "site";
    /** Electricity Maps zone key */
    readonly zone: string | null;
    /** The newest known hour that has begun; null: none is known */
    readonly average: {
      /** Begin of the hour */
      readonly hour: string;
      /** Carbon intensity of the grid, g CO2e per kWh */
      readonly gCO2ePerKWh: number;
      /** Who said so */
      readonly source: string;
      readonly kind: ("measured" | "estimated" | "modelled" | "sample") | null;
      /** Electricity Maps zone key */
      readonly zone: string | null;
      /** Signal, factor type and boundary */
      readonly basis: string | null;
      /** How much the reading can be trusted */
      readonly confidence: number;
    } | null;
    /** The newest marginal value of the last 48 hours; null: no source gives one */
    readonly marginal: {
      /** Begin of the reading, which may be shorter than an hour */
      readonly start: string;
      /** Carbon intensity of the grid, g CO2e per kWh */
      readonly gCO2ePerKWh: number;
      /** Who said so */
      readonly source: string;
      /** Whether the source says that it is an estimate */
      readonly isEstimated: boolean;
    } | null;
    /** When the database was read for this answer */
    readonly readAt: string;
    /** sample: the values are invented; null: nothing is stored */
    readonly data: ("live" | "sample") | null;
  }[];
};

export type GetLatestIntensityAnswer = {
  /** Name of the region */
  readonly region: string;
  /** Of the region */
  readonly provider: "aws" | "gcp" | "azure" | "site";
  /** Electricity Maps zone key */
  readonly zone: string | null;
  /** The newest known hour that has begun; null: none is known */
  readonly average: {
    /** Begin of the hour */
    readonly hour: string;
    /** Carbon intensity of the grid, g CO2e per kWh */
    readonly gCO2ePerKWh: number;
    /** Who said so */
    readonly source: string;
    readonly kind: ("measured" | "estimated" | "modelled" | "sample") | null;
    /** Electricity Maps zone key */
    readonly zone: string | null;
    /** Signal, factor type and boundary */
    readonly basis: string | null;
    /** How much the reading can be trusted */
    readonly confidence: number;
  } | null;
  /** The newest marginal value of the last 48 hours; null: no source gives one */
  readonly marginal: {
    /** Begin of the reading, which may be shorter than an hour */
    readonly start: string;
    /** Carbon intensity of the grid, g CO2e per kWh */
    readonly gCO2ePerKWh: number;
    /** Who said so */
    readonly source: string;
    /** Whether the source says that it is an estimate */
    readonly isEstimated: boolean;
  } | null;
  /** When the database was read for this answer */
  readonly readAt: string;
  /** sample: the values are invented; null: nothing is stored */
  readonly data: ("live" | "sample") | null;
};

export type ListIntensityAnswer = {
  /** Name of the region */
  readonly region: string;
  /** Electricity Maps zone key */
  readonly zone: string | null;
  /** average: of the mix, for footprints; marginal: of the next kWh, for decisions */
  readonly signal: "average" | "marginal";
  /** Begin of this page */
  readonly from: string;
  /** End of the whole range, not included */
  readonly to: string;
  /** In the order of time. An hour that is not known is missing, and never 0 */
  readonly values: readonly {
    /** Begin */
    readonly start: string;
    /** End, not included */
    readonly end: string;
    /** Carbon intensity of the grid, g CO2e per kWh */
    readonly gCO2ePerKWh: number;
    /** Who said so */
    readonly source: string;
    readonly kind: ("measured" | "estimated" | "modelled" | "sample") | null;
    /** Signal, factor type and boundary */
    readonly basis: string | null;
  }[];
  /** Hand it back as `cursor` for the next page; null: this was the last one */
  readonly nextCursor: string | null;
};

export type ListRegionsAnswer = {
  readonly regions: readonly {
    /** Name of the region */
    readonly name: string;
    /** Provider and name */
    readonly key: string;
    readonly provider: "aws" | "gcp" | "azure" | "site";
    /** Other names of it in the settings */
    readonly aliases: readonly string[];
    /** Where it is */
    readonly location: string;
    /** Electricity Maps zone key */
    readonly zone: string | null;
    /** How sure the built-in table is of the zone; null: the zone is not from the table */
    readonly zoneConfidence: ("high" | "medium" | "low") | null;
    /** The settings give coordinates, and a provider said the zone */
    readonly isZoneByCoordinates: boolean;
    /** Degrees */
    readonly latitude: number | null;
    /** Degrees */
    readonly longitude: number | null;
    readonly pue: {
      /** Energy of the building ÷ energy of its IT equipment */
      readonly pue: number;
      /** The year it is about */
      readonly year: number | null;
      readonly basis:
        | "configured"
        | "published-region"
        | "provider-fleet"
        | "default-cloud"
        | "default-on-premises";
      /** Where it comes from */
      readonly source: string;
    };
    /** Where the zone comes from */
    readonly origin: "built-in" | "co2e.yaml";
    /** Sources that serve it, in the order to ask */
    readonly sources: readonly string[];
    /** Sources that would serve it with their keys */
    readonly sourcesWithKey: readonly string[];
  }[];
};

export type ListServicesAnswer = {
  readonly services: readonly {
    /** Service */
    readonly service: string;
    /** From when the profile holds, ISO time in UTC; null: always */
    readonly validFrom: string | null;
    /** Energy of one request, Wh */
    readonly whPerRequest: number;
    /** Lower bound, Wh */
    readonly lowWhPerRequest: number;
    /** Upper bound, Wh */
    readonly highWhPerRequest: number;
    readonly boundary: "it" | "facility";
    /** profile: measured or published; guess: somebody's guess */
    readonly tier: "profile" | "guess";
    /** What the service is */
    readonly description: string;
    /** Where the figure comes from */
    readonly source: string;
  }[];
};

export type AddUsageAnswer = {
  /** Under which the rows are kept */
  readonly origin: string;
  /** Rows in the request */
  readonly rows: number;
  /** Rows that said the same as another of the request */
  readonly mergedRows: number;
  /** Rows that were not known */
  readonly "new": number;
  /** Rows that said something else before */
  readonly changed: number;
  /** Rows that were known as they are */
  readonly unchanged: number;
  /** Begin of the first row */
  readonly from: string;
  /** End of the last row */
  readonly to: string;
};

export type CalculateAnswer = {
  /** Service */
  readonly service: string;
  /** Region */
  readonly region: string;
  /** Requests */
  readonly request_count: number;
  /** Energy of one request, Wh */
  readonly wh_per_request: number;
  /** kWh at the meter of the building */
  readonly total_kWh: number;
  /** g CO2e, location-based; null: no intensity is known */
  readonly total_gCO2e: number | null;
  /** g CO2e per 1,000 requests */
  readonly gCO2e_per_1k_requests: number | null;
  /** g CO2e per kWh */
  readonly avg_grid_gCO2_per_kWh: number | null;
  /** g CO2e per kWh */
  readonly min_grid_gCO2_per_kWh: number | null;
  /** g CO2e per kWh */
  readonly max_grid_gCO2_per_kWh: number | null;
  /** Begin of the period */
  readonly period_start: string;
  /** End of the period, not included */
  readonly period_end: string;
  readonly calculation_method: "uniform-over-period" | "annual-mean";
  /** Share of the period whose intensity is known */
  readonly coverage: number;
  /** Hours whose intensity is known */
  readonly hours_covered: number;
  /** Hours that the period touches */
  readonly hours_total: number;
  readonly inputs: {
    /** Grid zone */
    readonly zone: string;
    readonly signal: "average";
    /** lifecycle counts building the plant and its fuel chain; direct counts the stack alone */
    readonly factor_type: "lifecycle" | "direct";
    /** Hours by source */
    readonly hours_by_source: { readonly [name: string]: number };
    /** Hours by kind of reading */
    readonly hours_by_kind: { readonly [name: string]: number };
    /** Hours that another basis fills */
    readonly hours_by_other_basis: { readonly [name: string]: number };
    /** Hours that were stored for another zone */
    readonly hours_by_other_zone: { readonly [name: string]: number };
    /** The newest known hour of the region */
    readonly newest_hour: string | null;
    /** Hours since it began */
    readonly newest_hour_age_hours: number | null;
    readonly annual_mean: {
      /** The zone asked for */
      readonly zone: string;
      /** What the mean is of */
      readonly area: string;
      /** g CO2e per kWh */
      readonly gCO2ePerKWh: number;
      /** Null: the newest year known */
      readonly year: number | null;
      readonly source: "annual:electricity_maps" | "annual:ember";
      /** lifecycle counts building the plant and its fuel chain; direct counts the stack alone */
      readonly factorType: "lifecycle" | "direct";
      readonly boundary: "consumption" | "production";
      /** To be shown wherever the number is */
      readonly attribution: string;
    } | null;
    /** To be shown wherever the result is */
    readonly attributions: readonly string[];
    readonly energy_profile: {
      /** Wh */
      readonly wh_per_request: number;
      readonly confidence: "Estimated" | "Configured" | "Measured";
      /** What the service is */
      readonly description: string;
      /** it: the computers alone; facility: with the building's cooling and losses */
      readonly boundary: "it" | "facility";
      /** What the energy was multiplied by */
      readonly pue?: number;
    };
  };
  /** What a reader must know before believing the figures, as sentences */
  readonly notes: readonly string[];
};

export type ListEmissionsAnswer = {
  readonly resolution: "hour" | "day";
  /** Of days */
  readonly timeZone: string;
  /** Begin of this page */
  readonly from: string;
  /** End of the whole time, not included */
  readonly to: string;
  /** In the order of time, region and service. What nothing is known of is missing */
  readonly rows: readonly {
    /** Begin of the hour or day */
    readonly start: string;
    /** End of it, not included */
    readonly end: string;
    /** Service */
    readonly service: string;
    /** Name of the region */
    readonly region: string;
    /** Requests; null: nothing counts them */
    readonly requestCount: number | null;
    /** Energy; null: nothing says what was used, kWh */
    readonly energyKWh: number | null;
    /** Location-based, calculated and estimated; null: no intensity, or no energy, is known, g
     * CO2e */
    readonly emissionsGCO2e: number | null;
    /** From known intensity, g CO2e */
    readonly calculatedGCO2e: number | null;
    /** Estimated for hours without a known intensity, g CO2e */
    readonly estimatedGCO2e: number;
    /** Lower bound, g CO2e */
    readonly lowGCO2e: number | null;
    /** Upper bound, g CO2e */
    readonly highGCO2e: number | null;
    /** Per 1,000 requests, g CO2e */
    readonly gCO2ePer1kRequests: number | null;
    /** Mean over the energy, g CO2e per kWh */
    readonly gCO2ePerKWh: number | null;
    /** Least hour, g CO2e per kWh */
    readonly minGCO2ePerKWh: number | null;
    /** Greatest hour, g CO2e per kWh */
    readonly maxGCO2ePerKWh: number | null;
    /** Share of making the hardware; null: not assessed, g CO2e */
    readonly embodiedGCO2e: number | null;
    /** Share of the energy with a known intensity, 0 to 1 */
    readonly energyCoverage: number | null;
    /** Energy with an estimated intensity, kWh */
    readonly estimatedKWh: number;
    /** Energy whose emissions are missing, kWh */
    readonly unknownKWh: number;
    readonly energyByTier: {
      /** By how it was come by, kWh */
      readonly measured: number;
      /** By how it was come by, kWh */
      readonly modelled: number;
      /** By how it was come by, kWh */
      readonly profile: number;
      /** By how it was come by, kWh */
      readonly guess: number;
      /** By how it was come by, kWh */
      readonly unstated: number;
    };
    readonly energyByIntensity: {
      /** By kind of intensity, kWh */
      readonly measured: number;
      /** By kind of intensity, kWh */
      readonly estimated: number;
      /** By kind of intensity, kWh */
      readonly modelled: number;
      /** By kind of intensity, kWh */
      readonly sample: number;
      /** By kind of intensity, kWh */
      readonly unstated: number;
      /** By kind of intensity, kWh */
      readonly otherHours: number;
      /** By kind of intensity, kWh */
      readonly unknown: number;
    };
    /** In the currency of the report; null: nothing states one */
    readonly cost: number | null;
  }[];
  /** Hand it back as `cursor` for the next page; null: this was the last one */
  readonly nextCursor: string | null;
};

export type GetReportAnswer = {
  /** As it was asked for */
  readonly period: string;
  /** Begin */
  readonly periodStart: string;
  /** End, not included */
  readonly periodEnd: string;
  /** Of days and months */
  readonly timeZone: string;
  readonly by: readonly string[];
  readonly filter: {
    /** Service */
    readonly service: string | null;
    /** Name of the region */
    readonly region: string | null;
    /** Labels of usage, value by key */
    readonly labels: { readonly [name: string]: string };
  };
  /** Whether estimates count */
  readonly withEstimate: boolean;
  readonly lines: readonly {
    /** Value by dimension */
    readonly group: { readonly [name: string]: string | null };
    /** Service */
    readonly service: string | null;
    /** Name of the region */
    readonly region: string | null;
    /** Requests; null: nothing counts them */
    readonly requestCount: number | null;
    /** Energy; null: nothing says what was used, kWh */
    readonly energyKWh: number | null;
    /** Location-based, calculated and estimated; null: no intensity, or no energy, is known, g
     * CO2e */
    readonly emissionsGCO2e: number | null;
    /** From known intensity, g CO2e */
    readonly calculatedGCO2e: number | null;
    /** Estimated for hours without a known intensity, g CO2e */
    readonly estimatedGCO2e: number;
    /** Lower bound, g CO2e */
    readonly lowGCO2e: number | null;
    /** Upper bound, g CO2e */
    readonly highGCO2e: number | null;
    /** Per 1,000 requests, g CO2e */
    readonly gCO2ePer1kRequests: number | null;
    readonly perUnit: {
      /** request, or the functional unit that was asked for */
      readonly unit: string;
      /** How many; null: nothing counts it */
      readonly count: number | null;
      /** Operational emissions of one, g CO2e */
      readonly gCO2e: number | null;
      /** SCI of one: operational and embodied, g CO2e */
      readonly sciGCO2e: number | null;
      /** Emissions while nothing was served, g CO2e */
      readonly idleGCO2e: number | null;
    };
    /** Mean over the energy, g CO2e per kWh */
    readonly gCO2ePerKWh: number | null;
    /** Least hour, g CO2e per kWh */
    readonly minGCO2ePerKWh: number | null;
    /** Greatest hour, g CO2e per kWh */
    readonly maxGCO2ePerKWh: number | null;
    /** Share of making the hardware; null: not assessed, g CO2e */
    readonly embodiedGCO2e: number | null;
    /** Share of the energy with a known intensity, 0 to 1 */
    readonly energyCoverage: number | null;
    /** Energy with an estimated intensity, kWh */
    readonly estimatedKWh: number;
    /** Energy whose emissions are missing, kWh */
    readonly unknownKWh: number;
    readonly energyByTier: {
      /** By how it was come by, kWh */
      readonly measured: number;
      /** By how it was come by, kWh */
      readonly modelled: number;
      /** By how it was come by, kWh */
      readonly profile: number;
      /** By how it was come by, kWh */
      readonly guess: number;
      /** By how it was come by, kWh */
      readonly unstated: number;
    };
    readonly energyByIntensity: {
      /** By kind of intensity, kWh */
      readonly measured: number;
      /** By kind of intensity, kWh */
      readonly estimated: number;
      /** By kind of intensity, kWh */
      readonly modelled: number;
      /** By kind of intensity, kWh */
      readonly sample: number;
      /** By kind of intensity, kWh */
      readonly unstated: number;
      /** By kind of intensity, kWh */
      readonly otherHours: number;
      /** By kind of intensity, kWh */
      readonly unknown: number;
    };
    /** In the currency of the report; null: nothing states one */
    readonly cost: number | null;
    readonly change: {
      /** Of the period before, g CO2e */
      readonly previousGCO2e: number | null;
      /** This period less the one before, g CO2e */
      readonly differenceGCO2e: number | null;
      /** Of the previous emissions: 0.1 is a tenth more */
      readonly share: number | null;
    } | null;
    /** Market-based; null: not asked for, or nothing is known, g CO2e */
    readonly marketGCO2e: number | null;
  }[];
  readonly total: {
    /** Requests; null: nothing counts them */
    readonly requestCount: number | null;
    /** Energy; null: nothing says what was used, kWh */
    readonly energyKWh: number | null;
    /** Location-based, calculated and estimated; null: no intensity, or no energy, is known, g
     * CO2e */
    readonly emissionsGCO2e: number | null;
    /** From known intensity, g CO2e */
    readonly calculatedGCO2e: number | null;
    /** Estimated for hours without a known intensity, g CO2e */
    readonly estimatedGCO2e: number;
    /** Lower bound, g CO2e */
    readonly lowGCO2e: number | null;
    /** Upper bound, g CO2e */
    readonly highGCO2e: number | null;
    /** Per 1,000 requests, g CO2e */
    readonly gCO2ePer1kRequests: number | null;
    readonly perUnit: {
      /** request, or the functional unit that was asked for */
      readonly unit: string;
      /** How many; null: nothing counts it */
      readonly count: number | null;
      /** Operational emissions of one, g CO2e */
      readonly gCO2e: number | null;
      /** SCI of one: operational and embodied, g CO2e */
      readonly sciGCO2e: number | null;
      /** Emissions while nothing was served, g CO2e */
      readonly idleGCO2e: number | null;
    };
    /** Mean over the energy, g CO2e per kWh */
    readonly gCO2ePerKWh: number | null;
    /** Least hour, g CO2e per kWh */
    readonly minGCO2ePerKWh: number | null;
    /** Greatest hour, g CO2e per kWh */
    readonly maxGCO2ePerKWh: number | null;
    /** Share of making the hardware; null: not assessed, g CO2e */
    readonly embodiedGCO2e: number | null;
    /** Share of the energy with a known intensity, 0 to 1 */
    readonly energyCoverage: number | null;
    /** Energy with an estimated intensity, kWh */
    readonly estimatedKWh: number;
    /** Energy whose emissions are missing, kWh */
    readonly unknownKWh: number;
    readonly energyByTier: {
      /** By how it was come by, kWh */
      readonly measured: number;
      /** By how it was come by, kWh */
      readonly modelled: number;
      /** By how it was come by, kWh */
      readonly profile: number;
      /** By how it was come by, kWh */
      readonly guess: number;
      /** By how it was come by, kWh */
      readonly unstated: number;
    };
    readonly energyByIntensity: {
      /** By kind of intensity, kWh */
      readonly measured: number;
      /** By kind of intensity, kWh */
      readonly estimated: number;
      /** By kind of intensity, kWh */
      readonly modelled: number;
      /** By kind of intensity, kWh */
      readonly sample: number;
      /** By kind of intensity, kWh */
      readonly unstated: number;
      /** By kind of intensity, kWh */
      readonly otherHours: number;
      /** By kind of intensity, kWh */
      readonly unknown: number;
    };
    /** In the currency of the report; null: nothing states one */
    readonly cost: number | null;
  };
  readonly previous: {
    /** Its name */
    readonly period: string;
    /** Begin */
    readonly periodStart: string;
    /** End, not included */
    readonly periodEnd: string;
    /** Of the period before, g CO2e */
    readonly previousGCO2e: number | null;
    /** This period less the one before, g CO2e */
    readonly differenceGCO2e: number | null;
    /** Of the previous emissions: 0.1 is a tenth more */
    readonly share: number | null;
  } | null;
  readonly scopes: readonly {
    /** GHG Protocol scope; null: not configured */
    readonly scope: (2 | 3) | null;
    /** g CO2e */
    readonly emissionsGCO2e: number;
  }[];
  readonly market: {
    /** Market-based, g CO2e */
    readonly emissionsGCO2e: number | null;
    /** Behind which an instrument stands, kWh */
    readonly instrumentKWh: number;
    /** At a residual mix, kWh */
    readonly residualKWh: number;
    /** At the location-based intensity, kWh */
    readonly locationKWh: number;
    /** Without a known intensity, kWh */
    readonly unknownKWh: number;
    readonly instruments: readonly {
      /** Of the certificate or contract */
      readonly id: string;
      readonly kind: "GO" | "REC" | "I-REC" | "PPA" | "supplier";
      readonly market: readonly string[];
      /** First day of the vintage */
      readonly from: string;
      /** Day after the vintage */
      readonly to: string;
      /** Volume, kWh */
      readonly kWh: number;
      /** g CO2e per kWh */
      readonly gCO2ePerKWh: number;
      /** Null: not retired */
      readonly retirementId: string | null;
      /** False: not retired, and so counts for nothing */
      readonly isCounted: boolean;
      /** Used in this report, kWh */
      readonly usedInReportKWh: number;
      /** Used over the whole vintage, kWh */
      readonly usedKWh: number;
      /** Left of it, kWh */
      readonly unusedKWh: number;
    }[];
    readonly residualMixes: readonly {
      readonly market: readonly string[];
      /** Year */
      readonly year: number;
      /** g CO2e per kWh */
      readonly gCO2ePerKWh: number;
      /** Where it comes from */
      readonly source: string;
    }[];
    /** What a reader must know before believing the figures, as sentences */
    readonly notes: readonly string[];
  } | null;
  readonly daily:
    | readonly {
        /** Day */
        readonly day: string;
        /** Value of the first dimension */
        readonly group: string | null;
        /** Of the day, g CO2e */
        readonly emissionsGCO2e: number | null;
        /** g CO2e */
        readonly estimatedGCO2e: number;
      }[]
    | null;
  readonly closedMonths: readonly {
    /** A closed month of the period, of all services */
    readonly month: string;
    /** When */
    readonly closedAt: string;
    /** Its hash */
    readonly sha256: string;
    /** As it was closed; null: nothing was known, g CO2e */
    readonly closedGCO2e: number | null;
    /** Learnt since and booked in later months, g CO2e */
    readonly bookedGCO2e: number;
    /** Learnt since and not booked, g CO2e */
    readonly openGCO2e: number;
    /** Whether both together are more than 5 % */
    readonly isRestatement: boolean;
  }[];
  readonly bookings: readonly {
    /** The closed month that it is of */
    readonly month: string;
    /** The month of the period that takes it */
    readonly bookedIn: string;
    /** kWh, not in the energy of the report */
    readonly kWh: number;
    /** g CO2e, not in the emissions of the report */
    readonly gCO2e: number;
    /** Why */
    readonly reason: string;
  }[];
  readonly equivalences: readonly {
    /** How many */
    readonly amount: number;
    /** Of what */
    readonly text: string;
    /** To show */
    readonly decimals: number;
    /** g CO2e of one */
    readonly gCO2ePerUnit: number;
    /** Where the factor comes from */
    readonly source: string;
    /** Of the source */
    readonly edition: string;
    /** Of the source */
    readonly url: string;
  }[];
  /** To be shown wherever the figures are */
  readonly attributions: readonly string[];
  /** What a reader must know before believing the figures, as sentences */
  readonly notes: readonly string[];
  readonly inputs: {
    /** When */
    readonly generatedAt: string;
    /** Of the program */
    readonly version: string;
    readonly factorTypes: readonly string[];
    readonly factorSets: readonly {
      /** Hash of the set */
      readonly sha256: string;
      /** From when it was used */
      readonly since: string;
    }[];
    readonly sources: readonly {
      /** Source */
      readonly source: string;
      /** Kind of reading */
      readonly kind: string | null;
      /** Where it is another than the configured one */
      readonly basis: string | null;
      /** Hours */
      readonly hours: number;
    }[];
    /** Of the costs */
    readonly currency: string | null;
  };
};

export type ExplainAnswer = {
  readonly filter: {
    /** Service */
    readonly service: string | null;
    /** Name of the region */
    readonly region: string | null;
    /** Labels of usage, value by key */
    readonly labels: { readonly [name: string]: string };
  };
  /** As it was asked for */
  readonly period: string;
  /** Begin */
  readonly periodStart: string;
  /** End, not included */
  readonly periodEnd: string;
  /** Of the days */
  readonly timeZone: string;
  readonly figure: {
    /** kWh */
    readonly statedKWh: number;
    /** Requests */
    readonly requests: number | null;
    /** kWh */
    readonly kWh: number;
    /** kWh */
    readonly coveredKWh: number;
    /** kWh */
    readonly estimatedKWh: number;
    /** g CO2e */
    readonly gCO2e: number | null;
    /** g CO2e */
    readonly estimatedGCO2e: number;
    /** g CO2e */
    readonly embodiedGCO2e: number | null;
    /** g CO2e */
    readonly lowGCO2e: number | null;
    /** g CO2e */
    readonly highGCO2e: number | null;
  };
  readonly days: readonly {
    /** Day */
    readonly day: string;
    /** kWh */
    readonly kWh: number;
    /** g CO2e */
    readonly gCO2e: number | null;
    /** g CO2e */
    readonly estimatedGCO2e: number;
    /** False: the hours behind the day were removed */
    readonly hasCells: boolean;
  }[];
  readonly series: readonly {
    /** Service */
    readonly service: string;
    /** Name of the region */
    readonly region: string;
    /** Labels of usage, value by key */
    readonly labels: { readonly [name: string]: string };
    readonly usage: readonly {
      /** Who says so */
      readonly origin: string;
      /** Begin */
      readonly start: string;
      /** End, not included */
      readonly end: string;
      /** Requests */
      readonly requests: number | null;
      readonly energy: {
        /** kWh */
        readonly kWh: number;
        /** it: the computers alone; facility: with the building's cooling and losses */
        readonly boundary: "it" | "facility";
        readonly tier: "measured" | "modelled" | "profile" | "guess";
      } | null;
      readonly quantities: { readonly [name: string]: number } | null;
      /** In the currency of the store */
      readonly cost: number | null;
      /** 1: as it was first stated */
      readonly revision: number;
      /** When it was recorded */
      readonly recordedAt: string;
    }[];
    readonly cells: readonly {
      /** Begin of the hour */
      readonly start: string;
      /** Accounting day */
      readonly day: string;
      /** Whose usage counts */
      readonly origin: string;
      /** Hash of the factor set */
      readonly factorSet: string;
      /** Requests */
      readonly requests: number | null;
      /** Of the requests: energy known to nobody */
      readonly requestsWithoutEnergy: number;
      /** Of the requests: energy known only under other labels */
      readonly requestsElsewhere: number;
      /** kWh */
      readonly statedKWh: number;
      /** What the stated energy was multiplied by */
      readonly pue: number;
      /** kWh */
      readonly kWh: number;
      /** kWh */
      readonly coveredKWh: number;
      /** kWh */
      readonly estimatedKWh: number;
      /** g CO2e */
      readonly gCO2e: number | null;
      /** g CO2e */
      readonly estimatedGCO2e: number;
      /** g CO2e */
      readonly embodiedGCO2e: number | null;
      /** g CO2e */
      readonly lowGCO2e: number | null;
      /** g CO2e */
      readonly highGCO2e: number | null;
      readonly tier: ("measured" | "modelled" | "profile" | "guess") | null;
      /** g CO2e per kWh */
      readonly gCO2ePerKWh: number | null;
      readonly kind: ("measured" | "estimated" | "modelled" | "sample" | "unstated") | null;
      readonly estimate: ("hour-of-day" | "annual-mean") | null;
      readonly method: "hourly" | "uniform-over-period";
      /** In the currency of the store */
      readonly cost: number | null;
      readonly units: { readonly [name: string]: number } | null;
    }[];
  }[];
  /** What counts of days whose hours are no longer kept */
  readonly removedDays: readonly {
    /** Day */
    readonly day: string;
    /** Name of the region */
    readonly region: string;
    /** Requests */
    readonly requests: number | null;
    /** kWh */
    readonly kWh: number;
    /** kWh */
    readonly coveredKWh: number;
    /** kWh */
    readonly estimatedKWh: number;
    /** g CO2e */
    readonly gCO2e: number | null;
    /** g CO2e */
    readonly estimatedGCO2e: number;
    /** g CO2e */
    readonly embodiedGCO2e: number | null;
    /** g CO2e */
    readonly lowGCO2e: number | null;
    /** g CO2e */
    readonly highGCO2e: number | null;
  }[];
  readonly stated: readonly {
    /** In the table */
    readonly rowId: string;
    /** Service */
    readonly service: string;
    /** Name of the region */
    readonly region: string;
    /** Begin */
    readonly start: string;
    /** End */
    readonly end: string;
    /** Requests */
    readonly requests: number;
    /** kWh */
    readonly kWh: number;
    /** g CO2e */
    readonly gCO2e: number | null;
    /** g CO2e per kWh */
    readonly meanGCO2ePerKWh: number | null;
    /** g CO2e per kWh */
    readonly minGCO2ePerKWh: number | null;
    /** g CO2e per kWh */
    readonly maxGCO2ePerKWh: number | null;
    /** Of its time: what counts in the figure */
    readonly share: number;
    readonly countedTimes: readonly {
      /** Begin */
      readonly start: string;
      /** End */
      readonly end: string;
    }[];
    /** Whether usage covers some of its time */
    readonly isReplaced: boolean;
    /** How it came to be */
    readonly method: string;
    readonly assumptions: { readonly [name: string]: unknown };
    readonly metadata: { readonly [name: string]: unknown };
    /** When */
    readonly savedAt: string;
  }[];
  readonly otherUsage: readonly {
    /** Service */
    readonly service: string;
    /** Name of the region */
    readonly region: string;
    /** Labels of usage, value by key */
    readonly labels: { readonly [name: string]: string };
    readonly usage: readonly {
      /** Who says so */
      readonly origin: string;
      /** Begin */
      readonly start: string;
      /** End, not included */
      readonly end: string;
      /** Requests */
      readonly requests: number | null;
      readonly energy: {
        /** kWh */
        readonly kWh: number;
        /** it: the computers alone; facility: with the building's cooling and losses */
        readonly boundary: "it" | "facility";
        readonly tier: "measured" | "modelled" | "profile" | "guess";
      } | null;
      readonly quantities: { readonly [name: string]: number } | null;
      /** In the currency of the store */
      readonly cost: number | null;
      /** 1: as it was first stated */
      readonly revision: number;
      /** When it was recorded */
      readonly recordedAt: string;
    }[];
  }[];
  readonly hours: readonly {
    /** Name of the region */
    readonly region: string;
    /** Begin of the hour */
    readonly hour: string;
    /** g CO2e per kWh */
    readonly gCO2ePerKWh: number;
    /** Source */
    readonly source: string;
    readonly kind: ("measured" | "estimated" | "modelled" | "sample") | null;
    /** Grid zone */
    readonly zone: string | null;
    /** Basis */
    readonly basis: string | null;
    /** 0 to 1 */
    readonly confidence: number;
    /** Version of the rule that accepted it */
    readonly acceptRule: number | null;
    /** Whether a person approved it */
    readonly isApproved: boolean;
    readonly readingIds: readonly string[];
    /** Whether the hour is no longer stored */
    readonly isRemoved: boolean;
  }[];
  readonly readings: readonly {
    /** Of the reading */
    readonly id: string;
    /** Grid zone */
    readonly zone: string;
    /** Begin */
    readonly start: string;
    /** End */
    readonly end: string;
    /** Source */
    readonly source: string;
    /** Basis */
    readonly basis: string;
    /** Kind */
    readonly kind: string;
    /** How the source estimated it */
    readonly method: string | null;
    /** As sent, in rawUnit */
    readonly rawValue: number | null;
    /** Unit of rawValue */
    readonly rawUnit: string;
    /** g CO2e per kWh */
    readonly gCO2ePerKWh: number | null;
    /** When */
    readonly fetchedAt: string;
    /** When the provider says it changed it */
    readonly providerUpdatedAt: string | null;
    /** 1: as it was first sent */
    readonly revision: number;
    readonly suspect: readonly string[];
    readonly review: {
      /** What the person said */
      readonly accept: boolean;
      /** Who */
      readonly reviewer: string;
      /** Why */
      readonly reason: string;
      /** When */
      readonly at: string;
    } | null;
    readonly otherRevisions: readonly {
      /** Number */
      readonly revision: number;
      /** As sent */
      readonly rawValue: number | null;
      /** When */
      readonly fetchedAt: string;
    }[];
  }[];
  readonly annualMeans: {
    readonly [name: string]: {
      /** The zone asked for */
      readonly zone: string;
      /** What the mean is of */
      readonly area: string;
      /** g CO2e per kWh */
      readonly gCO2ePerKWh: number;
      /** Null: the newest year known */
      readonly year: number | null;
      readonly source: "annual:electricity_maps" | "annual:ember";
      /** lifecycle counts building the plant and its fuel chain; direct counts the stack alone */
      readonly factorType: "lifecycle" | "direct";
      readonly boundary: "consumption" | "production";
      /** To be shown wherever the number is */
      readonly attribution: string;
    };
  };
  readonly factorSets: { readonly [name: string]: FactorSet };
  readonly versions: {
    /** Version of this program */
    readonly explainedBy: string;
    /** Version that calculated last */
    readonly calculatedBy: string | null;
    /** When */
    readonly calculatedAt: string | null;
  };
  /** What a reader must know before believing the figures, as sentences */
  readonly notes: readonly string[];
  /** The figure, worked out again from the explanation alone */
  readonly recomputed: {
    readonly figure: {
      /** kWh */
      readonly statedKWh: number;
      /** Requests */
      readonly requests: number | null;
      /** kWh */
      readonly kWh: number;
      /** kWh */
      readonly coveredKWh: number;
      /** kWh */
      readonly estimatedKWh: number;
      /** g CO2e */
      readonly gCO2e: number | null;
      /** g CO2e */
      readonly estimatedGCO2e: number;
      /** g CO2e */
      readonly embodiedGCO2e: number | null;
      /** g CO2e */
      readonly lowGCO2e: number | null;
      /** g CO2e */
      readonly highGCO2e: number | null;
    };
    /** What does not come out the same; empty: all is equal */
    readonly differences: readonly string[];
    /** Hours of series that were worked out again */
    readonly cells: number;
    /** Rows that were taken as they state themselves */
    readonly statedRows: number;
    /** Sums of days whose hours are no longer kept, taken as they are */
    readonly removedDays: number;
  };
};

export type GetStatusAnswer = {
  /** When the status was read */
  readonly at: string;
  /** null: the store is empty */
  readonly data: ("live" | "sample") | null;
  /** A region is stale when its newest hour began earlier */
  readonly staleAfterHours: number;
  readonly regions: readonly {
    /** Name of the region */
    readonly region: string;
    /** Grid zone */
    readonly zone: string | null;
    readonly freshness: "fresh" | "stale" | "none";
    /** The limit of this region */
    readonly staleAfterHours: number;
    /** Begin of the newest known hour */
    readonly newestHour: string | null;
    /** Since it began */
    readonly ageHours: number | null;
    /** g CO2e per kWh */
    readonly gCO2ePerKWh: number | null;
    /** Source */
    readonly source: string | null;
    /** Of the last 7 days */
    readonly missingHours: number;
    readonly missing: readonly {
      /** Begin */
      readonly from: string;
      /** End */
      readonly to: string;
      /** Hours */
      readonly hours: number;
    }[];
    /** Of the last 7 days */
    readonly knownHours: number;
    /** Of the known hours */
    readonly otherBasisShare: number | null;
    /** Of the known hours */
    readonly estimatedShare: number | null;
    readonly runsOf24Hours: {
      /** Runs */
      readonly runs: number;
      /** Of them with a value */
      readonly succeeded: number;
      /** Of them stopped half way */
      readonly interrupted: number;
    };
    readonly runsOf7Days: {
      /** Runs */
      readonly runs: number;
      /** Of them with a value */
      readonly succeeded: number;
      /** Of them stopped half way */
      readonly interrupted: number;
    };
    readonly lastRun: {
      readonly job: "ingest" | "backfill";
      /** When */
      readonly startedAt: string;
      /** When */
      readonly endedAt: string | null;
      readonly outcome:
        | "complete"
        | "partial"
        | "failed"
        | "not-stored"
        | "elsewhere"
        | "running"
        | "interrupted";
      /** Hours that no source could give */
      readonly hoursUnreachable: number;
      /** What went wrong */
      readonly error: string | null;
    } | null;
  }[];
  /** Regions that are fresh */
  readonly freshRegions: number;
  /** Of all regions that have an hour at all */
  readonly missingHours: number;
  /** Readings that nobody has reviewed */
  readonly suspectReadings: number;
  readonly sources: readonly {
    /** Source */
    readonly source: string;
    /** Whether it can be asked */
    readonly isAtHand: boolean;
    /** Regions that it may serve */
    readonly regions: number;
    /** Requests of the UTC day */
    readonly callsToday: number;
    /** Limit */
    readonly callsPerDay: number | null;
    /** Limit */
    readonly callsPerMinute: number | null;
    /** Requests that may be sent now */
    readonly leftToday: number | null;
  }[];
};

export type ListIngestionRunsAnswer = {
  /** The newest first */
  readonly runs: readonly {
    /** Number of the run; a run has a row for each region */
    readonly runId: number;
    /** Name of the region */
    readonly region: string;
    /** Grid zone */
    readonly zone: string;
    readonly job: "ingest" | "backfill";
    /** When */
    readonly startedAt: string;
    /** When; null: it runs, or was stopped half way */
    readonly endedAt: string | null;
    readonly outcome:
      | "complete"
      | "partial"
      | "failed"
      | "not-stored"
      | "elsewhere"
      | "running"
      | "interrupted";
    /** Of the value */
    readonly source: string | null;
    /** Hours that were not known */
    readonly hoursNew: number;
    /** Hours that changed */
    readonly hoursRevised: number;
    /** Hours that stayed */
    readonly hoursUnchanged: number;
    /** Hours with a suspect reading */
    readonly hoursSuspect: number;
    /** Hours that no source could give */
    readonly hoursUnreachable: number;
    /** Requests sent */
    readonly calls: number;
    /** Milliseconds */
    readonly durationMs: number | null;
    /** What went wrong */
    readonly error: string | null;
  }[];
  /** Hand it back as `cursor` for the next page; null: this was the last one */
  readonly nextCursor: string | null;
};

export type ListJobsAnswer = {
  readonly jobs: readonly {
    /** Name */
    readonly job: string;
    /** What it does */
    readonly what: string;
    readonly when:
      | {
          /** Every so many minutes, from midnight UTC */
          readonly everyMinutes: number;
        }
      | {
          /** Each hour at that minute */
          readonly hourlyAtMinute: number;
        }
      | {
          /** Each day at that minute of the UTC day */
          readonly dailyAtMinute: number;
        };
    /** When it is due next */
    readonly nextDueAt: string;
    readonly last: {
      /** When it was due */
      readonly dueAt: string;
      /** When it began */
      readonly startedAt: string;
      /** When it ended; null: it has not */
      readonly endedAt: string | null;
      readonly outcome: ("done" | "failed") | null;
      /** Whether it runs now */
      readonly isRunning: boolean;
      /** Times that it was begun */
      readonly attempts: number;
      /** What went wrong */
      readonly error: string | null;
    } | null;
  }[];
};

export type RunJobAnswer = {
  /** Name */
  readonly job: string;
  /** What it came to: counts with units in their names */
  readonly detail: { readonly [name: string]: unknown };
  /** What went wrong; null: nothing */
  readonly error: string | null;
};

export type ListAlertsAnswer = {
  /** The newest first */
  readonly alerts: readonly {
    /** Number of the alert */
    readonly alertId: string;
    /** The rule that found it */
    readonly rule: string;
    /** What it is about */
    readonly subject: string;
    readonly severity: "info" | "warning" | "critical";
    /** When what is wrong began */
    readonly since: string;
    /** When it was found */
    readonly raisedAt: string;
    /** When it was over; null: it is open */
    readonly resolvedAt: string | null;
    /** Whether its messages are held back */
    readonly isMuted: boolean;
    /** What its message is made of */
    readonly facts: { readonly [name: string]: unknown };
  }[];
  /** Hand it back as `cursor` for the next page; null: this was the last one */
  readonly nextCursor: string | null;
};

/** What each operation takes and gives. */
export interface Operations {
  /** What this server is. */
  readonly getEntrance: { readonly input: object; readonly answer: GetEntranceAnswer };
  /** This document: OpenAPI 3.1. */
  readonly getOpenApi: { readonly input: object; readonly answer: GetOpenApiAnswer };
  /** Whether the process is up. */
  readonly getHealth: { readonly input: object; readonly answer: GetHealthAnswer };
  /** Whether it can answer. 503 with the reasons when the database does not answer within a
   * second, when it was last read more than 10 minutes ago, or when the service is stopping. */
  readonly getReadiness: { readonly input: object; readonly answer: GetReadinessAnswer };
  /** Newest carbon intensity of every region. From memory: `readAt` says as of when. It never
   * asks a provider. */
  readonly listLatestIntensity: { readonly input: object; readonly answer: ListLatestIntensityAnswer };
  /** Newest carbon intensity of a region. From memory: `readAt` says as of when. It never asks
   * a provider. */
  readonly getLatestIntensity: {
    readonly input: {
      /** Name, key or alias */
      readonly region: string;
    };
    readonly answer: GetLatestIntensityAnswer;
  };
  /** Carbon intensity of a region over time. average: one value for each known hour. marginal:
   * readings as sources give them; one source's are never mixed with another's. */
  readonly listIntensity: {
    readonly input: {
      /** Name, key or alias */
      readonly region: string;
      /** Begin of the first hour; default: 24 hours before `to` */
      readonly from?: string | undefined;
      /** End, not included; default: now */
      readonly to?: string | undefined;
      /** Which intensity */
      readonly signal?: "average" | "marginal" | undefined;
      /** Hours of time on a page */
      readonly limit?: number | undefined;
      /** `nextCursor` of the page before, with the same parameters */
      readonly cursor?: string | undefined;
    };
    readonly answer: ListIntensityAnswer;
  };
  /** Configured regions, with zone, place, provider and PUE. */
  readonly listRegions: { readonly input: object; readonly answer: ListRegionsAnswer };
  /** Energy profiles of services. Those of one service by date: each holds until the next one
   * begins. */
  readonly listServices: {
    readonly input: {
      /** Only this service */
      readonly service?: string | undefined;
    };
    readonly answer: ListServicesAnswer;
  };
  /** Add or correct what services used. All rows or none, at most 10000. The same rows twice
   * are the same as once; a row that is known with other figures is corrected. Emissions
   * follow within a minute. */
  readonly addUsage: {
    readonly input: {
      /** Who says so; rows are kept under import:NAME. Default: api */
      readonly origin?: string | undefined;
      readonly body: readonly UsageRow[];
    };
    readonly answer: AddUsageAnswer;
  };
  /** Emissions of a number of requests. Nothing is saved. Without a period: the 24 whole UTC
   * hours before now. */
  readonly calculate: {
    readonly input: {
      readonly body: {
        /** Service with an energy profile */
        readonly service: string;
        /** Configured region: name, key or alias */
        readonly region: string;
        /** Number of requests */
        readonly requests: number;
        /** last-24h, last-7d, …; default: last-24h */
        readonly period?: string;
        /** Begin: a UTC date, or a time with its offset */
        readonly from?: string;
        /** End, not included */
        readonly to?: string;
        /** lifecycle counts building the plant and its fuel chain; direct counts the stack alone */
        readonly factorType?: "lifecycle" | "direct";
      };
    };
    readonly answer: CalculateAnswer;
  };
  /** Emissions by hour or day, service and region. Days are those of the accounting time zone;
   * the first one is that of `from`. Rows that state their own figures count in days, and not
   * in hours. */
  readonly listEmissions: {
    readonly input: {
      /** Of the sums */
      readonly resolution?: "hour" | "day" | undefined;
      /** Begin; default: 24 hours or 31 days before `to` */
      readonly from?: string | undefined;
      /** End, not included; default: now */
      readonly to?: string | undefined;
      /** Only this service */
      readonly service?: string | undefined;
      /** Only this region: name, key or alias */
      readonly region?: string | undefined;
      /** Only usage with this label; key= alone: without that label; may be repeated */
      readonly label?: readonly string[] | undefined;
      /** Whether estimates count */
      readonly estimate?: boolean | undefined;
      /** Rows on a page; a page ends with an hour or day, and so may hold more */
      readonly limit?: number | undefined;
      /** `nextCursor` of the page before, with the same parameters */
      readonly cursor?: string | undefined;
    };
    readonly answer: ListEmissionsAnswer;
  };
  /** A report of a period. The options and figures of co2e report. Without a period: last-24h. */
  readonly getReport: {
    readonly input: {
      /** last-24h, last-7d, last-30d, … (whole UTC hours before now) */
      readonly period?: string | undefined;
      /** Begin of the period: a UTC date, or a time with its offset */
      readonly from?: string | undefined;
      /** End of the period, not included */
      readonly to?: string | undefined;
      /** A month of the accounting time zone */
      readonly month?: string | undefined;
      /** A year of the accounting time zone */
      readonly year?: string | undefined;
      /** Lines by service, region, team, environment, namespace, label:KEY, day or month; twice at
       * most. Default: service and region */
      readonly by?: readonly string[] | undefined;
      /** Only this service */
      readonly service?: string | undefined;
      /** Only this region: name, key or alias */
      readonly region?: string | undefined;
      /** Only usage with this label; key= alone: without that label; may be repeated */
      readonly label?: readonly string[] | undefined;
      /** The period before, of the same length */
      readonly compare?: "previous" | "none" | undefined;
      /** Emissions per functional unit of the usage */
      readonly per?: string | undefined;
      /** Whether estimates count */
      readonly estimate?: boolean | undefined;
      /** Market-based emissions beside the location-based ones */
      readonly market?: boolean | undefined;
      /** Sums by day too */
      readonly daily?: boolean | undefined;
    };
    readonly answer: GetReportAnswer;
  };
  /** What a figure was worked out from. Down to the readings, and worked out again:
   * `recomputed.differences` is empty when the figure follows from its evidence. Narrow it,
   * for one answer names each hour. */
  readonly explain: {
    readonly input: {
      /** One UTC hour */
      readonly hour?: string | undefined;
      /** A day of the accounting time zone */
      readonly day?: string | undefined;
      /** A month of the accounting time zone */
      readonly month?: string | undefined;
      /** A year of the accounting time zone */
      readonly year?: string | undefined;
      /** last-24h, last-7d, last-30d, … (whole UTC hours before now) */
      readonly period?: string | undefined;
      /** Begin of the period: a UTC date, or a time with its offset */
      readonly from?: string | undefined;
      /** End of the period, not included */
      readonly to?: string | undefined;
      /** Only this service */
      readonly service?: string | undefined;
      /** Only this region: name, key or alias */
      readonly region?: string | undefined;
      /** Only usage with this label; key= alone: without that label; may be repeated */
      readonly label?: readonly string[] | undefined;
    };
    readonly answer: ExplainAnswer;
  };
  /** Whether the hours can be trusted. Age, gaps, runs, budgets, suspect readings. It asks no
   * provider. */
  readonly getStatus: {
    readonly input: {
      /** Only this region; may be repeated */
      readonly region?: readonly string[] | undefined;
      /** Default: that of the settings */
      readonly staleAfterHours?: number | undefined;
    };
    readonly answer: GetStatusAnswer;
  };
  /** What ingests and backfills did. */
  readonly listIngestionRuns: {
    readonly input: {
      /** Only this region: name, key or alias */
      readonly region?: string | undefined;
      /** Rows on a page */
      readonly limit?: number | undefined;
      /** `nextCursor` of the page before, with the same parameters */
      readonly cursor?: string | undefined;
    };
    readonly answer: ListIngestionRunsAnswer;
  };
  /** Jobs, when they are due, and their last runs. */
  readonly listJobs: { readonly input: object; readonly answer: ListJobsAnswer };
  /** Run a job now, and wait for it. 409 while another run of it is going on. */
  readonly runJob: {
    readonly input: {
      /** Name of the job */
      readonly job: string;
    };
    readonly answer: RunJobAnswer;
  };
  /** What is or was wrong. */
  readonly listAlerts: {
    readonly input: {
      /** Which alerts */
      readonly state?: "open" | "resolved" | "all" | undefined;
      /** Alerts on a page */
      readonly limit?: number | undefined;
      /** `nextCursor` of the page before, with the same parameters */
      readonly cursor?: string | undefined;
    };
    readonly answer: ListAlertsAnswer;
  };
}

/** Where each operation is asked, and the names of its parameters. */
export const ROUTES = {
  getEntrance: { method: "GET", path: "/v1", params: [], query: [], hasBody: false },
  getOpenApi: { method: "GET", path: "/v1/openapi.json", params: [], query: [], hasBody: false },
  getHealth: { method: "GET", path: "/healthz", params: [], query: [], hasBody: false },
  getReadiness: { method: "GET", path: "/readyz", params: [], query: [], hasBody: false },
  listLatestIntensity: { method: "GET", path: "/v1/intensity/latest", params: [], query: [], hasBody: false },
  getLatestIntensity: {
    method: "GET",
    path: "/v1/intensity/latest/{region}",
    params: ["region"],
    query: [],
    hasBody: false,
  },
  listIntensity: {
    method: "GET",
    path: "/v1/intensity",
    params: [],
    query: ["region", "from", "to", "signal", "limit", "cursor"],
    hasBody: false,
  },
  listRegions: { method: "GET", path: "/v1/regions", params: [], query: [], hasBody: false },
  listServices: { method: "GET", path: "/v1/services", params: [], query: ["service"], hasBody: false },
  addUsage: { method: "POST", path: "/v1/usage", params: [], query: ["origin"], hasBody: true },
  calculate: { method: "POST", path: "/v1/calculations", params: [], query: [], hasBody: true },
  listEmissions: {
    method: "GET",
    path: "/v1/emissions",
    params: [],
    query: ["resolution", "from", "to", "service", "region", "label", "estimate", "limit", "cursor"],
    hasBody: false,
  },
  getReport: {
    method: "GET",
    path: "/v1/reports",
    params: [],
    query: [
      "period",
      "from",
      "to",
      "month",
      "year",
      "by",
      "service",
      "region",
      "label",
      "compare",
      "per",
      "estimate",
      "market",
      "daily",
    ],
    hasBody: false,
  },
  explain: {
    method: "GET",
    path: "/v1/explanations",
    params: [],
    query: ["hour", "day", "month", "year", "period", "from", "to", "service", "region", "label"],
    hasBody: false,
  },
  getStatus: {
    method: "GET",
    path: "/v1/status",
    params: [],
    query: ["region", "staleAfterHours"],
    hasBody: false,
  },
  listIngestionRuns: {
    method: "GET",
    path: "/v1/ingestion-runs",
    params: [],
    query: ["region", "limit", "cursor"],
    hasBody: false,
  },
  listJobs: { method: "GET", path: "/v1/jobs", params: [], query: [], hasBody: false },
  runJob: { method: "POST", path: "/v1/jobs/{job}/runs", params: ["job"], query: [], hasBody: false },
  listAlerts: {
    method: "GET",
    path: "/v1/alerts",
    params: [],
    query: ["state", "limit", "cursor"],
    hasBody: false,
  },
} as const;
