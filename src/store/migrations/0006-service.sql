-- 0006: what the running service keeps: runs of jobs, API keys, alerts and their delivery.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0006-service.sql
begin;
select pg_advisory_xact_lock(20142, 1);
insert into co2e_migration (version, name) values (6, 'service');

-- A job that was due once has one row here, whichever process takes it: the key decides between them.
create table job_run (
  job           text not null,
  due_at        timestamptz not null,               -- of its timetable, or the moment it was asked for
  holder        text not null,                      -- the process that has it, or had it last
  claimed_until timestamptz not null,               -- renewed while it runs; after it another process may take the run over
  attempts      int not null default 1,
  started_at    timestamptz not null default clock_timestamp(),
  ended_at      timestamptz,                        -- null: running, handed back, or its process died
  outcome       text check (outcome in ('done', 'failed')),
  detail        jsonb,
  error         text,                               -- never with a secret
  primary key (job, due_at),
  check ((ended_at is null) = (outcome is null))
);
create index job_run_open on job_run (job) where ended_at is null;

-- Takes a run of a job that is due, one run of a job at a time whoever asks. `besides`: a run besides the timetable, which
-- gets a moment of its own that is no sooner than `due` and later than every other run of the job.
--   claimed: it is the caller's now, for so many seconds; a run that another left unended goes on as its next attempt.
--   busy:    somebody has a run of this job at the moment.
--   over:    the run has ended, or a later one has; it need not be asked for again.
--   early:   it is due in the future by the clock of the database, so the clock of the caller is wrong.
create function co2e_claim_job(of_job text, due timestamptz, besides boolean, wanted_by text, seconds double precision,
  out answer text, out run_due_at timestamptz, out attempt int)
language plpgsql as $$
declare
  newest timestamptz;
begin
  perform pg_advisory_xact_lock(20151, hashtext(of_job));   -- what follows sees what the last one before it committed
  run_due_at := due;
  if due > clock_timestamp() + interval '5 minutes' then
    answer := 'early';
    return;
  end if;
  if exists (select from job_run r where r.job = of_job and r.ended_at is null and r.claimed_until >= clock_timestamp()) then
    answer := 'busy';
    return;
  end if;
  select max(r.due_at) into newest from job_run r where r.job = of_job and (besides or r.ended_at is not null);
  if besides then
    run_due_at := greatest(due, newest + interval '1 millisecond');
  elsif newest >= due then
    answer := 'over';
    return;
  end if;

  insert into job_run as r (job, due_at, holder, claimed_until)
  values (of_job, run_due_at, wanted_by, clock_timestamp() + make_interval(secs => seconds))
  on conflict (job, due_at) do update set
    holder = excluded.holder, claimed_until = excluded.claimed_until, attempts = r.attempts + 1,
    started_at = clock_timestamp()
  returning r.attempts into attempt;
  answer := 'claimed';

  -- Nobody goes on with what another process left behind once a later run is under way.
  update job_run r set ended_at = clock_timestamp(), outcome = 'failed',
    error = 'Its process ended before it did, and the next run began.'
  where r.job = of_job and r.due_at <> run_due_at and r.ended_at is null;
end $$;

-- Keys of the API. The key itself is shown once and kept nowhere.
create table api_key (
  key_id        text primary key,                   -- the part of the key that may be read by everybody
  name          text not null,
  scopes        text[] not null check (scopes <@ array['read', 'write', 'admin'] and cardinality(scopes) > 0),
  secret_sha256 text not null,
  created_at    timestamptz not null default clock_timestamp(),
  expires_at    timestamptz,
  revoked_at    timestamptz,
  last_used_on  date
);

-- What is wrong, from the moment that a rule found it until it no longer does.
create table alert (
  alert_id    bigint generated always as identity primary key,
  rule        text not null,                        -- 'ingest-failures', 'no-data', …
  subject     text not null,                        -- what it is about: 'region:eu-central-1', 'source:watttime'
  severity    text not null check (severity in ('info', 'warning', 'critical')),
  since       timestamptz not null,                 -- when what is wrong began
  raised_at   timestamptz not null default clock_timestamp(),
  resolved_at timestamptz,
  facts       jsonb not null                        -- what the message is made of
);
create unique index alert_open on alert (rule, subject) where resolved_at is null;
create index alert_raised on alert (raised_at);

create table alert_mute (
  mute_id    bigint generated always as identity primary key,
  rule       text,                                  -- null: every rule
  subject    text,                                  -- null: every subject
  until      timestamptz not null,
  reason     text not null,
  muted_by   text not null,
  created_at timestamptz not null default clock_timestamp(),
  ended_at   timestamptz,                           -- ended by hand before its time
  check (until > created_at)
);

-- The outbox. A message is written with the change of the alert in one transaction, and sent afterwards.
create table alert_delivery (
  delivery_id   bigint generated always as identity primary key,
  dedup_key     text not null unique,               -- alert, kind, number and channel: written once whoever finds it
  alert_id      bigint not null references alert,
  channel       text not null,                      -- as named in co2e.yaml
  kind          text not null check (kind in ('firing', 'repeated', 'resolved')),
  message       jsonb not null,
  state         text not null default 'ready'
                check (state in ('ready', 'sending', 'sent', 'failed', 'dropped')), -- dropped: it told the end of what was never told
  attempts      int not null default 0,
  next_at       timestamptz not null default clock_timestamp(),
  holder        text,                               -- the process that sends it, or sent it last
  claimed_until timestamptz,
  created_at    timestamptz not null default clock_timestamp(),
  sent_at       timestamptz,
  error         text                                -- never with the address of a webhook
);
create index alert_delivery_alert on alert_delivery (alert_id, channel);
create index alert_delivery_open on alert_delivery (next_at) where state in ('ready', 'sending');
commit;
