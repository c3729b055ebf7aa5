import { describe, expect, it } from "vitest";
import { AWS_CUR2, awsQuantities } from "./aws-cur2.ts";
import { type BillingPreset, type BillingSettings, billingLineReader } from "./billing-line.ts";
import { FOCUS } from "./focus.ts";
import { GCP_BILLING, gcpQuantities } from "./gcp-billing.ts";

const SETTINGS: BillingSettings = {
  origin: "import:bill",
  regionOf: (text) =>
    /^(aws:us-east-1|gcp:us-central1|azure:eastus)$/.test(text)
      ? { name: text.slice(text.indexOf(":") + 1), problem: null }
      : { name: "", problem: `region "${text}" is not configured` },
  isKnownQuantity: () => true,
  shares: [],
  sum: true,
  labels: ["team", "environment", "namespace"],
  resolutionMinutes: 60,
  assumeUtc: false,
  currency: null,
  serviceFrom: "product",
};

const readerOf = (preset: BillingPreset, record: object, settings: Partial<BillingSettings> = {}) =>
  billingLineReader(preset, Object.keys(record), { ...SETTINGS, ...settings });
const read = (preset: BillingPreset, record: object, settings: Partial<BillingSettings> = {}) =>
  readerOf(preset, record, settings).read(Object.values(record));

const AWS = {
  line_item_usage_start_date: "2026-02-01T00:00:00.000Z",
  line_item_usage_end_date: "2026-02-01T01:00:00.000Z",
  line_item_line_item_type: "Usage",
  line_item_product_code: "AmazonEC2",
  line_item_usage_type: "BoxUsage:m5.large",
  line_item_usage_amount: "10",
  line_item_unblended_cost: "0.96",
  line_item_currency_code: "USD",
  product_region_code: "us-east-1",
  product: { vcpu: "2", memory: "8 GiB" },
  resource_tags: { user_team: "search", "user:environment": "prod", user_app: "api" },
};

