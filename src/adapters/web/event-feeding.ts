import { Feeding, type ControllerLike } from "./feeding.ts";

interface DefaultControllerLike<in Chunk> extends ControllerLike {
  enqueue(chunk: Chunk): void;
}

/** Each event is a chunk. */
export class EventFeeding<Out> extends Feeding<Out, Out, DefaultControllerLike<Out>> {
  protected accept(events: readonly Out[]): void {
    this.held.push(events);
  }

  protected give(): number {
    this.controller.enqueue(this.held.takeEvent());
    return 1;
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
