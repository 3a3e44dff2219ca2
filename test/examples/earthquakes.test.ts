import { spawn } from "node:child_process";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { broadcastDispatcher, producer, type PushProducer } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test, vi } from "vitest";

import { feed } from "../../examples/earthquakes/feed.ts";
import { line } from "../../examples/earthquakes/log.ts";
import { readQuakes, type Quake } from "../../examples/earthquakes/quakes.ts";
import { QuakeServer } from "../../examples/earthquakes/server.ts";
import { program, runExample, temporaryFolder } from "./running.ts";

const dataset = fileURLToPath(new URL("../../node_modules/vega-datasets/data/earthquakes.json", import.meta.url));

function quake(id: number, place: string, where = place): Quake {
  return { id: String(id), time: 1000 * id, magnitude: 1, where, place, longitude: 0, latitude: 0, depth: 1 };
}

type Sent = Quake & { readonly sent: number; readonly superseded: number };

/** What a client was sent. */
interface Heard {
  readonly quakes: readonly Sent[];
  /** Of the message that ends it. */
  readonly end: { readonly sent: number; readonly superseded: number } | undefined;
}

function parse(stream: string): Heard {
  const messages = stream
    .split("\n\n")
    .slice(0, -1)
    .map((message) => /^event: (\w+)\ndata: (.+)$/.exec(message) ?? []);
  const of = (event: string): Sent[] => messages.filter(([, type]) => type === event).map(([, , data]) => JSON.parse(data ?? "") as Sent);
  return { quakes: of("quake"), end: of("end")[0] };
}

/** A server of a feed that the test drives. */
interface Served extends AsyncDisposable {
  readonly feed: PushProducer<Quake>;
  readonly server: QuakeServer;
  readonly at: string;
  /** Resolves when so many clients listen. */
  listeners(count: number): Promise<void>;
}

async function serve(): Promise<Served> {
  const controller = new AbortController();
  const waiting = new Set<() => void>();
  const look = (): void => waiting.forEach((check) => check());
  const pushed = producer<Quake>({ dispatcher: broadcastDispatcher(), handleSubscribe: look, handleCancel: look });
  const server = new QuakeServer(pushed, {}, controller.signal);
  const at = await server.listen(0);
  return {
    feed: pushed,
    server,
    at,
    listeners: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (pushed.snapshot().output?.consumers.length !== count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async [Symbol.asyncDispose]() {
      controller.abort();
      await server.close();
      await pushed.stop();
    },
  };
}

/** How many timers keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

/** All that a client hears to the end. */
async function listen(at: string, everyMs = 0): Promise<Heard> {
  return parse(await (await fetch(`${at}/quakes?every=${everyMs}`)).text());
}

/** A client that reads one message after the other. */
async function* reading(at: string): AsyncGenerator<Sent, void, undefined> {
  const { body } = await fetch(`${at}/quakes`);
  let rest = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    rest += chunk;
    if (!rest.endsWith("\n\n")) continue;
    yield* parse(rest).quakes;
    rest = "";
  }
}

/** The ids of the last quake of each place. */
function latestIds(quakes: readonly Quake[]): string[] {
  return [...new Map(quakes.map(({ place, id }) => [place, id])).values()].toSorted();
}

describe("the quakes of the file", () => {
  test("are in the order of their time, each with its place", async () => {
    const quakes = await readQuakes(dataset);
    expect(quakes).toHaveLength(1707);
    expect(quakes.every(({ time }, index) => time >= (quakes[index - 1]?.time ?? 0))).toBe(true);
    expect(quakes.at(-1)).toMatchObject({ magnitude: 2, where: "4km W of Castaic, CA", place: "California", longitude: -118.6671667, latitude: 34.4945, depth: 26.49 });
    expect(new Set(quakes.map(({ place }) => place)).size).toBe(72);
  });

  test("are a line each", () => {
    expect(line({ ...quake(0, "Hawaii", "12km SSW of Volcano, Hawaii"), magnitude: 2.4 })).toBe("1970-01-01 00:00   2.4  █████             12km SSW of Volcano, Hawaii\n");
    expect(line({ ...quake(0, "Nevada"), magnitude: -0.1 })).toBe("1970-01-01 00:00  -0.1                    Nevada\n");
  });
});

