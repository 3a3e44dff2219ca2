/** How events that are pushed one by one come into a stage: as lists, as its overflow policy has it. */
import { SluiceError } from "./errors.ts";
import type { PauseResume } from "./overflow.ts";
import type { Port } from "./protocol.ts";
import { post } from "./scheduler.ts";
import type { PushProducer } from "./stages.ts";

/** The most events of one list. */
const LIST = 1024;

/** Collects the events of one turn. */
export class Intake<Event> {
  protected readonly stage: PushProducer<Event>;
  /** Nothing comes in any more: the source has said so, or the stage has ended. */
  protected isOver = false;
  /** Hears what the source says after its own end. */
  readonly #late: (signal: string) => void;
  #isEnded = false;
  #list: Event[] = [];

  constructor(stage: PushProducer<Event>, late: (signal: string) => void) {
    this.stage = stage;
    this.#late = late;
  }

  next(event: Event): void {
    if (this.isOver) {
      this.refuse("an event");
      return;
    }
    const count = this.#list.push(event);
    if (count === LIST) this.flush();
    else if (count === 1) post(this.#turn, undefined);
  }

  list(events: readonly Event[]): void {
    if (this.isOver) this.refuse("events");
    else if (events.length > 0) {
      this.flush();
      this.hand(events);
    }
  }

  complete(): void {
    if (this.#end("an end")) this.stage.complete();
  }

  error(error: unknown): void {
    if (this.#end("an error")) this.stage.fail(error);
  }

  /** The stage has ended. */
  stop(): void {
    this.isOver = true;
    this.#list = [];
  }

  /** No more than `bufferLow` events wait. */
  low(): void {
    // Of concern to who pauses.
  }

  protected get collected(): number {
    return this.#list.length;
  }

  /** The source goes on after its end. What it says after the end of the stage has crossed that, and is nobody's fault. */
  protected refuse(signal: string): void {
    if (this.#isEnded) this.#late(signal);
  }

  /** What is left goes out. */
  protected finish(): void {
    this.flush();
  }

  /** Hands over what was collected. */
  protected flush(): void {
    if (this.#list.length === 0) return;
    const list = this.#list;
    this.#list = [];
    this.hand(list);
  }

  /** Returns how many more events fit. */
  protected hand(events: readonly Event[]): number {
    try {
      return this.stage.emit(events);
    } catch (error) {
      // The stage has been stopped, or has failed, and its source is about to hear of it.
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      this.isOver = true;
      return 0;
    }
  }

  #end(signal: string): boolean {
    if (this.isOver) this.refuse(signal);
    else {
      this.finish();
      this.#isEnded = true;
    }
    const isFirst = !this.isOver;
    this.isOver = true;
    return isFirst;
  }

  readonly #turn: Port<undefined> = { receive: () => this.flush() };
}

/** Lets one event pass in each `ms` milliseconds, the latest. */
export class SamplingIntake<Event> extends Intake<Event> {
  readonly #ms: number;
  #held: { readonly event: Event } | undefined;
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(stage: PushProducer<Event>, late: (signal: string) => void, ms: number) {
    super(stage, late);
    this.#ms = ms;
  }

  override next(event: Event): void {
    this.list([event]);
  }

  override list(events: readonly Event[]): void {
    if (this.isOver) this.refuse("events");
    else if (events.length > 0) {
      this.#dropped += events.length - (this.#held === undefined ? 1 : 0);
      this.#held = { event: events[events.length - 1] as Event };
      this.#timer ??= setTimeout(this.#pass, this.#ms);
    }
  }

  override stop(): void {
    super.stop();
    clearTimeout(this.#timer);
    // It came, and was not emitted.
    if (this.#held !== undefined) this.#dropped += 1;
    this.#held = undefined;
    this.#count();
  }

  protected override finish(): void {
    clearTimeout(this.#timer);
    this.#pass();
  }

  readonly #pass = (): void => {
    this.#timer = undefined;
    const held = this.#held;
    this.#held = undefined;
    this.#count();
    if (held !== undefined) this.hand([held.event]);
  };

  #count(): void {
    if (this.#dropped > 0) this.stage.discard(this.#dropped);
    this.#dropped = 0;
  }
}

/** Makes its source wait while enough events do. */
export class PausingIntake<Event> extends Intake<Event> {
  readonly #source: PauseResume;
  /** When no more than so many fit, enough wait. */
  readonly #leastRoom: number;
  /** So many more may be collected before the room is looked at again: it only grows meanwhile. */
  #untilEnough = 0;
  #isPaused = false;

  constructor(stage: PushProducer<Event>, late: (signal: string) => void, source: PauseResume, bufferSize: number) {
    super(stage, late);
    this.#source = source;
    this.#leastRoom = bufferSize - source.high;
  }

  override next(event: Event): void {
    super.next(event);
    if (this.collected >= this.#untilEnough) this.flush();
  }

  /** In this call the source may send events, and may be paused again. */
  override low(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#source.resume();
  }

  protected override hand(events: readonly Event[]): number {
    const room = super.hand(events);
    this.#untilEnough = room - this.#leastRoom;
    if (this.#untilEnough <= 0 && !this.#isPaused && !this.isOver) this.#pause();
    return room;
  }

  #pause(): void {
    this.#isPaused = true;
    try {
      this.#source.pause();
    } catch (error) {
      this.error(error);
    }
  }
}
