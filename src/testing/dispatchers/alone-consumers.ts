/** What a dispatcher does with consumers that come, ask and go. */
import type { DispatchOptions } from "../../core/index.ts";
import { deliverAll, expectServed, LENGTHS, type AloneCase } from "./alone.ts";
import { FakeStage } from "./fake-stage.ts";
import { Guest } from "./guest.ts";
import { describe } from "../violation.ts";

export const consumerCases: readonly AloneCase[] = [
  {
    name: "ignores an ask and a cancel of somebody it does not know",
    run: (plan) => {
      for (let place = 0; place < plan.consumers; place += 1) {
        const stage = new FakeStage(plan);
        const guests = stage.joinAll();
        for (const guest of guests) stage.ask(guest, 3);
        const nobodies = [new Guest(stage, place, "a stranger", plan.consumerOptions(place))];
        const leaver = guests[place];
        if (leaver !== undefined) {
          stage.leave(leaver);
          nobodies.push(leaver);
        }
        for (const nobody of nobodies) {
          const atAsk = stage.sight;
          stage.ask(nobody, 4);
          stage.expectSame(atAsk, `after an ask of ${nobody.name}, who is not subscribed`);
          stage.bring(1);
          const atCancel = stage.sight;
          stage.leave(nobody);
          stage.expectSame(atCancel, `after a cancel of ${nobody.name}, who is not subscribed`);
        }
        stage.answerAgains();
        for (const guest of stage.present) stage.ask(guest, 3);
        stage.bring(10);
      }
    },
  },
  {
    name: "is as it was when it has refused a subscription",
    run: (plan) => {
      const stage = new FakeStage(plan);
      for (const options of plan.refuses) expectRefused(stage, options);
      const guests = stage.joinAll();
      for (const guest of guests) stage.ask(guest, 3);
      for (const options of plan.refuses) {
        const refused = expectRefused(stage, options);
        const before = stage.sight;
        stage.ask(refused, 2);
        stage.leave(refused);
        stage.expectSame(before, "after an ask and a cancel of a consumer that it refused");
      }
      // It may refuse who is there already, or a place that is taken. Who was there keeps what he has.
      for (const guest of guests) {
        for (const identity of [guest.identity, {}]) {
          const isRefused = comesAndGoes(stage, guest, identity);
          if (isRefused && !comesAndGoes(stage, guest, identity)) throw stage.violation("it", "refuse again what it has refused", "admitted");
        }
      }
      stage.expectOpen();
      for (const length of LENGTHS) {
        stage.bring(length);
        stage.answerAgains();
        for (const guest of guests) stage.ask(guest, 3);
      }
      for (const guest of guests) {
        stage.leave(guest);
        stage.join(guest.place, guest.options, guest.identity);
      }
    },
  },
  {
    name: "sends nothing to a consumer that has left",
    run: (plan) => {
      const stage = new FakeStage(plan);
      stage.joinAll();
      for (const length of LENGTHS) {
        for (const guest of stage.present) stage.ask(guest, 4);
        const [leaver] = stage.present;
        stage.bring(1);
        if (leaver !== undefined) stage.leave(leaver);
        stage.bring(length);
        stage.answerAgains();
        stage.joinAll();
      }
    },
  },
  {
    name: "forgets the open demand of a consumer that leaves",
    run: (plan) => {
      const stage = new FakeStage(plan);
      for (const place of stage.freePlaces()) {
        for (const guest of stage.joinAll()) stage.ask(guest, 5);
        const leaver = stage.present.find((guest) => guest.place === place);
        if (leaver !== undefined) stage.leave(leaver);
        stage.bring(2);
        // Who comes in his stead has asked for nothing.
        stage.join(place);
        stage.bring(3);
        stage.answerAgains();
      }
    },
  },
  {
    name: "keeps the open demand of those who stay",
    run: (plan) => {
      for (let place = 0; place < plan.consumers; place += 1) {
        const stage = new FakeStage(plan);
        for (const guest of stage.joinAll()) stage.ask(guest, 5 + guest.place);
        const stays = stage.present.find((guest) => guest.place === place);
        if (stays !== undefined) expectServed(stage, plan, stays);
      }
    },
  },
  {
    name: "serves a consumer that joins late, when he has asked",
    run: (plan) => {
      const stage = new FakeStage(plan);
      for (const place of stage.freePlaces()) {
        for (const guest of stage.present) stage.ask(guest, 3);
        const late = stage.join(place);
        stage.bring(2);
        stage.ask(late, 4);
        stage.bring(5);
        stage.answerAgains();
      }
      const last = stage.present.at(-1);
      if (last !== undefined) expectServed(stage, plan, last);
    },
  },
  {
    name: "begins anew with a consumer that subscribes again",
    run: (plan) => {
      const stage = new FakeStage(plan);
      for (const guest of stage.joinAll()) stage.ask(guest, 5);
      for (const guest of stage.everybody()) {
        stage.leave(guest);
        const again = stage.join(guest.place, guest.options, guest.identity);
        stage.bring(2);
        stage.ask(again, 2);
        stage.bring(4);
        stage.answerAgains();
      }
    },
  },
  {
    name: "shares nothing with another dispatcher of the same factory",
    run: (plan) => {
      const factory = plan.dispatcher();
      const one = new FakeStage(plan, undefined, factory);
      const other = new FakeStage(plan, undefined, factory);
      for (const stage of [one, other]) {
        const guests = stage.joinAll();
        for (const guest of guests) stage.ask(guest, stage === one ? 4 : 2);
      }
      one.bring(5);
      other.bring(3);
      one.leaveAll();
      other.bring(3);
      const before = other.sight;
      for (const guest of one.joinAll()) one.ask(guest, 7);
      one.bring(10);
      other.expectSame(before, "after calls of another dispatcher of its factory");
      deliverAll(other);
      deliverAll(one);
    },
  },
  {
    name: "keeps its account when asks are as great as they can be",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const huge = Number.MAX_SAFE_INTEGER;
      const [first] = stage.joinAll();
      for (const guest of stage.present) stage.ask(guest, huge);
      stage.expectOpen();
      for (let count = 0; count < 40; count += 1) stage.bring(1 + (count % 3));
      stage.answerAgains();
      if (first !== undefined) stage.ask(first, huge);
      stage.bring(10);
      stage.leaveAll();
      for (const guest of stage.joinAll()) stage.ask(guest, 2);
      stage.bring(5);
      deliverAll(stage);
    },
  },
  {
    name: "declares the options that its subscriptions give",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const declared = stage.dispatcher.options ?? [];
      for (let place = 0; place < plan.consumers; place += 1) {
        for (const name of Object.keys(plan.consumerOptions(place))) {
          if (!declared.includes(name)) throw stage.violation("its options", `declare ${name}`, declared.join(", ") || "none");
        }
      }
    },
  },
  {
    name: "gives all to a consumer that is alone, if it says so",
    run: (plan) => {
      const stage = new FakeStage(plan);
      if (stage.dispatcher.givesAllToOne !== true) return;
      const only = stage.join(0);
      for (const length of LENGTHS) {
        stage.ask(only, length);
        if (stage.capacity !== length) throw stage.violation("capacity", `be the ${length} that the only consumer has asked for`, stage.capacity);
        stage.bring(length + 1);
        if (only.open !== 0n) throw stage.violation("it", "give every event to the only consumer", `${only.open} of ${length} not sent`);
      }
    },
  },
];

/** Somebody subscribes who must be refused. */
function expectRefused<Event>(stage: FakeStage<Event>, options: DispatchOptions): Guest<Event> {
  const { guest, isRefused } = stage.tryJoin(0, options);
  if (!isRefused) throw stage.violation("it", `refuse a consumer with ${describe(options)}`, "admitted");
  return guest;
}

/** Somebody tries to subscribe in the place of another, and leaves. Returns whether he was refused. */
function comesAndGoes<Event>(stage: FakeStage<Event>, { place, options }: Guest<Event>, identity: object): boolean {
  const { guest, isRefused } = stage.tryJoin(place, options, identity);
  stage.leave(guest);
  return isRefused;
}
