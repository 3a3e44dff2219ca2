/** The code of `docs/13-from-node-streams.md` runs here. */
import { pipeline, producerConsumer, type Producer } from "sluice";
import { fromReadable, intoWritable, throughDuplex, toReadable } from "sluice/node";
import { Readable, Writable } from "node:stream";
import { createGunzip, gzipSync } from "node:zlib";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("13-from-node-streams");

const lines = (bytes: Producer<Uint8Array>): Producer<string> => {
  const decoder = new TextDecoder();
  let rest = "";
  return producerConsumer({
    name: "lines",
    subscribeTo: [{ to: bytes, maxDemand: 4 }],
    handleEvents(chunks) {
      for (const chunk of chunks) rest += decoder.decode(chunk, { stream: true });
      const whole = rest.split("\n");
      rest = whole.pop() ?? "";
      return whole;
    },
    handleComplete: () => (rest === "" ? [] : [rest]),
  });
};

test("gzipped lines go through stages into a stream", async () => {
  const written: string[] = [];
  const file = Readable.from([gzipSync("one\ntwo\nthree")]);
  const out = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const answer = async (line: string): Promise<string> => {
    await settle();
    return line.toUpperCase();
  };
  await pipeline(
    fromReadable<Uint8Array>(file),
    (bytes) => throughDuplex<Uint8Array, Uint8Array>(createGunzip(), { subscribeTo: [bytes] }),
    lines,
    (text) => producerConsumer({ subscribeTo: [text], concurrency: 8, handleEvent: async (line) => [`${await answer(line)}\n`] }),
    (answers) => intoWritable(out, { subscribeTo: [answers] }),
  );

  expect(written).toEqual(["ONE\n", "TWO\n", "THREE\n"]);
  expect([file.destroyed, out.writableFinished]).toEqual([true, true]);
});

test("stages are a Readable", async () => {
  const printed = printing();
  const body = toReadable(lines(fromReadable<Uint8Array>(Readable.from([Buffer.from("one\ntwo\nthree")]))), { highWaterMark: 2 });
  for await (const line of body) console.log(line);
  expect(printed()).toBe(outputs[0]);
});
