import { Backoff } from "./backoff.ts";
import { specOf, type ChildSpec } from "./child-spec.ts";
import { BadOptionError } from "../errors.ts";
import { anything, checkOptions, isFunction, isSignal, isString, oneOf } from "../options.ts";
import { INTENSITY_CHECKS } from "./restart-intensity.ts";
import { startSupervision } from "./engine.ts";
import type { ChildOptions, Children, NoChildren, Supervisor, SupervisorBuilder, SupervisorOptions } from "./supervisors.ts";

let made = 0;

/**
 * Supervises stages, pipelines, async functions and other supervisors:
 *
 * ```ts
 * await using tree = supervisor({ strategy: "restForOne" })
 *   .child("counter", () => counter())
 *   .child("printer", ({ counter }) => printer(counter))
 *   .start();
 * ```
 *
 * A child that fails is restarted as the strategy says; more than `maxRestarts` (3) within `withinMs` (5,000), and the
 * supervisor stops all and ends with a `GaveUpError`. A crash that runs through several stages costs one restart. Supervised
 * stages belong to their supervisor: nothing else stops them when nobody uses them, and their errors are received by it. OTP's
 * `Supervisor`.
 *
 * @throws BadOptionError
 */
export function supervisor(options: SupervisorOptions = {}): SupervisorBuilder<NoChildren> {
  checkOptions("supervisor", options, {
    strategy: oneOf("oneForOne", "oneForAll", "restForOne"),
    ...INTENSITY_CHECKS,
    name: isString,
    signal: isSignal,
    backoff: anything,
    whenDone: oneOf("end", "wait"),
    handleReport: isFunction,
  });
  // Checks itself.
  if (options.backoff !== undefined) void new Backoff(options.backoff);
  const name = options.name ?? `supervisor ${(made += 1)}`;
  return new Builder(name, options, []);
}

class Builder<Siblings extends Children> implements SupervisorBuilder<Siblings> {
  readonly #name: string;
  readonly #options: SupervisorOptions;
  readonly #specs: readonly ChildSpec[];

  constructor(name: string, options: SupervisorOptions, specs: readonly ChildSpec[]) {
    this.#name = name;
    this.#options = options;
    this.#specs = specs;
  }

  child(name: string, start: unknown, options?: ChildOptions): SupervisorBuilder<never> {
    const spec = specOf(name, start, options);
    if (this.#specs.some((other) => other.name === name)) throw new BadOptionError("the name of a child", "one that no other child has", name);
    return new Builder<never>(this.#name, this.#options, [...this.#specs, spec]);
  }

  start(): Supervisor<Siblings> {
    return startSupervision(this.#name, this.#options, this.#specs) as Supervisor<Siblings>;
  }
}
