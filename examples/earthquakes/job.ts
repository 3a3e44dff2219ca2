import { readFile } from "node:fs/promises";

import { pipeline } from "sluice";

import { dataset } from "../program/dataset.ts";
import { whole } from "../program/format.ts";
import type { Client } from "./client.ts";
import { feed } from "./feed.ts";
import { log } from "./log.ts";
import type { Options } from "./options.ts";
import { readQuakes } from "./quakes.ts";
import { QuakeServer, type Page } from "./server.ts";

/** Replays the quakes to whoever listens, until the last one, or an abort. Returns who listened. */
export async function serveQuakes({ port, speed, quiet }: Options, signal: AbortSignal): Promise<readonly Client[]> {
  const quakes = feed(await readQuakes(dataset("earthquakes.json")), speed);
  const server = new QuakeServer(quakes, await readPages(speed), signal);
  process.stdout.write(`${await server.listen(port)} shows a week of earthquakes, ${whole(speed)} times as fast. Ctrl-C ends it.\n`);
  try {
    await pipeline(quakes, (from) => log(from, (line) => quiet || process.stdout.write(line)), { signal });
  } catch (error) {
    // This is how it is ended.
    if (!signal.aborted) throw error;
  }
  await server.close();
  return server.clients;
}

async function readPages(speed: number): Promise<Readonly<Record<string, Page>>> {
  // By the name of the package, as TypeScript compiles this file into another folder and leaves the page here.
  const page = await readFile(new URL("examples/earthquakes/page.html", import.meta.resolve("sluice/package.json")), "utf8");
  return {
    "/": { type: "text/html; charset=utf-8", body: page.replace("{{speed}}", whole(speed)) },
    "/world.json": { type: "application/json", body: await readFile(dataset("world-110m.json"), "utf8") },
  };
}
