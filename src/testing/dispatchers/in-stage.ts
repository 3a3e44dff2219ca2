/** The contract of a dispatcher in a producer of this library: what it means for those who consume. */
import { settle } from "../settle.ts";
import { isSomeWanted, type Plan } from "./plan.ts";
import { Random } from "../random.ts";
import { reasonText, StageScene, type Seat } from "./stage-scene.ts";
import { describe } from "../violation.ts";

/** One rule, and how it is tried. */
export interface StageCase {
  readonly name: string;
  readonly run: <Event>(plan: Plan<Event>) => Promise<void>;
}

/** More than what is asked for in a case. */
const PLENTY = 3_000;

export const stageCases: readonly StageCase[] = [
  {
    name: "in a stage: delivers events to those who ask, each what is his",
    run: async (plan) => {
      await using scene = new StageScene(plan, { events: PLENTY });
      scene.joinAll();
      for (let round = 1; round <= 6; round += 1) {
        for (const seat of scene.seats) scene.ask(seat, round);
        await scene.rest();
        expectNoneWaits(scene);
      }
      if (scene.produced === 0) throw scene.violation("the source", "be asked for events", "never");
    },
  },
  {
    name: "in a stage: flows on after leavers, and for late joiners",
    run: async (plan) => {
      await using scene = new StageScene(plan, { events: PLENTY, surplus: () => 1 });
      for (let round = 0; round < 2 * plan.consumers; round += 1) {
        for (const seat of scene.joinAll()) scene.ask(seat, 5);
        await scene.rest();
        expectNoneWaits(scene);
        const leaver = scene.seats.find(({ place }) => place === round % plan.consumers);
        if (leaver === undefined) continue;
        scene.hold();
        scene.ask(leaver, 7);
        for (const seat of scene.seats) scene.ask(seat, 2);
        scene.leave(leaver);
        for (const seat of scene.seats) scene.ask(seat, 3);
        await scene.rest();
        scene.release();
        await scene.rest();
      }
      const before = scene.produced;
      for (const seat of scene.joinAll()) scene.ask(seat, 60);
      await scene.rest();
      if (scene.produced === before) throw scene.violation("the source", "be asked again", "nothing more");
    },
  },
  {
    name: "in a stage: loses no demand of those who stay",
    run: async (plan) => {
      for (let place = 0; place < plan.consumers; place += 1) {
        await using scene = new StageScene(plan, { events: PLENTY });
        for (const seat of scene.joinAll()) scene.ask(seat, 4);
        await scene.rest();
        scene.hold();
        for (const seat of scene.seats) scene.ask(seat, 9);
        for (const seat of scene.seats) scene.ask(seat, 2);
        const stays = scene.seats.find((seat) => seat.place === place);
        if (stays !== undefined) await expectServed(scene, plan, stays);
      }
    },
  },
  {
    name: "in a stage: tells a consumer that it refuses, and the others go on",
    run: async (plan) => {
      for (const options of plan.refuses) {
        await using scene = new StageScene(plan, { events: PLENTY });
        for (const seat of scene.joinAll()) scene.ask(seat, 4);
        await scene.rest();
        const refused = scene.join(0, options);
        await settle();
        if (refused.probe.end?.type !== "error") {
          throw scene.violation("it", `refuse a consumer with ${describe(options)}`, refused.probe.end === undefined ? "admitted" : reasonText(refused.probe.end));
        }
        scene.seats.splice(scene.seats.indexOf(refused), 1);
        for (const seat of scene.seats) scene.ask(seat, 6);
        await scene.rest();
        expectNoneWaits(scene);
      }
    },
  },
  {
    name: "in a stage: ends after its last event",
    run: async (plan) => {
      for (const events of [0, 1, 2, 25, 90]) {
        await using scene = new StageScene(plan, { events, ends: true });
        for (const seat of scene.joinAll()) scene.ask(seat, 5);
        await scene.rest();
        for (const seat of scene.seats) scene.ask(seat, PLENTY);
        await scene.rest();
        for (const { probe } of scene.seats) {
          if (probe.end?.type !== "normal") {
            throw scene.violation("the stage", `end normally when its ${events} events are delivered`, probe.end === undefined ? "no end" : reasonText(probe.end));
          }
        }
        if (scene.producer.bufferedCount > 0) throw scene.violation("the stage", "end after its last event", `${scene.producer.bufferedCount} events buffered`);
      }
    },
  },
  {
    name: "in a stage: is flushed when all that was emitted is delivered",
    run: async (plan) => {
      await using scene = new StageScene(plan, { events: PLENTY, surplus: () => 12 });
      for (const seat of scene.joinAll()) scene.ask(seat, 3);
      await scene.rest();
      let isFlushed = false;
      const emitted = scene.produced;
      void scene.producer.flushed().then(
        () => (isFlushed = true),
        (error: unknown) => scene.history.note(`flushed() rejects: ${describe(error)}`),
      );
      await scene.rest();
      if (isFlushed && scene.producer.bufferedCount > 0) throw scene.violation("flushed()", "wait for what is buffered and queued", `${scene.producer.bufferedCount} events left`);
      for (let round = 0; round < 100; round += 1) {
        if (isFlushed) return;
        for (const seat of scene.joinAll()) scene.ask(seat, 4);
        await scene.rest();
      }
      if (!isFlushed) throw scene.violation("flushed()", `resolve when the ${emitted} events before it are delivered`, "never");
    },
  },
  {
    name: "in a stage: counts what it has queued as lost when the stage is stopped",
    run: async (plan) => {
      await using scene = new StageScene(plan, { events: PLENTY, surplus: () => 3 });
      const [first] = scene.joinAll();
      if (first !== undefined) scene.ask(first, 20);
      await scene.rest();
      await scene.producer.stop();
      await scene.rest();
      if (scene.producer.bufferedCount > 0) throw scene.violation("queued", "be 0 when the stage was stopped", scene.producer.bufferedCount);
    },
  },
];

