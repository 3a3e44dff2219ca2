export type Suite = "core" | "rxjs" | "ix" | "web" | "events" | "reactive-streams" | "testing" | "node";

/** The suites, each the folders and files of tests that it is. */
export const SUITES: Readonly<Record<Suite, readonly string[]>> = {
  core: ["core"],
  rxjs: ["adapters/rxjs"],
  ix: ["adapters/ix"],
  web: ["adapters/web"],
  events: ["adapters/events"],
  "reactive-streams": ["adapters/reactive-streams"],
  testing: ["testing"],
  node: ["adapters/node", "adapters/options.test.ts"],
};

export const isSuite = (name: string): name is Suite => Object.hasOwn(SUITES, name);
