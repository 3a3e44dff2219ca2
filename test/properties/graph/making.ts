/** Starts the stages of a random graph. */
import { consumer, fromIterable, producer, producerConsumer, type Handlers, type Self, type Subscription } from "sluice";
import { SURPLUS, type Box } from "./box.ts";
import type { Gates } from "./gates.ts";
import type { Input } from "./input.ts";
import type { CallPlan } from "./plan.ts";
import type { Token } from "./token.ts";
import { Tokens } from "./tokens.ts";

/** Starts the stage of a box. */
export function make(box: Box, heardInfo: (message: unknown) => void, gates: Gates): void {
  const options = { ...box.options, handleInfo: box.infoHandler(heardInfo) };
  switch (box.plan.role) {
    case "producer": {
      const demand = box.plan.demand;
      const stage = producer<Token>({ ...options, ...box.outletOptions, demand, ...(box.plan.brings !== "outside" && { handleDemand: source(box) }) });
      box.push = stage;
      box.producer = stage;
      box.stage = stage;
      break;
    }
    case "iterable": {
      const tokens = new Tokens(box, gates);
      box.tokens = tokens;
      const { handleStop: _handleStop, ...rest } = options as { readonly handleStop?: unknown };
      const stage = fromIterable<Token>(tokens.iterable, { ...rest, ...box.outletOptions, demand: box.plan.demand, concurrency: Math.max(1, box.plan.concurrency) });
      box.producer = stage;
      box.stage = stage;
      break;
    }
    case "producerConsumer": {
      const stage = producerConsumer<Token, Token>({ ...options, ...box.outletOptions, ...handlers(box), handleComplete: (self) => complete(box, self, () => [box.makeToken("callback")]) });
      box.producer = stage;
      box.consumer = stage;
      box.stage = stage;
      break;
    }
    case "consumer": {
      const stage = consumer<Token>({ ...options, ...(handlers(box) as Handlers<Token, never, never>), handleComplete: (self) => complete(box, self as Self<Token>, () => []) as never });
      box.consumer = stage;
      box.stage = stage;
    }
  }
  void box.stage.closed.then((reason) => {
    box.ended = reason;
  });
}

/** A `handleDemand` that has a budget. */
function source(box: Box): (demand: number, self: Self<Token>) => readonly Token[] | Promise<readonly Token[]> {
  const { plan } = box;
  let left = plan.budget;
  return (demand, self) => {
    const { watched } = box;
    box.check("P3", demand >= 1, () => `handleDemand(${demand})`);
    if (watched !== undefined && !box.isDriven && !box.hasAccumulated) {
      const { capacity } = watched.oracle;
      box.check("P4", box.owed + demand <= capacity, () => `handleDemand(${demand}) while it owes ${box.owed}, and its consumers have ${capacity} open`);
    }
    box.owe(demand);
    if (left === 0 && plan.whenEmpty === "fail") throw box.newError();
    const wanted = { exact: demand, fewer: Math.ceil(demand / 2), more: demand + SURPLUS, outside: 0 }[plan.brings];
    const count = Math.min(left, wanted);
    left -= count;
    if (left === 0 && plan.whenEmpty === "complete") {
      box.causes.push({ type: "normal" });
      self.complete();
    }
    return box.call("handleDemand", self, () => Array.from({ length: count }, () => box.makeToken("callback")), () => undefined);
  };
}

function handlers(box: Box): Handlers<Token, Token, Token> {
  const { concurrency, ordered } = box.plan;
  if (concurrency === 0) {
    return {
      handleEvents(events, from, self) {
        const input = inputOf(box, from);
        input?.hand(events);
        return box.call("handleEvents", self, (call) => events.flatMap(() => outputs(box, call)), () => {
          if (input !== undefined) input.finished += events.length;
        });
      },
    };
  }
  return {
    concurrency,
    ordered,
    handleEvent(event, self) {
      const input = box.inputs.find((each) => each.isNext(event));
      box.check("P6", input !== undefined, () => `handles ${JSON.stringify(event)}, which is next on none of its subscriptions`);
      input?.hand([event]);
      return box.call("handleEvent", self, (call) => outputs(box, call), () => {
        if (input !== undefined) input.finished += 1;
      });
    },
  };
}

function inputOf(box: Box, from: Subscription): Input | undefined {
  const input = box.inputs.find(({ subscription }) => subscription === from);
  box.check("P6", input !== undefined, () => "handles events of a subscription that it does not have");
  return input;
}

function outputs(box: Box, { returns }: CallPlan): Token[] {
  if (box.plan.role === "consumer") return [];
  const count = { same: 1, twice: 2, none: 0 }[returns];
  return Array.from({ length: count }, () => box.makeToken("callback"));
}

function complete(box: Box, self: Self<Token>, list: () => readonly Token[]): readonly Token[] | Promise<readonly Token[]> {
  box.completions += 1;
  return box.call("handleComplete", self, list, () => undefined);
}
