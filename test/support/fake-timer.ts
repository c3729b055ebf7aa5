import { type Instant, instant } from "../../src/core/time.ts";
import type { Timer } from "../../src/jobs/carry-out.ts";

/** A clock and timers that a test moves. */
export interface FakeTime {
  readonly timer: Timer;
  clock(): Instant;
  /** Waits for what goes on, until all that is left to do waits for time or for the test. */
  settle(): Promise<void>;
  /** Lets time pass, and waits for what each timer on the way sets off. */
  pass(ms: number): Promise<void>;
  /** The machine sleeps: its clock goes on, its timers do not. */
  sleep(ms: number): void;
  /** Counts the promises that its methods return as going on. */
  watched<Methods extends object>(methods: Methods): Methods;
}

export function fakeTime(start: Instant): FakeTime {
  let now: number = start;
  let elapsed = 0;
  let goingOn = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();

  async function settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (goingOn > 0);
  }

  return {
    timer: {
      start(ms, run) {
        const one = { at: elapsed + ms, run };
        timers.add(one);
        return () => void timers.delete(one);
      },
    },
    clock: () => instant(now),
    settle,
    async pass(ms) {
      await settle();
      const end = elapsed + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        const to = due?.at ?? end;
        now += to - elapsed;
        elapsed = to;
        if (due === undefined) return;
        timers.delete(due);
        due.run();
        await settle();
      }
    },
    sleep(ms) {
      now += ms;
    },
    watched: (methods) =>
      new Proxy(methods, {
        get(target, name, receiver) {
          const method: unknown = Reflect.get(target, name, receiver);
          if (typeof method !== "function") return method;
          return async (...args: unknown[]) => {
            goingOn++;
            try {
              return await method.apply(target, args);
            } finally {
              goingOn--;
            }
          };
        },
      }),
  };
}