describe("a line of an AWS bill", () => {
  it("is the use of a service, with the labels that its tags give", () => {
    expect(read(AWS_CUR2, AWS)).toEqual({
      service: "AmazonEC2",
      region: "us-east-1",
      labels: { team: "search", environment: "prod" },
      origin: "import:bill",
      start: Date.UTC(2026, 1, 1),
      end: Date.UTC(2026, 1, 1, 1),
      requests: null,
      energy: null,
      // 10 h × 2 vCPU; 10 h × 8 GiB × 1.073741824 GB
      quantities: { vcpu_hours: 20, memory_gb_hours: 10 * 8 * 1.073741824 },
      cost: 0.96,
    });
  });

  it("names its service by a tag, or by its product where the tag is missing", () => {
    expect(read(AWS_CUR2, AWS, { serviceFrom: "app" })).toMatchObject({ service: "api" });
    expect(read(AWS_CUR2, AWS, { serviceFrom: "owner" })).toMatchObject({ service: "AmazonEC2" });
    expect(read(AWS_CUR2, AWS, { service: "all" })).toMatchObject({ service: "all" });
  });

  it.each<[string, number, object, object]>([
    // 744 hours of January.
    ["USE1-EBS:VolumeUsage.gp3", 1, {}, { ssd_tb_hours: (744 * 1.073741824) / 1000 }],
    ["EBS:VolumeUsage.st1", 1, {}, { hdd_tb_hours: (744 * 1.073741824) / 1000 }],
    ["EBS:VolumeUsage", 1, {}, { hdd_tb_hours: (744 * 1.073741824) / 1000 }],
    ["EU-Fargate-vCPU-Hours:perCPU", 3, {}, { vcpu_hours: 3 }],
    ["EU-Fargate-ARM-GB-Hours", 3, {}, { memory_gb_hours: 3 * 1.073741824 }],
    // 1769 MB for an hour: a vCPU-hour.
    [
      "Lambda-GB-Second",
      (1769 / 1024) * 3600,
      {},
      { vcpu_hours: 1, memory_gb_hours: (1769 / 1024) * 1.073741824 },
    ],
    ["USE1-EUC1-AWS-Out-Bytes", 2, {}, { network_gb: 2 * 1.073741824 }],
    ["DataTransfer-Out-Bytes", 2, {}, { network_gb: 2 * 1.073741824 }],
    [
      "Multi-AZUsage:db.m5.large",
      1,
      { vcpus: "2", memory: "8 GiB" },
      { vcpu_hours: 4, memory_gb_hours: 2 * 8 * 1.073741824 },
    ],
    [
      "SpotUsage:p4d.24xlarge",
      2,
      { vcpus: "96", memory: "1,152 GiB", gpus: "8", instanceType: "p4d.24xlarge" },
      { vcpu_hours: 192, memory_gb_hours: 2 * 1152 * 1.073741824, "gpu_hours:a100": 16 },
    ],
  ])("%s × %d is modelled", (usageType, amount, details, quantities) => {
    const use = {
      usageType,
      amount,
      start: "2026-01-10T00:00:00Z",
      vcpus: "",
      memory: "",
      gpus: "",
      instanceType: "",
    };
    const found = awsQuantities({ ...use, ...details }) as Record<string, number>;
    expect(Object.keys(found).sort()).toEqual(Object.keys(quantities).sort());
    for (const [name, amountOf] of Object.entries(quantities)) expect(found[name]).toBeCloseTo(amountOf, 12);
  });

  it.each([
    "LoadBalancerUsage",
    "DataTransfer-In-Bytes",
    "USE1-EUC1-AWS-In-Bytes",
    "TimedStorage-ByteHrs",
    "UnusedBox:m5.large",
  ])("%s is not modelled, and its cost is kept", (usageType) => {
    const record = { ...AWS, line_item_usage_type: usageType };
    const reader = readerOf(AWS_CUR2, record);
    expect(reader.read(Object.values(record))).toMatchObject({ quantities: null, cost: 0.96 });
    expect([...reader.notModelled.values()]).toEqual([{ kind: usageType, lines: 1, cost: 0.96 }]);
  });

  it("of money alone counts no use: a negated instance hour would be counted twice", () => {
    const record = {
      ...AWS,
      line_item_line_item_type: "SavingsPlanNegation",
      line_item_unblended_cost: "-0.96",
    };
    expect(read(AWS_CUR2, record)).toMatchObject({ quantities: null, cost: -0.96 });
  });

  it("about no region is counted, and kept where an option names a region", () => {
    const record = { ...AWS, line_item_line_item_type: "Tax", product_region_code: "" };
    const reader = readerOf(AWS_CUR2, record);
    expect(reader.read(Object.values(record))).toBeNull();
    expect([...reader.withoutRegion.values()]).toEqual([{ kind: "Tax", lines: 1, cost: 0.96 }]);
    expect(read(AWS_CUR2, record, { region: "aws:us-east-1" })).toMatchObject({
      region: "us-east-1",
      cost: 0.96,
    });
  });

  it.each([
    ["another currency", { line_item_currency_code: "EUR" }, /costs here are in USD/],
    [
      "a region that is not configured",
      { product_region_code: "us-west-2" },
      /region "aws:us-west-2" is not configured/,
    ],
    [
      "an amount that is no number",
      { line_item_usage_amount: "ten" },
      /the amount "ten" of BoxUsage:m5.large is no number/,
    ],
    ["a cost that is no number", { line_item_unblended_cost: "free" }, /cost "free" is no number/],
    ["no time", { line_item_usage_start_date: "" }, /the start is empty/],
    ["tags that cannot be read", { resource_tags: "{" }, /tags "{" are no names and values/],
  ])("is bad with %s", (_what, change, reason) => {
    expect(read(AWS_CUR2, { ...AWS, ...change }, { currency: "USD" })).toMatch(reason);
  });
});

