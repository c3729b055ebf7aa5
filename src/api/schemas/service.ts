import * as v from "valibot";
import { amount, count, isoTime, nextCursor, words, yes } from "./fields.ts";

export const entrance = v.object({
  name: v.literal("co2e"),
  version: words("Of the program", "0.2.0"),
  openapi: words("Path of this description", "/v1/openapi.json"),
  docs: words("Path of the documentation", "/docs"),
});

export const openapi = v.pipe(v.looseObject({ openapi: v.literal("3.1.0") }), v.description("This document"));

export const health = v.object({ status: v.literal("ok") });

export const readiness = v.object({
  status: v.literal("ready"),
  snapshotAt: isoTime("When the database was last read for answers from memory"),
});

export const jobList = v.object({
  jobs: v.array(
    v.object({
      job: words("Name", "ingest"),
      what: words("What it does", "fetch the newest hours"),
      when: v.union([
        v.object({ everyMinutes: amount("Every so many minutes, from midnight UTC", 5) }),
        v.object({ hourlyAtMinute: amount("Each hour at that minute", 5) }),
        v.object({ dailyAtMinute: amount("Each day at that minute of the UTC day", 120) }),
      ]),
      nextDueAt: isoTime("When it is due next"),
      last: v.nullable(
        v.object({
          dueAt: isoTime("When it was due"),
          startedAt: isoTime("When it began"),
          endedAt: v.nullable(isoTime("When it ended; null: it has not")),
          outcome: v.nullable(v.picklist(["done", "failed"])),
          isRunning: yes("Whether it runs now"),
          attempts: count("Times that it was begun", 1),
          error: v.nullable(words("What went wrong", "no source answered")),
        }),
      ),
    }),
  ),
});

export const jobRun = v.object({
  job: words("Name", "ingest"),
  detail: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description("What it came to: counts with units in their names"),
    v.examples([{ hoursNew: 2 }]),
  ),
  error: v.nullable(words("What went wrong; null: nothing", "no source answered")),
});

export const alertList = v.object({
  alerts: v.pipe(
    v.array(
      v.object({
        alertId: words("Number of the alert", "17"),
        rule: words("The rule that found it", "no-data"),
        subject: words("What it is about", "region:eu-central-1"),
        severity: v.picklist(["info", "warning", "critical"]),
        since: isoTime("When what is wrong began"),
        raisedAt: isoTime("When it was found"),
        resolvedAt: v.nullable(isoTime("When it was over; null: it is open")),
        isMuted: yes("Whether its messages are held back"),
        facts: v.pipe(
          v.record(v.string(), v.unknown()),
          v.description("What its message is made of"),
          v.examples([{ newestHour: "2026-11-24T10:00:00.000Z", ageHours: 4.2 }]),
        ),
      }),
    ),
    v.description("The newest first"),
  ),
  nextCursor,
});

export const problem = v.pipe(
  v.object({
    type: words("Names the type of problem; stable", "/docs#problem-not-found"),
    title: words("The type in words", "Not found"),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599), v.examples([404])),
    detail: v.exactOptional(words("What is wrong with this request", "There is nothing at /v1/zones.")),
    instance: v.exactOptional(words("Path of the request", "/v1/zones")),
    id: v.exactOptional(words("Of a fault of the program: what its log names it", "5f0c…")),
    errors: v.exactOptional(
      v.array(
        v.object({
          name: v.exactOptional(words("Parameter, or member of the body", "from")),
          index: v.exactOptional(count("Position in the array of the body, from 0", 0)),
          reason: words("What is wrong", "is missing"),
        }),
      ),
    ),
  }),
  v.description("RFC 9457"),
);
