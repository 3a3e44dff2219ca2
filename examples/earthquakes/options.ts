import { integerOf, parseOptions } from "../program/command-line.ts";

export interface Options {
  /** Where the server listens; 0 is any port that is free. */
  readonly port: number;
  /** How many times as fast as they were the quakes come. */
  readonly speed: number;
  readonly quiet: boolean;
}

export const USAGE = `Replays a week of earthquakes as a live feed to a page, and to whoever else listens.

  npm run example:earthquakes -- [options]

  --port N     listen on this port of localhost (default: 8080)
  --speed N    how many times as fast as they were (default: 100)
  --quiet      write no line for each quake
  --help       show this

  curl -N localhost:8080/quakes?every=5000    is a client that takes one in 5 s
`;

/** Reads the command line: the options, or `"help"`. Throws a Failure that says what is wrong with it. */
export function readOptions(args: readonly string[]): Options | "help" {
  const given = parseOptions(args, {
    port: { type: "string", default: "8080" },
    speed: { type: "string", default: "100" },
    quiet: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  });
  if (given.help === true) return "help";
  return { port: integerOf("--port", given.port, 0), speed: integerOf("--speed", given.speed), quiet: given.quiet };
}
