import { OUTLET, post, StoppedError, type Downward, type Subscribable } from "sluice";

/** A consumer of `count` events (at least 1), or of all when there are fewer. It has left when it resolves. */
export function take<Event>(producer: Subscribable<Event>, count: number): Promise<readonly Event[]> {
  const outlet = producer[OUTLET];
  return new Promise((resolve, reject) => {
    const events: Event[] = [];
    const wire = outlet.connect({
      consumer: "take",
      identity: {},
      receivesErrors: true,
      options: {},
      receive(message: Downward<Event>) {
        if (!("type" in message)) {
          for (const event of message) events.push(event);
          if (events.length === count) post(wire, { type: "cancel", kind: "cancel", reason: { type: "shutdown" } });
          return;
        }
        // The end: the producer's own, or its confirmation.
        const { reason } = message;
        if (reason.type === "normal" || events.length === count) resolve(events);
        else reject(reason.type === "error" ? reason.error : new StoppedError(outlet.name, reason.reason));
      },
    });
    post(wire, count);
  });
}