describe("a line of a Google bill", () => {
  const GCP = {
    "service.description": "Compute Engine",
    "sku.description": "N1 Predefined Instance Core running in Americas",
    usage_start_time: "2026-02-01T00:00:00Z",
    usage_end_time: "2026-02-01T01:00:00Z",
    "location.region": "us-central1",
    cost: 1.6,
    currency: "USD",
    "usage.amount": 184_590,
    "usage.unit": "seconds",
    labels: [{ key: "team", value: "search" }],
  };

  it("is the use of a service: 184,590 seconds of a core are 51.275 hours", () => {
    expect(read(GCP_BILLING, GCP)).toMatchObject({
      service: "Compute Engine",
      region: "us-central1",
      labels: { team: "search" },
      quantities: { vcpu_hours: 184_590 / 3600 },
    });
  });

  it("may be nested, as JSON lines from BigQuery are, or have names with underscores", () => {
    const {
      "service.description": service,
      "sku.description": sku,
      "location.region": region,
      ...flat
    } = GCP;
    const nested = {
      ...flat,
      service: { description: service },
      sku: { description: sku },
      location: { region },
    };
    const underscored = {
      ...flat,
      service_description: service,
      sku_description: sku,
      location_region: region,
    };
    expect(read(GCP_BILLING, nested)).toEqual(read(GCP_BILLING, GCP));
    expect(read(GCP_BILLING, underscored)).toEqual(read(GCP_BILLING, GCP));
  });

  it.each<[string, number, string, object | null]>([
    ["E2 Instance Ram running in Frankfurt", 3.6e12, "byte-seconds", { memory_gb_hours: 1 }],
    ["E2 Instance Ram running in Frankfurt", 1, "gibibyte hour", { memory_gb_hours: 1.073741824 }],
    ["Balanced PD Capacity", 3.6e15, "byte-seconds", { ssd_tb_hours: 1 }],
    ["Regional Storage PD Capacity", 3.6e15, "byte-seconds", { hdd_tb_hours: 2 }],
    ["Storage PD Snapshot", 3.6e15, "byte-seconds", null],
    ["Network Internet Data Transfer Out from Americas", 1e9, "bytes", { network_gb: 1 }],
    ["Licensing Fee for RHEL (CPU cost) core running", 3600, "seconds", null],
    ["Commitment v1: Cpu in Americas for 1 Year", 3600, "seconds", null],
    ["N1 Predefined Instance Core running in Americas", 1, "fortnights", null],
  ])("%s, %d %s", (sku, amount, unit, quantities) => {
    const found = gcpQuantities(sku, amount, unit, "2026-02-01T00:00:00Z") as Record<string, number> | null;
    if (quantities === null) expect(found).toBeNull();
    for (const [name, wanted] of Object.entries(quantities ?? {}))
      expect(found?.[name]).toBeCloseTo(wanted, 12);
  });
});

describe("a line of a FOCUS bill", () => {
  const LINE = {
    ChargePeriodStart: "2026-02-01T00:00:00Z",
    ChargePeriodEnd: "2026-02-01T01:00:00Z",
    ServiceName: "Virtual Machines",
    ProviderName: "Microsoft",
    RegionId: "eastus",
    ChargeCategory: "Usage",
    ConsumedQuantity: 3,
    ConsumedUnit: "Hours",
    BilledCost: 0.2,
    EffectiveCost: 0.15,
    BillingCurrency: "USD",
    SkuPriceDetails: { CoreCount: 4, MemorySize: 16 },
    Tags: { team: "search" },
  };

  it("is the use of cores and memory where its details name them, at its effective cost", () => {
    expect(read(FOCUS, LINE)).toMatchObject({
      service: "Virtual Machines",
      region: "eastus",
      labels: { team: "search" },
      quantities: { vcpu_hours: 12, memory_gb_hours: 3 * 16 * 1.073741824 },
      cost: 0.15,
    });
  });

  it("of AWS is read by its usage type", () => {
    const record = {
      ...LINE,
      ProviderName: "AWS",
      RegionId: "us-east-1",
      x_UsageType: "DataTransfer-Out-Bytes",
    };
    expect(read(FOCUS, record)).toMatchObject({
      region: "us-east-1",
      quantities: { network_gb: 3 * 1.073741824 },
    });
  });

  it("of a purchase is money alone", () => {
    expect(read(FOCUS, { ...LINE, ChargeCategory: "Purchase" })).toMatchObject({
      quantities: null,
      cost: 0.15,
    });
  });
});

it("a file that is no such export is refused with the columns that it misses", () => {
  expect(() => readerOf(FOCUS, { service: 1, hour: 2 })).toThrow(
    /this is no FOCUS export: no column ChargePeriodStart, ChargePeriodEnd, ServiceName/,
  );
});
