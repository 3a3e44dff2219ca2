import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parse } from "csv-parse";
import { parse as parseSync } from "csv-parse/sync";
import { expect, test } from "vitest";
import { pipeline, producerConsumer, consumer } from "sluice";
import { fromReadable, throughDuplex } from "sluice/node";

const data = join(createRequire(import.meta.url).resolve("vega-datasets"), "../../data");

interface Weather {
  readonly location: string;
  readonly date: string;
  readonly precipitation: string;
}

test("csv-parse in the middle gives each row of a file once, in order, also where its consumer takes one at a time", async () => {
  const file = join(data, "weather.csv");
  const rows: Weather[] = [];
  await pipeline(
    fromReadable<Buffer>(createReadStream(file, { highWaterMark: 1000 })),
    throughDuplex<Buffer, Weather>(parse({ columns: true })),
    consumer({ maxDemand: 1, handleEvents: (list: readonly Weather[]) => void rows.push(...list) }),
  );
  expect(rows).toEqual(parseSync(readFileSync(file), { columns: true }));
  expect(rows.length).toBe(2922);
});

test("an error of csv-parse arrives as the object that it is, behind the rows before it, and the file is closed", async () => {
  const file = createReadStream(join(data, "weather.csv"));
  const parser = parse({ columns: true, on_record: (row: Weather, { lines }) => (lines > 100 ? fail(lines) : row) });
  const broken: unknown[] = [];
  const fail = (line: number): never => {
    const error = new Error(`line ${line}`);
    broken.push(error);
    throw error;
  };
  const dates: string[] = [];
  const run = pipeline(
    fromReadable<Buffer>(file),
    throughDuplex<Buffer, Weather>(parser),
    (weather) => producerConsumer({ subscribeTo: [weather], handleEvents: (list) => list.map(({ date }) => date) }),
    consumer({ handleEvents: (list: readonly string[]) => void dates.push(...list) }),
  );
  const thrown: unknown = await run.catch((error: unknown) => error);
  expect(thrown).toBe(broken[0]);
  expect(dates.length).toBe(99);
  expect(file.closed).toBe(true);
});
