import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { Producer } from "sluice";

import { Failure, systemReason } from "../program/failure.ts";
import { serveClient, type Client } from "./client.ts";
import type { Quake } from "./quakes.ts";

/** More are sent away: what a client costs is bounded, and so is what all of them cost. */
const MAX_CLIENTS = 100;

const MAX_PACE_MS = 60_000;

/** A file that is served as it is. */
export interface Page {
  readonly type: string;
  readonly body: string;
}

/** Serves pages, and the feed under /quakes?every=MS to whoever asks. Close it when the feed has ended. */
export class QuakeServer {
  /** All who have ever come. */
  readonly clients: Client[] = [];
  readonly #feed: Producer<Quake>;
  readonly #pages: Readonly<Record<string, Page>>;
  readonly #signal: AbortSignal;
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));
  readonly #served = new Set<Promise<void>>();

  /** The signal ends all that is being served. */
  constructor(feed: Producer<Quake>, pages: Readonly<Record<string, Page>>, signal: AbortSignal) {
    this.#feed = feed;
    this.#pages = pages;
    this.#signal = signal;
  }

  /** Resolves with its address; port 0 is any that is free. */
  async listen(port: number): Promise<string> {
    this.#server.listen(port, "localhost");
    await once(this.#server, "listening").catch((error: unknown) => {
      throw new Failure(`cannot listen on port ${port}: ${systemReason(error)}`, { cause: error });
    });
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits for those who still get what was kept for them, then closes the connections. */
  async close(): Promise<void> {
    this.#server.close();
    await Promise.all(this.#served);
    this.#server.closeAllConnections();
  }

  #answer({ url = "/" }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    if (pathname === "/quakes") return this.#begin(searchParams.get("every") ?? "0", response);
    const page = this.#pages[pathname];
    if (page === undefined) refuse(response, 404, "there is no such page");
    else response.writeHead(200, { "content-type": page.type }).end(page.body);
  }

  #begin(every: string, response: ServerResponse): void {
    const paceMs = /^\d+$/.test(every) ? Number(every) : Infinity;
    if (paceMs > MAX_PACE_MS) return refuse(response, 400, `expected every to be an integer from 0 to ${MAX_PACE_MS}, got: ${every}`);
    if (this.#served.size >= MAX_CLIENTS) return refuse(response, 503, `there are ${MAX_CLIENTS} clients already`);
    const client: Client = { name: `client ${this.clients.length + 1}`, paceMs, sent: 0, superseded: 0 };
    this.clients.push(client);
    const served = serveClient(this.#feed, client, response, this.#signal)
      // Its connection is broken, and the others go on.
      .catch((error: unknown) => console.error(client.name, error))
      .finally(() => this.#served.delete(served));
    this.#served.add(served);
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(`${why}\n`);
}
