import type { WayInSource } from "sluice/testing";

/** Where a native side that pushes says what it does. */
export interface Saying<in Event> {
  /** Nobody listens any more. */
  isOver(): boolean;
  event(event: Event): void;
  end(): void;
  error(error: unknown): void;
}

/** Does what a contract says, as a native side that cannot be asked: until it is to wait, then when there is more. */
export function play<Event>(source: WayInSource<Event>, say: Saying<Event>): void {
  while (!say.isOver()) {
    const step = source.take(() => play(source, say));
    if (step.type === "wait") return;
    if (step.type === "event") say.event(step.event);
    else if (step.type === "end") say.end();
    else say.error(step.error);
  }
}
