-- 0002: the evidence. Every reading as it was learnt; nothing here is updated or deleted by the product.
-- A changed value is a new row with the next revision, an unchanged one no row.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0002-evidence.sql
begin;
select pg_advisory_xact_lock(20142, 1);
insert into co2e_migration (version, name) values (2, 'evidence');

create table intensity_reading (
  reading_id          bigint generated always as identity primary key,
  zone                text not null,                -- Electricity Maps zone key: 'DE', 'US-MIDA-PJM'
  starts_at           timestamptz not null,
  ends_at             timestamptz not null,         -- exclusive; resolution as received (5, 15, 30, 60 minutes)
  signal              text not null check (signal in ('average', 'marginal')),
  factor_type         text not null check (factor_type in ('lifecycle', 'direct')),
  boundary            text not null check (boundary in ('consumption', 'production')),
  source              text not null,
  revision            int not null check (revision >= 1),
  kind                text not null check (kind in ('measured', 'estimated', 'modelled', 'sample')),
  method              text,                         -- how the source estimated it, in its own word
  raw_value           double precision,             -- as sent; null and impossible values are evidence too
  raw_unit            text not null,
  g_per_kwh           double precision,
  provider_updated_at timestamptz,
  fetched_at          timestamptz not null,
  suspect             text[] not null default '{}', -- why it was not accepted
  check (ends_at > starts_at),
  unique (zone, starts_at, source, signal, factor_type, boundary, ends_at, revision)
);

-- What a person said of a reading; the latest word counts.
create table intensity_review (
  reading_id  bigint not null references intensity_reading,
  reviewed_at timestamptz not null,
  reviewer    text not null,
  accept      boolean not null,
  reason      text not null,
  primary key (reading_id, reviewed_at)
);

-- The mix of the electricity consumed in a zone, from its own endpoint with its own revisions.
create table mix_reading (
  mix_reading_id      bigint generated always as identity primary key,
  zone                text not null,
  starts_at           timestamptz not null,
  ends_at             timestamptz not null,
  source              text not null,
  revision            int not null check (revision >= 1),
  kind                text not null check (kind in ('measured', 'estimated', 'modelled', 'sample')),
  method              text,
  raw_megawatts       jsonb not null,
  shares              jsonb not null,               -- percent by column of co2e_emissions, adds up to 100
  provider_updated_at timestamptz,
  fetched_at          timestamptz not null,
  check (ends_at > starts_at),
  unique (zone, starts_at, source, ends_at, revision)
);

-- One row: whether this store holds live or sample data. It never holds both.
create table co2e_store (
  only_row boolean primary key default true check (only_row),
  data     text not null check (data in ('live', 'sample'))
);

-- Rows of co2e_emissions that a person inserted by hand: the next ingest turns them into evidence.
create index idx_co2e_by_hand on co2e_emissions (region) where not (metadata ? 'reading_ids');
commit;
