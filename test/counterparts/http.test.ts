/** An HTTP response that a slow client reads. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { StoppedError, producer, type Consumer, type Producer } from "sluice";
import { intoWritable } from "sluice/node";

const CHUNK = 64 * 1024;
const MAX_DEMAND = 4;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** What the stages of a request have done. */
interface Request {
  readonly produced: () => number;
  readonly source: Producer<Uint8Array>;
  readonly sink: Consumer<Uint8Array>;
  readonly response: ServerResponse;
}

/** Serves a body without an end, and tells of its first request. */
async function serve(chunks: number): Promise<{ readonly request: Promise<Request>; readonly client: Socket }> {
  let tell: (request: Request) => void;
  const request = new Promise<Request>((resolve) => (tell = resolve));
  const server = createServer((_, response) => {
    let made = 0;
    const source = producer<Uint8Array>({
      handleDemand(demand, self) {
        const count = Math.min(demand, chunks - made);
        made += count;
        if (made === chunks) self.complete();
        return Array.from({ length: count }, () => new Uint8Array(CHUNK));
      },
    });
    const sink = intoWritable<Uint8Array>(response, { subscribeTo: [source], maxDemand: MAX_DEMAND });
    tell({ produced: () => made * CHUNK, source, sink, response });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  return { request, client };
}

test("that a client reads at 1 MB/s is produced no faster than that, and stops when the client goes away", async () => {
  const { request, client } = await serve(Infinity);
  const { produced, source, sink, response } = await request;
  let read = 0;
  const startedAt = performance.now();
  let greatest = 0;
  while (performance.now() - startedAt < 1500) {
    await after(10);
    const due = ((performance.now() - startedAt) / 1000) * 1_000_000;
    for (let chunk: Buffer | null; read < due && (chunk = client.read() as Buffer | null) !== null; ) read += chunk.length;
    // What the kernel holds is its own affair: what counts is how far the stage is ahead of it.
    const { socket } = response;
    if (socket !== null) greatest = Math.max(greatest, produced() - (socket.bytesWritten - socket.writableLength));
  }
  expect(greatest).toBeGreaterThan(0);
  expect(greatest).toBeLessThanOrEqual(response.writableHighWaterMark + (MAX_DEMAND + 1) * CHUNK);
  expect(read).toBeGreaterThan(1_000_000);
  client.destroy();
  const end = await sink.closed;
  expect(end.type).toBe("error");
  expect((await source.closed).type).not.toBe("normal");
  expect(response.destroyed).toBe(true);
});

test("is all that was produced, then ended", async () => {
  const { request, client } = await serve(100);
  let read = 0;
  client.on("data", (chunk: Buffer) => (read += chunk.length)).resume();
  const { source, sink } = await request;
  await once(client, "close");
  expect(await sink.closed).toEqual({ type: "normal" });
  expect(await source.closed).toEqual({ type: "normal" });
  expect(read).toBeGreaterThan(100 * CHUNK);
});

test("is cut off where the stages are stopped: the client sees no end of the body", async () => {
  const { request, client } = await serve(Infinity);
  client.on("error", () => undefined);
  client.on("data", () => undefined).resume();
  const { sink, response } = await request;
  await once(client, "data");
  await sink.stop("shutting down");
  expect(response.errored ?? response.destroyed).toBeTruthy();
  if (response.errored instanceof StoppedError) expect(response.errored.cause).toBe("shutting down");
  await once(client, "close");
});
