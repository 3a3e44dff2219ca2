/** What a dispatcher does with lists. */
import { deliverAll, LENGTHS, type AloneCase } from "./alone.ts";
import { FakeStage } from "./fake-stage.ts";

export const listCases: readonly AloneCase[] = [
  {
    name: "takes nothing while nobody is subscribed",
    run: (plan) => {
      const stage = new FakeStage(plan);
      stage.bring(3);
      stage.bring(0);
      for (const guest of stage.joinAll()) stage.ask(guest, 5);
      stage.leaveAll();
      stage.bring(3);
    },
  },
  {
    name: "takes nothing while nobody has asked",
    run: (plan) => {
      const stage = new FakeStage(plan);
      stage.joinAll();
      if (stage.bring(3) > 0) throw stage.violation("dispatch", "take nothing while nobody has asked", "some");
    },
  },
  {
    name: "has a capacity that is an integer, and never more than its consumers have asked for",
    run: (plan) => {
      const stage = new FakeStage(plan);
      for (const guest of stage.joinAll()) stage.ask(guest, 3 + guest.place);
      for (const length of LENGTHS) stage.bring(length);
      stage.leaveAll();
    },
  },
  {
    name: "sends nobody more than he asked for",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const length of LENGTHS) {
        for (const guest of guests) stage.ask(guest, 1 + ((length + guest.place) % 4));
        stage.bring(length);
        stage.bring(length);
        stage.answerAgains();
      }
    },
  },
  {
    name: "has room when every consumer has open demand, and takes something whenever it has",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const length of LENGTHS) {
        for (const guest of guests) stage.ask(guest, 4);
        stage.expectOpen();
        stage.bring(length);
        stage.answerAgains();
      }
      if (stage.delivered === 0) throw stage.violation("it", "send events to consumers that ask for some", "none sent");
    },
  },
  {
    name: "sends no empty list, and takes an empty one for nothing",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const guest of guests) stage.ask(guest, 2);
      const { capacity } = stage;
      stage.bring(0);
      if (stage.capacity !== capacity) throw stage.violation("capacity after an empty list", `be ${capacity} as before`, stage.capacity);
      // One at a time: most consumers get nothing of such a list.
      for (let count = 0; count < 12; count += 1) {
        stage.bring(1);
        stage.answerAgains();
        for (const guest of guests) if (guest.open === 0n) stage.ask(guest, 1);
      }
    },
  },
  {
    name: "leaves lists alone: those that it is given, and those that it has sent",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const length of LENGTHS) {
        for (const guest of guests) stage.ask(guest, 3);
        stage.bring(length);
        stage.answerAgains();
      }
    },
  },
  {
    name: "takes the first events of a list that is longer than its capacity, and leaves the rest",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const demand of [1, 2, 5]) {
        for (const guest of guests) stage.ask(guest, demand);
        stage.bring(stage.capacity + 1);
        stage.bring(stage.capacity + 100);
        stage.answerAgains();
      }
    },
  },
  {
    name: "accounts for the events that it takes: sent, queued, or dropped",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const length of [...LENGTHS, ...LENGTHS]) {
        for (const guest of guests) stage.ask(guest, 1 + guest.place * 2);
        stage.bring(length);
        stage.answerAgains();
      }
      deliverAll(stage);
    },
  },
  {
    name: "sends events in order, and each to whom it belongs",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const guests = stage.joinAll();
      for (const [i, length] of LENGTHS.entries()) {
        for (const guest of guests) if ((i + guest.place) % 2 === 0) stage.ask(guest, 6);
        stage.bring(length);
        stage.bring(2);
        stage.answerAgains();
      }
      deliverAll(stage);
    },
  },
];
