import { describe, test } from "vitest";
import { causeOf, fromIterable, fromPush, unbounded } from "sluice";
import { wayInContract, type WayInAbility, type WayInContractOptions } from "sluice/testing";
import { play } from "../adapters/support/play.ts";
import { asyncIterable, iterable } from "./support/native-iterables.ts";

const number = (n: number): number => n;

function keeps<Event, Can extends WayInAbility>(title: string, options: WayInContractOptions<Event, Can>): void {
  describe(`${title} keeps the contract: it`, () => {
    for (const { name, run } of wayInContract(options)) test(name, run);
  });
}

keeps<unknown, WayInAbility>("fromIterable of an async iterable", {
  event: number,
  can: ["end", "error", "wait"],
  prefetch: 0,
  odd: () => true,
  open: (source, settings) => fromIterable(asyncIterable(source), settings),
});

keeps<unknown, WayInAbility>("fromIterable of an async iterable, three at a time", {
  event: number,
  can: ["end", "error", "wait"],
  prefetch: 0,
  odd: () => true,
  open: (source, settings) => fromIterable(asyncIterable(source), { ...settings, concurrency: 3 }),
});

keeps<unknown, WayInAbility>("fromIterable of a function that makes one", {
  event: number,
  can: ["end", "error", "wait"],
  prefetch: 0,
  odd: () => true,
  open: (source, settings) => fromIterable(() => asyncIterable(source), settings),
});

keeps<unknown, "end" | "error">("fromIterable of a sync iterable", {
  event: number,
  can: ["end", "error"],
  prefetch: 0,
  odd: () => true,
  open: (source, settings) => fromIterable(iterable(source), settings),
});

keeps<unknown, WayInAbility>("fromPush", {
  event: number,
  can: ["end", "error", "wait"],
  prefetch: Infinity,
  awaitsRelease: true,
  odd: () => true,
  open: (source, settings) =>
    fromPush(
      (intake) => {
        let isReleased = false;
        play(source, {
          isOver: () => isReleased,
          event: (event) => intake.next(event),
          end: () => intake.complete(),
          error: (error) => intake.error(error),
        });
        return (reason) => {
          isReleased = true;
          return source.release(causeOf(reason));
        };
      },
      { ...settings, overflow: unbounded },
    ),
});