/** The same rules in random sequences: messages cross each other, as nobody waits for what comes of them. */
export async function playStages<Event>(plan: Plan<Event>): Promise<void> {
  const runs = Math.ceil(plan.runs / 10);
  for (let run = 0; run < runs; run += 1) await playStage(plan, plan.seed + run);
}

async function playStage<Event>(plan: Plan<Event>, seed: number): Promise<void> {
  const random = new Random(seed);
  await using scene = new StageScene(plan, { seed, events: PLENTY, surplus: () => (random.next() < 0.2 ? random.integer(1, 9) : 0) });
  for (let act = 0; act < 60; act += 1) {
    const { seats, free } = scene;
    const doing = random.weighted({ join: 4, leave: 3, ask: 9, rest: 2, hold: 1, release: 1 });
    if (doing === "join" && free.length > 0) scene.join(random.one(free));
    else if (doing === "leave" && seats.length > 0) scene.leave(random.one(seats));
    else if (doing === "ask" && seats.length > 0) scene.ask(random.one(seats), random.integer(1, random.integer(1, 20)));
    else if (doing === "hold") scene.hold();
    else if (doing === "release") scene.release();
    else if (doing === "rest") {
      await scene.rest();
      expectNoneWaits(scene);
    }
  }
  await scene.rest();
  if (scene.seats.length > 0) await expectServed(scene, plan, random.one(scene.seats));
  scene.release();
  for (const seat of scene.joinAll()) scene.ask(seat, PLENTY);
  await scene.rest();
  const { bufferedCount } = scene.producer;
  if (bufferedCount > 0) throw scene.violation("the stage", "deliver all when everybody has asked for more than there is", `${bufferedCount} events buffered`);
}

/** At rest, with a source that has more and everybody here, somebody has got all that he asked for. */
function expectNoneWaits<Event>(scene: StageScene<Event>): void {
  if (scene.free.length > 0 || scene.isHeld || scene.isExhausted) return;
  if (scene.seats.every((seat) => scene.open(seat) > 0)) {
    throw scene.violation("the stage", "deliver events as long as everybody has open demand", `${scene.seats.map((seat) => scene.open(seat)).join(", ")} open at rest`);
  }
}

/** As for a dispatcher alone: when the others have left, or when they ask for plenty, somebody is served to the end. */
async function expectServed<Event>(scene: StageScene<Event>, plan: Plan<Event>, seat: Seat<Event>): Promise<void> {
  scene.leaveAll(seat);
  await scene.rest();
  scene.release();
  await scene.rest();
  if (scene.open(seat) === 0 || scene.isExhausted) return;
  const before = scene.produced;
  for (const place of scene.free) scene.ask(scene.join(place), PLENTY);
  await scene.rest();
  if (scene.open(seat) === 0) return;
  // A selector may want none of all that came.
  if (scene.produced > before && !isSomeWanted(plan, seat.probe.options, before, scene.produced)) return;
  throw scene.violation("the stage", `serve the demand of ${seat.probe.consumer} to the end`, `${scene.open(seat)} events open at rest`);
}
