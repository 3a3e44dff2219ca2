import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { latestBy, pipeline, producerConsumer, type Producer } from "sluice";
import { intoWritable } from "sluice/node";
import { fromObservable, toObservable } from "sluice/rxjs";

import type { Quake } from "./quakes.ts";
import { message } from "./server-sent-events.ts";

/** Somebody who listens to the feed. */
export interface Client {
  readonly name: string;
  /** It takes a quake in so many ms, or as fast as it can (0). */
  readonly paceMs: number;
  /** How many quakes it was sent, and how many it was not, as a later one of the same place came before it was ready. */
  sent: number;
  superseded: number;
}

/**
 * The quakes that a client has not taken yet: the latest of each place. It takes from the feed whatever comes, so nobody who
 * is slow holds the others up, and what it keeps is bounded by the number of places.
 */
export function latestOfEachPlace(feed: Producer<Quake>, client: Client): Producer<Quake> {
  return fromObservable(toObservable(feed), {
    name: client.name,
    overflow: latestBy((quake) => quake.place),
    handleDiscarded(count) {
      client.superseded += count;
    },
  });
}

/** Sends the quakes to a client at its pace, until the feed ends, the client leaves, or the signal aborts. */
export async function serveClient(feed: Producer<Quake>, client: Client, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());

  const messages = (quakes: Producer<Quake>): Producer<string> =>
    producerConsumer({
      name: `messages of ${client.name}`,
      // One at a time: the others stay where a later one can take their place.
      subscribeTo: [{ to: quakes, maxDemand: 1 }],
      async handleEvent(quake, self) {
        client.sent++;
        self.emit([message("quake", { ...quake, sent: client.sent, superseded: client.superseded })]);
        if (client.paceMs > 0) await sleep(client.paceMs, undefined, { signal: self.signal });
      },
      handleComplete: () => [message("end", { sent: client.sent, superseded: client.superseded })],
    });

  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).flushHeaders();
  try {
    // A client whose connection is slow is waited for, too: a message is asked for when the one before is on its way.
    await pipeline(latestOfEachPlace(feed, client), messages, intoWritable<string>(response, { maxDemand: 1 }), { signal: AbortSignal.any([signal, left.signal]) });
  } catch (error) {
    if (!signal.aborted && !left.signal.aborted) throw error;
  }
}
