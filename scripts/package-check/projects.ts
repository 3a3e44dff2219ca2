/** The programs of someone who has installed the package. */

export const TYPESCRIPTS = ["5.9.3", "6.0.3", "7.0.2"] as const;
export const RESOLUTIONS = ["nodenext", "bundler"] as const;

/** What all of them print. */
export const PRINTED = "0,20,40,60,80\n";

export const PROGRAM = `import { consumer, fromIterable, pipeline, producerConsumer } from "sluice";
import { fromEvents } from "sluice/events";
import { toIx } from "sluice/ix";
import { toReadable } from "sluice/node";
import { toPublisher } from "sluice/reactive-streams";
import { sync, throughOperators, toObservable } from "sluice/rxjs";
import { settle } from "sluice/testing";
import { toReadableStream } from "sluice/web";
import { map } from "rxjs";

const seen: number[] = [];
const evens = producerConsumer({
  subscribeTo: [fromIterable([0, 1, 2, 3, 4, 5, 6, 7, 8])],
  handleEvents: (events: readonly number[]) => events.filter((n) => n % 2 === 0),
});
await pipeline(evens, throughOperators(sync(map((n: number) => 10 * n))), consumer<number>({ handleEvents: (events) => void seen.push(...events) }));
await settle();
const used: readonly unknown[] = [fromEvents, toIx, toReadable, toPublisher, toObservable, toReadableStream];
if (used.some((each) => typeof each !== "function")) throw new Error("expected every subpath to have its functions");
console.log(seen.join());
`;

/** What is wrong in it must be found: otherwise the types were not. */
export const WRONG = `import { fromIterable } from "sluice";
export const words: AsyncIterable<string> = fromIterable([1, 2, 3]);
`;

export const COMMONJS = `const { consumer, fromIterable, pipeline } = require("sluice");
for (const name of ["events", "ix", "node", "reactive-streams", "rxjs", "testing", "web"]) {
  if (Object.keys(require("sluice/" + name)).length === 0) throw new Error("expected sluice/" + name + " to export something");
}
const seen = [];
pipeline(fromIterable([0, 2, 4, 6, 8]), consumer({ handleEvents: (events) => void seen.push(...events.map((n) => 10 * n)) })).then(() => console.log(seen.join()));
`;

export function compilerOptions(resolution: (typeof RESOLUTIONS)[number]): string {
  return JSON.stringify({
    compilerOptions: {
      module: resolution === "nodenext" ? "nodenext" : "esnext",
      moduleResolution: resolution,
      target: "es2022",
      lib: ["es2023", "esnext.disposable", "dom"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      outDir: `out-${resolution}`,
    },
    files: ["main.ts"],
  });
}
