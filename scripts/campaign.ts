// npm run campaign: the fault campaign at full size, and 100,000 mutated answers. Prints counts; ends with 1 when something
// was wrong.
//   npm run campaign -- --zones 57 --days 14 --seed 1 --bodies 100000
import { parseArgs } from "node:util";
import { type CampaignReport, runCampaign } from "../test/campaign/campaign.ts";
import { type MutationReport, runMutations } from "../test/mutations/run-mutations.ts";
import { startPostgres } from "../test/support/postgres-server.ts";

const { values } = parseArgs({
  options: {
    zones: { type: "string", default: "57" },
    days: { type: "string", default: "14" },
    seed: { type: "string", default: "1" },
    /** 0: none. */
    bodies: { type: "string", default: "100000" },
  },
});
function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`${text} is no whole number: --zones, --days, --seed, --bodies`);
}
const zones = wholeNumber(values.zones);
const days = wholeNumber(values.days);
const seed = wholeNumber(values.seed);
const bodies = wholeNumber(values.bodies);

const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ") || "none";

let lastShown = 0;
const showProgress = (text: string): void => {
  if (!process.stderr.isTTY || performance.now() - lastShown < 500) return;
  lastShown = performance.now();
  process.stderr.write(`\r\u001b[K${text}`);
};

function showCampaign({ same, other, problems }: CampaignReport): void {
  const { hours } = same;
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(`Fault campaign: ${same.zones} zones, ${same.regions} regions, ${same.days} days, seed ${same.seed}

hours of regions   expected ${hours.expected}, present ${hours.present}, wrong ${hours.wrong}, missing ${hours.missing}
                   unreachable ${hours.unreachable}, of which with a row ${hours.unfounded}
hours of zones     ${list(same.hoursBySource)}
wrong for a while  ${list(same.wrongForAWhile)} (counted once a run)
faults             ${total(other.faults)}: ${list(other.faults)}
requests           ${total(other.requests)}: ${list(other.requests)}
retries            ${other.retries}; breakers opened ${other.breakersOpened}
refusals           ${list(other.sourcesFailed)}
suspects           ${list(same.suspects)}
revisions          ${same.revisions}
runs               ${same.runs}; restarts ${same.restarts}, kills ${same.kills}, requests lost by kills ${other.requestsLostByKills}
seconds            ${other.seconds}
problems           ${problems.length}${problems.map((problem) => `\n  ${problem}`).join("")}
`);
}

function showMutations({ bodies: count, outcomes, violations }: MutationReport, seconds: number): void {
  console.log(`Mutated answers: ${count}, seed ${seed}\n`);
  for (const [subject, counts] of Object.entries(outcomes))
    console.log(`${subject.padEnd(40)} ${list(counts)}`);
  console.log(`\nseconds            ${seconds}\nwrong              ${violations.length}`);
  for (const violation of violations.slice(0, 20)) console.log(JSON.stringify(violation));
}

const problems: number[] = [];
if (zones > 0 && days > 0) {
  const server = await startPostgres();
  if (!server)
    throw new Error(
      "the campaign needs PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL 15 or later",
    );
  try {
    const report = await runCampaign({
      ...{ zones, days, seed, databaseUrl: server.url },
      onHour: ({ hour, hours }) => showProgress(`hour ${hour + 1} of ${hours}`),
    });
    showProgress("");
    showCampaign(report);
    problems.push(report.problems.length);
  } finally {
    await server.stop();
  }
}
if (bodies > 0) {
  const startedMs = performance.now();
  const report = await runMutations({ bodies, seed, onProgress: (done) => showProgress(`${done} bodies`) });
  showProgress("");
  showMutations(report, Math.round((performance.now() - startedMs) / 1000));
  problems.push(report.violations.length);
}
process.exitCode = problems.some((count) => count > 0) ? 1 : 0;
