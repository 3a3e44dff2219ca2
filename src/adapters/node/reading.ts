/** Reads a stream in paused mode, as much as was demanded and never more. */
import { SluiceError, post, type Port, type PushProducer, type Self } from "../../core/index.ts";
import { prematureClose, type Watcher } from "./custody.ts";
import { unwrapNullish } from "./nullish.ts";
import type { ReadableLike } from "./shapes.ts";

/** The most events of one list: then the other stages have their turn. */
const LIST = 1024;

/** Where the events go: the stage from outside, or as its callbacks see it. */
type Outgoing<Event> = Pick<PushProducer<Event> | Self<Event>, "emit" | "complete" | "fail">;

export interface ReadingSettings {
  /** An error does not wait for what the stream still holds. */
  readonly isImmediate: boolean;
  readonly unwraps: boolean;
  /** 'end' has come. */
  readonly handleEnd?: () => void;
}

/** How the stream has ended. */
type Ending = { readonly type: "end" } | { readonly type: "error"; readonly error: unknown };

/**
 * The account is one number: demanded and not read yet.
 *
 * An error that follows events which the stream still holds is told when they have been read, unless it is `immediate`.
 */
export class Reading<Event> implements Watcher {
  readonly #stream: ReadableLike;
  readonly #settings: ReadingSettings;
  /** The stage from outside, and as its callbacks see it from the first demand on. */
  #outgoing: Outgoing<Event>;
  /** Somebody hears of the end. */
  #isAttached = false;
  #wanted = 0;
  #isListening = false;
  #isReading = false;
  /** The last try came back empty, whatever the stream says of its length. */
  #isDry = false;
  /** A further list has its turn later. */
  #isPosted = false;
  #ending: Ending | undefined;
  /** The stage has been told of the end, or has ended itself. */
  #isOver = false;

  constructor(stream: ReadableLike, stage: PushProducer<Event>, settings: ReadingSettings) {
    this.#settings = settings;
    this.#stream = stream;
    this.#outgoing = stage;
    stream.on("end", this.#onEnd);
  }

  /** Demanded, and neither read nor held by the stream already. */
  get missing(): number {
    const { readableLength = 0, readableObjectMode } = this.#stream;
    return this.#wanted - (readableObjectMode === true ? readableLength : Math.min(readableLength, 1));
  }

  /** Somebody is there to hear of the end: now it counts how the stream stands, and what happened to it before. */
  attach(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    const { errored, readableEnded, destroyed, closed } = this.#stream;
    if (this.#ending === undefined) {
      if (errored !== undefined && errored !== null) this.#ending = { type: "error", error: errored };
      else if (readableEnded === true) this.#ending = { type: "end" };
      // One that is about to close will say so.
      else if (destroyed === true && closed !== false) this.#ending = { type: "error", error: prematureClose("end") };
    }
    this.#settle();
  }

  /** Demand has come. The first touches the stream. */
  demand(demand: number, outgoing: Outgoing<Event>): void {
    this.#outgoing = outgoing;
    this.#wanted += demand;
    this.#read();
  }

  /** Looks out for the end, even if nothing was demanded. */
  listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#stream.on("readable", this.#onReadable);
  }

  failed(error: unknown): void {
    this.#end({ type: "error", error });
  }

  closed(): void {
    this.#end({ type: "error", error: prematureClose("end") });
  }

  late(error: unknown): void {
    // After its end the stage reports it.
    this.#outgoing.fail(error);
  }

  /** The stage has ended. */
  stop(): void {
    this.#isOver = true;
    this.#stream.removeListener("end", this.#onEnd);
    this.#stream.removeListener("readable", this.#onReadable);
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    // After an error no 'readable' follows for what the stream still holds.
    this.#read();
    this.#settle();
  }

  /** Tells the stage of the end, when nothing is left to read. */
  #settle(): void {
    const ending = this.#ending;
    if (ending === undefined || this.#isOver || !this.#isAttached || this.#isReading) return;
    if (!this.#settings.isImmediate && (this.#stream.readableLength ?? 0) > 0 && !this.#isDry) return;
    this.#isOver = true;
    if (ending.type === "end") this.#outgoing.complete();
    else this.#outgoing.fail(ending.error);
  }

  #read(): void {
    if (this.#wanted === 0 || this.#isReading || this.#isPosted || this.#isOver) return;
    if (this.#ending?.type === "error" && this.#settings.isImmediate) return;
    const stream = this.#stream;
    const { unwraps } = this.#settings;
    const events: Event[] = [];
    const most = Math.min(this.#wanted, LIST);
    this.#isReading = true;
    this.#isDry = false;
    try {
      while (events.length < most) {
        const event = stream.read();
        if (event === null) {
          this.#isDry = true;
          break;
        }
        events.push((unwraps ? unwrapNullish(event) : event) as Event);
      }
    } catch (error) {
      this.#ending ??= { type: "error", error };
      this.#isDry = true;
    }
    this.#isReading = false;
    this.#wanted -= events.length;
    // To listen makes a stream read one ahead even if its high-water mark is 0: then only when something is missing.
    if (stream.readableHighWaterMark !== 0 || stream.readableFlowing === true || this.#isDry) this.listen();
    if (events.length > 0 && !this.#emit(events)) return;
    this.#settle();
    if (events.length === LIST && this.#wanted > 0) {
      this.#isPosted = true;
      post(this.#turn, undefined);
    }
  }

  readonly #turn: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      this.#read();
    },
  };

  /** Returns false when the stage takes no more: it has failed for another reason, and delivers what it has. */
  #emit(events: readonly Event[]): boolean {
    try {
      this.#outgoing.emit(events);
      return true;
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      this.#isOver = true;
      return false;
    }
  }

  readonly #onReadable = (): void => {
    if (this.#wanted > 0) this.#read();
    else if (this.#stream.readableLength === 0) this.#lookForEnd();
  };

  /** 'readable' of an empty stream announces its end, which takes one more call. */
  #lookForEnd(): void {
    try {
      this.#stream.read(0);
    } catch (error) {
      this.failed(error);
    }
  }

  readonly #onEnd = (): void => {
    this.#settings.handleEnd?.();
    this.#end({ type: "end" });
  };
}
