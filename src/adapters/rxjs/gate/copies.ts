/** Operators that are subscribed anew for each event. */
import { applied } from "./chain.ts";
import type { Host, Operator, Passage } from "./passage.ts";
import { Receiver, throwAll, type Teardown } from "./receiver.ts";
import { Shaped } from "./shaped.ts";
import type { Token } from "./token.ts";

export class Copies<In, Out> implements Passage<In> {
  readonly most: number;
  readonly isAttached = true;
  readonly hasRoom = true;
  readonly #operator: Operator<In, Out>;
  readonly #host: Host<Out>;
  readonly #isOrdered: boolean;
  readonly #active = new Set<Copy<Out>>();
  /** Ordered: the one whose outputs leave; those of the others behind it wait. */
  #first: Copy<Out> | undefined;
  #last: Copy<Out> | undefined;

  constructor(operator: Operator<In, Out>, host: Host<Out>, most: number, isOrdered: boolean) {
    this.#operator = operator;
    this.#host = host;
    this.most = most;
    this.#isOrdered = isOrdered;
  }

  open(): void {}

  /** The token is held until the copy has ended and its outputs have left. */
  next(event: In, token: Token): void {
    token.hold();
    const copy = new Copy<Out>(this, token);
    this.#active.add(copy);
    if (this.#isOrdered) {
      if (this.#first === undefined) this.#first = copy;
      else if (this.#last !== undefined) this.#last.behind = copy;
      this.#last = copy;
    }
    const source = new Shaped<In>((subscriber) => {
      subscriber.next(event);
      subscriber.complete();
    });
    applied(this.#operator, source).subscribe(copy);
  }

  /** When all events have settled. */
  complete(): void {
    this.#host.completed();
  }

  error(error: unknown): void {
    this.#host.failed(error);
  }

  close(): void {
    const copies = [...this.#active];
    this.#active.clear();
    this.#first = undefined;
    const errors: unknown[] = [];
    for (const copy of copies) {
      try {
        copy.unsubscribe();
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
  }

  emitted(copy: Copy<Out>, event: Out): void {
    if (!this.#isOrdered || copy === this.#first) this.#host.emitted(event);
    else (copy.outputs ??= []).push(event);
  }

  completed(copy: Copy<Out>): void {
    this.#active.delete(copy);
    if (!this.#isOrdered) {
      copy.token.release();
      this.#touched();
      return;
    }
    while (this.#first?.isDone === true) {
      const done = this.#first;
      this.#first = done.behind;
      done.token.release();
      const outputs = this.#first?.outputs;
      if (this.#first === undefined || outputs === undefined) continue;
      this.#first.outputs = undefined;
      for (const event of outputs) this.#host.emitted(event);
    }
    this.#touched();
  }

  /** What others have finished is delivered, then the error. */
  failed(error: unknown): void {
    for (let each = this.#first; each !== undefined; each = each.behind) {
      if (each.isDone) for (const event of each.outputs ?? []) this.#host.emitted(event);
    }
    this.#host.failed(error);
  }

  #touched(): void {
    if (this.#host.cause === undefined) this.#host.touched();
  }
}

/** The copy of one event. */
class Copy<Out> extends Receiver<Out> {
  readonly token: Token;
  behind: Copy<Out> | undefined;
  /** Those that wait for the copies before this one. */
  outputs: Out[] | undefined;
  isDone = false;
  readonly #copies: Copies<never, Out>;

  constructor(copies: Copies<never, Out>, token: Token) {
    super();
    this.#copies = copies;
    this.token = token;
  }

  next(event: Out): void {
    if (this.isStopped) return;
    this.#copies.emitted(this, event);
  }

  /** What is synchronous has ended already when its teardown is added. */
  override add(teardown: Teardown): void {
    try {
      super.add(teardown);
    } catch (error) {
      this.#copies.failed(error);
    }
  }

  protected failed(error: unknown): void {
    this.#copies.failed(error);
  }

  protected completed(): void {
    try {
      // Here, as RxJS drops what a teardown throws at an end.
      this.unsubscribe();
    } catch (error) {
      this.#copies.failed(error);
      return;
    }
    this.isDone = true;
    this.#copies.completed(this);
  }
}
