import { Feeding, type ControllerLike } from "./feeding.ts";

interface DefaultControllerLike<in Chunk> extends ControllerLike {
  enqueue(chunk: Chunk): void;
}

/** Each event is a chunk. */
export class EventFeeding<Out> extends Feeding<Out, Out, DefaultControllerLike<Out>> {
  protected accept(events: readonly Out[]): void {
    this.held.push(events);
  }

  protected override enqueue(event: Out): void {
    this.controller.enqueue(event);
  }

  protected give(most: number): number {
    let given = 0;
    // To enqueue one may end it all: a pipe writes in that call.
    while (given < most && this.held.size > 0) {
      this.controller.enqueue(this.held.take());
      given += 1;
    }
    return given;
  }
}

/** Each list is a chunk, as it comes. */
export class ListFeeding<Out> extends Feeding<Out, Out, DefaultControllerLike<readonly Out[]>> {
  protected accept(events: readonly Out[]): void {
    this.held.push(events);
  }

  protected give(): number {
    const list = this.held.takeList();
    this.controller.enqueue(list);
    return list.length;
  }
}