describe("the feed", () => {
  test("brings no quake before its time", async () => {
    const quakes = [0, 1, 2, 5].map((id) => quake(id, "Chile"));
    const begin = performance.now();
    const early: Quake[] = [];
    for await (const event of feed(quakes, 100)) if (performance.now() - begin < event.time / 100) early.push(event);
    expect(early).toEqual([]);
  });

  test("stops at once, though the next quake is not due for weeks", async () => {
    const before = timers();
    const live = feed([quake(0, "Chile"), quake(20 * 86_400, "Chile")], 1);
    const reader = live[Symbol.asyncIterator]();
    expect(await reader.next()).toMatchObject({ value: { id: "0" } });
    const second = reader.next();
    await settle();
    expect(timers()).toBeGreaterThan(before);
    await Promise.all([live.stop(), expect(second).rejects.toThrow("stop")]);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe("a client", () => {
  test("that is fast gets each quake, in order, then the end", async () => {
    await using served = await serve();
    const quakes = await readQuakes(dataset);
    const heard: Sent[] = [];
    const reader = reading(served.at);
    let next = reader.next();
    await served.listeners(1);
    for (const event of quakes) {
      served.feed.emit([event]);
      const { value } = await next;
      if (value !== undefined) heard.push(value);
      next = reader.next();
    }
    served.feed.complete();
    expect(await next).toMatchObject({ done: true });
    expect(heard).toEqual(quakes.map((event, index) => ({ ...event, sent: index + 1, superseded: 0 })));
  });

  test("that is slow gets the latest of each place, and hears how many were superseded", async () => {
    await using served = await serve();
    const quakes = await readQuakes(dataset);
    const heard = listen(served.at, 1);
    await served.listeners(1);
    served.feed.emit(quakes);
    served.feed.complete();
    // The server waits until it has got what was kept for it.
    await served.server.close();
    const { quakes: got, end } = await heard;
    expect(latestIds(got)).toEqual(latestIds(quakes));
    // The first, and then what waits: at most one of each place at a time.
    expect(got.length).toBeLessThan(3 * 72);
    expect(end).toEqual({ sent: got.length, superseded: 1707 - got.length });
    for (const place of new Set(got.map((event) => event.place))) {
      const times = got.filter((event) => event.place === place).map(({ time }) => time);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  test("that does not read holds nobody up, and costs no more than one quake of each place", async () => {
    await using served = await serve();
    const stuck = await new Promise<IncomingMessage>((resolve) => get(`${served.at}/quakes`, resolve));
    stuck.pause();
    await served.listeners(1);
    const reader = reading(served.at);
    let next = reader.next();
    await served.listeners(2);

    // More than the sockets hold.
    const where = "x".repeat(50_000);
    let made = 0;
    while (made < 1200) {
      served.feed.emit([quake(made, `place ${made % 3}`, where)]);
      expect((await next).value).toMatchObject({ id: String(made), superseded: 0 });
      made++;
      next = reader.next();
    }
    const [slow] = served.server.clients;
    expect(slow?.sent).toBeLessThan(1000);
    const waiting = made - (slow?.sent ?? 0) - (slow?.superseded ?? 0);
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThanOrEqual(3 + 1);

    // It reads again.
    served.feed.complete();
    const { quakes: got, end } = parse(await text(stuck));
    expect(await next).toMatchObject({ done: true });
    expect(got.slice(-3).map(({ id }) => id).toSorted()).toEqual(["1197", "1198", "1199"]);
    expect(end).toEqual({ sent: got.length, superseded: 1200 - got.length });
  });

  test("that comes later gets nothing of what was before", async () => {
    await using served = await serve();
    const reader = reading(served.at);
    const first = reader.next();
    await served.listeners(1);
    served.feed.emit([quake(1, "Chile")]);
    expect((await first).value).toMatchObject({ id: "1" });
    const second = listen(served.at);
    await served.listeners(2);
    served.feed.emit([quake(2, "Peru")]);
    served.feed.complete();
    expect((await reader.next()).value).toMatchObject({ id: "2" });
    expect((await second).quakes.map(({ id }) => id)).toEqual(["2"]);
  });

  test("that leaves frees all that it held, in the middle of its pace, too", async () => {
    await using served = await serve();
    const complaints = vi.spyOn(console, "error");
    for (let round = 1; round <= 20; round++) {
      const controller = new AbortController();
      const responses = await Promise.all([0, 60_000].map((every) => fetch(`${served.at}/quakes?every=${every}`, { signal: controller.signal })));
      await served.listeners(2);
      served.feed.emit([quake(round, "Chile"), quake(round, "Peru")]);
      // The second one is waiting for its time now.
      for (const { body } of responses) await body?.getReader().read();
      controller.abort();
      await served.listeners(0);
    }
    // Some belong to fetch.
    expect(timers()).toBeLessThan(15);
    // Nobody is waited for: they have all gone.
    await served.server.close();
    expect(served.server.clients).toHaveLength(40);
    expect(complaints).not.toHaveBeenCalled();
  });

  test("is told why it is refused", async () => {
    await using served = await serve();
    const answer = async (path: string): Promise<unknown> => {
      const response = await fetch(`${served.at}${path}`);
      return [response.status, await response.text()];
    };
    expect(await answer("/nowhere")).toEqual([404, "there is no such page\n"]);
    for (const every of ["x", "-1", "1.5", "60001"]) {
      expect(await answer(`/quakes?every=${every}`)).toEqual([400, `expected every to be an integer from 0 to 60000, got: ${every}\n`]);
    }
    const controller = new AbortController();
    await Promise.all(Array.from({ length: 100 }, () => fetch(`${served.at}/quakes`, { signal: controller.signal })));
    expect(await answer("/quakes")).toEqual([503, "there are 100 clients already\n"]);
    controller.abort();
    await served.listeners(0);
  });
});

describe("a run", { timeout: 30_000 }, () => {
  test("ends with the last quake, and says that nobody listened", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runExample("earthquakes", folder.path, ["--port", "0", "--speed", "1000000000"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^http:\/\/localhost:\d+ shows a week of earthquakes, 1,000,000,000 times as fast. Ctrl-C ends it.$/);
    expect(lines.slice(1, -2)).toHaveLength(1707);
    expect(lines.at(-2)).toBe("nobody listened");
  });

  test("serves the page and a client, and stops cleanly on Ctrl-C", async () => {
    await using folder = await temporaryFolder();
    const child = spawn(process.execPath, [program("earthquakes"), "--port", "0", "--speed", "5000", "--quiet"], { cwd: folder.path, stdio: ["ignore", "pipe", "inherit"] });
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    const rest: string[] = [];
    const at = await new Promise<string>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        rest.push(chunk);
        resolve(/http:\S+/.exec(chunk)?.[0] ?? "");
      });
    });
    expect(await (await fetch(at)).text()).toContain('<span id="speed">5,000</span> times as fast');
    expect(await (await fetch(`${at}/world.json`)).json()).toMatchObject({ type: "Topology" });

    const { body } = await fetch(`${at}/quakes`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(parse((await reader?.read())?.value ?? "").quakes[0]).toMatchObject({ sent: 1 });
    child.kill("SIGINT");
    await expect((async () => { while ((await reader?.read())?.done === false); })()).rejects.toThrow();
    expect(await closed).toBe(0);
    expect(rest.join("")).toMatch(/│ client 1 │ +no time │ +\d+ │ +\d+ │ +\d+ % │/);
  });

  test.for([
    [["--port", "x"], "expected --port to be an integer of at least 0, got: x"],
    [["--speed", "0"], "expected --speed to be an integer of at least 1, got: 0"],
  ] as const)("%o says why in one sentence and exits with 1", async ([args, sentence]) => {
    await using folder = await temporaryFolder();
    expect(await runExample("earthquakes", folder.path, args)).toEqual({ code: 1, stdout: "", stderr: `${sentence}\n` });
  });

  test("says that its port is taken", async () => {
    await using folder = await temporaryFolder();
    await using served = await serve();
    const { port } = new URL(served.at);
    expect(await runExample("earthquakes", folder.path, ["--port", port])).toMatchObject({ code: 1, stderr: `cannot listen on port ${port}: address already in use\n` });
  });
});
