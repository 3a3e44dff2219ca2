/** Bodies over HTTP, as the platform's `fetch` has them. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline as nodePipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { consumer, fromIterable, pipeline, producer, producerConsumer } from "sluice";
import { toReadable } from "sluice/node";
import { fromBody, throughTransformStream, toReadableStream } from "sluice/web";
import { range } from "../core/support/range.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const lines = (count: number): string[] => range(count).map((n) => `line ${n} — größer\n`);

test("a body is decompressed, decoded and cut into lines by stages, and all of it arrives in order", async () => {
  const packed = gzipSync(lines(50_000).join(""));
  const url = await serve((_, response) => response.end(packed));
  const seen: string[] = [];
  let rest = "";
  await pipeline(
    fromBody(await fetch(url)),
    throughTransformStream<Uint8Array, Uint8Array>(new DecompressionStream("gzip")),
    throughTransformStream<Uint8Array, string>(new TextDecoderStream()),
    producerConsumer({
      handleEvents: (texts: readonly string[]) => {
        const parts = (rest + texts.join("")).split("\n");
        rest = parts.pop() ?? "";
        return parts;
      },
    }),
    consumer({ handleEvents: (list: readonly string[]) => void seen.push(...list) }),
  );
  expect(rest).toBe("");
  expect(seen).toEqual(lines(50_000).map((line) => line.trimEnd()));
});

test("a body that nobody reads on is let go: the server sees its client leave", async () => {
  let left: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => (left = resolve));
  const url = await serve((_, response) => {
    response.on("close", () => left?.());
    const write = (): void => {
      while (response.write(new Uint8Array(65_536)));
      response.once("drain", write);
    };
    write();
  });
  const body = fromBody(await fetch(url));
  for await (const chunk of body) {
    expect(chunk.byteLength).toBeGreaterThan(0);
    break;
  }
  expect((await body.closed).type).toBe("shutdown");
  await gone;
});

test("a server that breaks off is an error of the stage, behind what came", async () => {
  const url = await serve((_, response) => {
    response.write("first");
    setImmediate(() => response.destroy());
  });
  const texts: string[] = [];
  const run = pipeline(
    fromBody(await fetch(url)),
    throughTransformStream<Uint8Array, string>(new TextDecoderStream()),
    consumer({ handleEvents: (list: readonly string[]) => void texts.push(...list) }),
  );
  await expect(run).rejects.toThrow();
  expect(texts.join("")).toMatch(/^(first)?$/);
});

test("a stage is the body of a request, and of a response", async () => {
  const url = await serve((request, response) => {
    // What a stage has made of it goes back, compressed.
    void nodePipeline(request, response);
  });
  const sent = lines(10_000);
  const text = fromIterable(sent);
  const bytes = throughTransformStream<string, Uint8Array>(new TextEncoderStream(), { subscribeTo: [text] });
  const response = await fetch(url, { method: "POST", body: toReadableStream(bytes, { type: "bytes" }), duplex: "half" });
  expect(await response.text()).toBe(sent.join(""));
  expect(await bytes.closed).toEqual({ type: "normal" });
});

test("a stage as a Readable goes through gzip into a response with stream.pipeline, and stops when the client leaves", async () => {
  const made = { count: 0 };
  let ended: Promise<unknown> | undefined;
  const url = await serve((request, response) => {
    const isEndless = request.url === "/endless";
    const rows = producer<string>({
      handleDemand(demand, self) {
        const count = isEndless ? demand : Math.min(demand, 10_000 - made.count);
        const list = range(count, made.count).map((n) => `${n}\n`);
        made.count += count;
        if (!isEndless && made.count === 10_000) self.complete();
        return list;
      },
    });
    ended = rows.closed;
    response.setHeader("content-encoding", "gzip");
    void nodePipeline(toReadable(rows, { objectMode: false }), createGzip(), response).catch(() => undefined);
  });
  expect(await (await fetch(url)).text()).toBe(range(10_000).map((n) => `${n}\n`).join(""));
  expect(await ended).toEqual({ type: "normal" });

  const leaving = new AbortController();
  const endless = await fetch(new URL("/endless", url), { signal: leaving.signal });
  await endless.body?.getReader().read();
  leaving.abort();
  expect(await ended).toMatchObject({ type: expect.not.stringMatching("normal") as string });
});
