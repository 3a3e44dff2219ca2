/** Operators between the two halves of a stage: one that feeds them, and one that gives what comes out. */
import { joined, type EventJoint, type ExitReason, type Joint, type JoinedOptions, type ProducerConsumer, type PushProducer, type Self } from "../../../core/index.ts";
import type { Gate } from "./gate.ts";
import { Inner } from "./inner.ts";
import { ListGate } from "./list-gate.ts";
import type { Operators } from "../operators.ts";
import { Shaped, answerSymbol } from "./shaped.ts";
import type { Token } from "./token.ts";
import { TokenGate } from "./token-gate.ts";

let made = 0;

/** @throws BadOptionError, and what the function that builds the operators throws */
export function operatorStage<In, Out>(operators: Operators<In, Out>, options: JoinedOptions<In, Out>, isEager: boolean): ProducerConsumer<In, Out> {
  answerSymbol(Shaped.prototype);
  answerSymbol(Inner.prototype);
  const { name = `operators ${(made += 1)}` } = options;
  if (operators.type === "sync") {
    const gate = new ListGate<In, Out>(operators);
    return joined<In, Out>({ ...options, name }, (output) => new ListJoint(gate, output));
  }
  const gate = new TokenGate<In, Out>(operators, isEager);
  return joined<In, Out>({ ...options, name, handleBufferLow: () => gate.low() }, (output) => new TokenJoint(gate, output), gate.passage.most ?? Number.MAX_SAFE_INTEGER);
}

abstract class GateJoint<In, Out, Kind extends Gate<In, Out>> implements Omit<Joint<In, Out>, "handleEvents"> {
  protected readonly gate: Kind;
  #hasInput = false;

  constructor(gate: Kind, output: PushProducer<Out>) {
    this.gate = gate;
    gate.outgoing = output;
    gate.waiting = output;
  }

  handleInput(self: Self): void {
    if (this.#hasInput) return;
    this.#hasInput = true;
    this.gate.incoming = self;
  }

  handleComplete(): void {
    this.gate.complete();
  }

  handleDemand(demand: number, self: Self<Out>): void {
    this.gate.outgoing = self;
    this.gate.demand(demand);
  }

  handleInputError(error: unknown): void {
    this.gate.error(error);
  }

  handleOutputEnd(): void {
    this.gate.end();
  }

  handleStop(_reason: ExitReason): void {
    this.gate.passage.close();
  }
}

class ListJoint<In, Out> extends GateJoint<In, Out, ListGate<In, Out>> implements Joint<In, Out> {
  handleEvents(events: readonly In[]): Promise<void> | undefined {
    return this.gate.take(events);
  }
}

class TokenJoint<In, Out> extends GateJoint<In, Out, TokenGate<In, Out>> implements EventJoint<In, Out> {
  handleEvent(event: In): Token<In> | undefined {
    return this.gate.take(event);
  }
}
