/** The code of `docs/06-adapters-and-overflow.md` runs here, and the names in its trees exist. */
import { dropNewest, dropOldest, error, fromPush, latest, latestBy, sample, unbounded, type Overflow } from "sluice";
import * as core from "sluice";
import { pauseResume, type Producer } from "sluice";
import * as emitters from "sluice/events";
import * as ix from "sluice/ix";
import * as node from "sluice/node";
import * as reactiveStreams from "sluice/reactive-streams";
import * as rxjs from "sluice/rxjs";
import { ConsumerProbe, settle } from "sluice/testing";
import * as web from "sluice/web";
import { expect, test } from "vitest";
import { guideText, outputsOf, printing } from "./guide.ts";

const guide = "06-adapters-and-overflow";
const outputs = outputsOf(guide);

const received = async (overflow: Overflow<number>): Promise<readonly number[]> => {
  let discarded = 0;
  const source = fromPush<number>(
    (intake) => {
      for (let n = 1; n <= 8; n++) intake.next(n);
      intake.complete();
    },
    { overflow, handleReport: (report) => void (report.kind === "discarded" && (discarded += report.count)), ...(overflow.type === "error" && { bufferSize: 3 }) },
  );
  const events: number[] = [];
  try {
    for await (const event of source) events.push(event);
  } catch (problem) {
    console.log((problem as { code: string }).code);
  }
  console.log(overflow.type, events, "discarded", discarded);
  return events;
};

test("each policy keeps what the guide says", async () => {
  const printed = printing();
  for (const overflow of [error, dropNewest(3), dropOldest(3), latest, latestBy((n: number) => n % 2), unbounded]) await received(overflow);
  await received(sample(100));
  expect(printed()).toBe(outputs[0]);
});

/** A source with a brake. */
interface Socket {
  listen(listener: (line: string) => void): void;
  pause(): void;
  resume(): void;
  close(): void;
}

const lines = (socket: Socket): Producer<string> =>
  fromPush<string>(
    (intake) => {
      socket.listen((line) => intake.next(line));
      return () => socket.close();
    },
    { name: "lines", overflow: pauseResume({ pause: () => socket.pause(), resume: () => socket.resume(), high: 4, low: 1 }) },
  );

test("a source with a brake is paused at 4, and goes on at 1", async () => {
  const calls: string[] = [];
  let send: (line: string) => void = () => undefined;
  const socket: Socket = {
    listen: (listener) => void (send = listener),
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
    close: () => void calls.push("close"),
  };
  const probe = new ConsumerProbe(lines(socket));
  await probe.ask(1);
  for (const line of ["a", "b", "c", "d", "e"]) send(line);
  await settle();
  expect(calls).toEqual(["pause"]);
  await probe.ask(3);
  expect(calls).toEqual(["pause", "resume"]);
  await probe.cancel();
  expect(calls).toEqual(["pause", "resume", "close"]);
  expect(probe.batches.flat()).toEqual(["a", "b", "c", "d"]);
});

test("every adapter and policy that the guide names exists", () => {
  const known = new Set([core, emitters, ix, node, reactiveStreams, rxjs, web].flatMap((front) => Object.keys(front)));
  const named = [...guideText(guide).matchAll(/\b(?:from|to|into|through|as)(?:[A-Z]\w+)\b/g)].map(([name]) => name).filter((name) => !/^(?:from|to|into|through|as)X$/.test(name));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
