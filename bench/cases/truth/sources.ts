import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";

import { producer, type Producer } from "sluice";

import type { Account } from "../../measures/truth.ts";
import { LIST } from "../numbers.ts";

/** Makes what is demanded, at once. */
export function stageOf(account: Account): Producer<number> {
  return producer<number>({
    handleDemand(demand, self) {
      const list = account.produceList(demand);
      if (account.isExhausted) self.complete();
      return list;
    },
  });
}

export function* generatorOf(account: Account): Generator<number> {
  while (!account.isExhausted) yield account.produce();
}

export async function* asyncGeneratorOf(account: Account): AsyncGenerator<number> {
  while (!account.isExhausted) yield account.produce();
}

/** Pushes until `push` says no. */
export function readableOf(account: Account, highWaterMark: number): Readable {
  return new Readable({
    objectMode: true,
    highWaterMark,
    read() {
      while (!account.isExhausted) if (!this.push(account.produce())) return;
      this.push(null);
    },
  });
}

/** Enqueues while the stream wants more. */
export function readableStreamOf(account: Account, highWaterMark: number): ReadableStream<number> {
  return new ReadableStream(
    {
      pull(controller) {
        do controller.enqueue(account.produce());
        while (!account.isExhausted && (controller.desiredSize ?? 0) > 0);
        if (account.isExhausted) controller.close();
      },
    },
    { highWaterMark },
  );
}

/** Emits "number", a list of 1,000 in each turn of the event loop, unless it is paused. */
export class Numbers extends EventEmitter {
  readonly #account: Account;
  #turn: NodeJS.Immediate | undefined;
  #isPaused = false;

  constructor(account: Account) {
    super();
    this.#account = account;
    this.resume();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#turn ??= setImmediate(this.#emit);
  }

  stop(): void {
    this.pause();
    clearImmediate(this.#turn);
  }

  readonly #emit = (): void => {
    this.#turn = undefined;
    for (let left = LIST; left > 0 && !this.#isPaused && !this.#account.isExhausted; left--) this.emit("number", this.#account.produce());
    if (!this.#isPaused && !this.#account.isExhausted) this.resume();
  };
}
