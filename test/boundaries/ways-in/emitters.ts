/** An EventEmitter and an EventTarget, which can be paused. */
import { EventEmitter, getEventListeners } from "node:events";
import { fromEvents, pauseResume } from "sluice/events";
import { listenersOf } from "../residue.ts";
import type { Source } from "../source.ts";
import type { Near, WayIn } from "../ways.ts";
import { Driver, type Voice } from "./driver.ts";
import { plain, stageOptions } from "./stage-options.ts";

const EMITTER = {
  carries: "anything",
  pace: "pushes",
  canWait: true,
  cleanup: "none",
  cleansUpAfter: { end: true, failure: true },
  hearsReason: false,
  hearsLate: true,
} as const;

const HIGH = 4;

export const emitter: WayIn = {
  name: "EventEmitter",
  ...EMITTER,
  open(source, settings) {
    const native = new Emitter(source);
    const before = listenersOf(native);
    const stage = fromEvents(native, "event", { ...stageOptions(settings), overflow: pausing(native.driver), end: "end" });
    return { ...plain(stage), ahead: HIGH, residue: () => before.more() };
  },
};

export const eventTarget: WayIn = {
  name: "EventTarget",
  ...EMITTER,
  open(source, settings) {
    const native = new Target(source);
    const stage = fromEvents(native, "event", {
      ...stageOptions(settings),
      overflow: pausing(native.driver),
      end: "end",
      error: "error",
      select: (event: Event & { readonly value: unknown }) => event.value,
    });
    const residue: Near["residue"] = () =>
      ["event", "end", "error"].filter((name) => getEventListeners(native, name).length > 0).map((name) => `listeners of '${name}'`);
    return { ...plain(stage), ahead: HIGH, residue };
  },
};

function pausing(driver: Driver): ReturnType<typeof pauseResume> {
  return pauseResume({ pause: () => driver.pause(), resume: () => driver.resume(), high: HIGH, low: 1 });
}

/** It begins when somebody listens to its events, and has been released when nobody does. */
class Emitter extends EventEmitter {
  readonly driver: Driver;
  readonly #source: Source;

  constructor(source: Source) {
    super();
    this.#source = source;
    const voice: Voice = {
      event: (event) => void this.emit("event", event),
      end: () => void this.emit("end"),
      fail: (error) => this.listenerCount("error") > 0 && this.emit("error", error),
    };
    this.driver = new Driver(source, voice, false);
  }

  override on(name: string, listener: (...args: unknown[]) => void): this {
    if (name === "event" && this.#source.throwsAtOnce) this.driver.start();
    super.on(name, listener);
    if (name === "event") this.driver.start();
    return this;
  }

  override removeListener(name: string, listener: (...args: unknown[]) => void): this {
    super.removeListener(name, listener);
    if (name === "event") {
      this.driver.stop();
      void this.#source.release();
    }
    return this;
  }
}

class Target extends EventTarget {
  readonly driver: Driver;
  readonly #source: Source;

  constructor(source: Source) {
    super();
    this.#source = source;
    const voice: Voice = {
      event: (value) => void this.dispatchEvent(Object.assign(new Event("event"), { value })),
      end: () => void this.dispatchEvent(new Event("end")),
      fail: (error) => void this.dispatchEvent(Object.assign(new Event("error"), { error })),
    };
    this.driver = new Driver(source, voice, false);
  }

  override addEventListener(name: string, listener: (event: unknown) => void): void {
    if (name === "event" && this.#source.throwsAtOnce) this.driver.start();
    super.addEventListener(name, listener);
    if (name === "event") this.driver.start();
  }

  override removeEventListener(name: string, listener: (event: unknown) => void): void {
    super.removeEventListener(name, listener);
    if (name === "event") {
      this.driver.stop();
      void this.#source.release();
    }
  }
}
