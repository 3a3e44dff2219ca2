/** A Duplex between the two halves of a stage: one that writes into it, and one that reads from it. */
import { causeOf, joined, type ExitReason, type Joint, type ProducerConsumer, type PushProducer, type Self } from "../../core/index.ts";
import { carryNull } from "./carrying.ts";
import { Custody, type Watcher } from "./custody.ts";
import { windowFor } from "./into-writable.ts";
import { Reading } from "./reading.ts";
import type { DuplexLike } from "./shapes.ts";
import type { ThroughDuplexOptions } from "./through-duplex.ts";
import { Writing } from "./writing.ts";

let made = 0;

type DuplexStageOptions<In, Out> = Omit<ThroughDuplexOptions<In, Out>, "closeWithinMs">;

/** @throws BadOptionError */
export function duplexStage<In, Out>(duplex: DuplexLike, options: DuplexStageOptions<In, Out>, closeWithinMs: number): ProducerConsumer<In, Out> {
  const { name = `duplex ${(made += 1)}`, nullish, ...rest } = options;
  const window = rest.maxDemand === undefined && rest.minDemand === undefined ? windowFor(duplex) : {};
  return joined<In, Out>({ ...rest, ...window, name, closeWithinMs }, (output) => new DuplexJoint<In, Out>(duplex, output, nullish === "wrap", closeWithinMs));
}

class DuplexJoint<In, Out> implements Joint<In, Out> {
  readonly #name: string;
  readonly #reading: Reading<Out>;
  readonly #writing: Writing<In>;
  readonly #custody: Custody;

  /** `wraps`: what would be `null` or `undefined` in a half of objects. */
  constructor(duplex: DuplexLike, output: PushProducer<Out>, wraps: boolean, closeWithinMs: number) {
    this.#name = output.name;
    this.#reading = new Reading(duplex, output, {
      isImmediate: false,
      unwraps: wraps && duplex.readableObjectMode !== false,
      // Further input would go where nobody sees what becomes of it.
      handleEnd: () => {
        if (!this.#writing.isEnding) this.#writing.halt();
      },
    });
    this.#writing = new Writing(duplex, carryNull(output.name, wraps && duplex.writableObjectMode !== false), () => this.#reading.missing);
    const watcher: Watcher = {
      failed: (error) => {
        this.#reading.failed(error);
        this.#writing.failed(error);
      },
      closed: () => {
        this.#reading.closed();
        this.#writing.closed();
      },
      late: (error) => output.fail(error),
    };
    this.#custody = new Custody(duplex, watcher, closeWithinMs);
  }

  handleInput(self: Self): void {
    this.#writing.attach(self);
    this.#reading.attach();
  }

  handleOutput(): void {
    this.#reading.attach();
  }

  handleEvents(events: readonly In[]): Promise<void> {
    return this.#writing.write(events);
  }

  handleComplete(): Promise<void> {
    this.#reading.listen();
    return this.#writing.end();
  }

  handleDemand(demand: number, self: Self<Out>): void {
    this.#reading.demand(demand, self);
    this.#writing.resume();
  }

  handleInputError(error: unknown): void {
    this.#writing.halt();
    this.#reading.failed(error);
    // What it holds can still be read. Whether it closed is heard at the end of the output.
    this.#custody.release(this.#name, error).catch(() => undefined);
  }

  handleOutputEnd(): void {
    this.#reading.stop();
  }

  /** 'end' has come first of all: usually 'finish' comes before. */
  handleEarlyEnd(): Promise<void> {
    return this.#writing.end();
  }

  handleStop(reason: ExitReason): Promise<void> {
    this.#writing.stop();
    return this.#custody.release(this.#name, causeOf(reason));
  }
}
