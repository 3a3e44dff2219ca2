import { Gate, feedsBetween, isSliceOver } from "./gate.ts";

/** For synchronous operators: what came of an event is there when `next` returns. */
export class ListGate<In, Out> extends Gate<In, Out> {
  #list: readonly In[] = [];
  #next = 0;
  /** Waits for the whole of the list. */
  #pending: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;

  /** Feeds a list. The promise resolves when the last event was fed; there is none when that is now. */
  take(events: readonly In[]): Promise<void> | undefined {
    this.#list = events;
    this.#next = 0;
    this.beginCall();
    this.go();
    this.endCall();
    if (!this.#isWaiting) return undefined;
    this.heedStop();
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  giveUp(error: unknown): void {
    this.#list = [];
    this.#pending?.reject(error);
    this.#pending = undefined;
  }

  protected get isDue(): boolean {
    return this.#isWaiting;
  }

  get #isWaiting(): boolean {
    return this.#next < this.#list.length;
  }

  protected feed(): boolean {
    const { passage, own, outputs } = this;
    const list = this.#list;
    const first = this.#next;
    let next = first;
    let isOver = false;
    this.cause = own;
    try {
      while (!isOver && next < list.length && outputs.length < this.wanted && passage.isAttached) {
        const end = Math.min(list.length, next + feedsBetween(next - first));
        while (next < end && outputs.length < this.wanted && passage.isAttached) {
          const event = list[next] as In;
          next += 1;
          passage.next(event, own);
        }
        isOver = next < list.length && isSliceOver();
      }
    } catch (error) {
      this.failed(error);
    }
    this.cause = undefined;
    this.#next = next;
    if (!this.#isWaiting) {
      this.#pending?.resolve();
      this.#pending = undefined;
    }
    return !isOver;
  }

  // An event is done when `next` has returned, and its outputs are the last that came.
  protected done(): void {}
  protected gave(): void {}
  protected ended(): void {}
}
