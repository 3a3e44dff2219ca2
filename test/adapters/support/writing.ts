import type { Writable } from "node:stream";

/** Writes all events at once, and records whose callbacks were called, and with which errors. */
export function watchingWrites<Event>(stream: Writable, events: readonly Event[]): { readonly called: Event[]; readonly failed: unknown[] } {
  const called: Event[] = [];
  const failed: unknown[] = [];
  for (const event of events) {
    stream.write(event, (error) => {
      if (error === undefined || error === null) called.push(event);
      else failed.push(error);
    });
  }
  return { called, failed };
}
