/** A producer of the events of an iterable whose items are lists of them. */
import { CLOSE_WITHIN_MS, LONGEST_MS, SluiceError, causeOf, checkAbsent, checkOption, fromIterable, milliseconds, producer, show, type EventReader, type Producer, type PushProducer, type Self } from "../../core/index.ts";
import { isEcho } from "./departure.ts";
import { emit } from "./emit.ts";
import type { FromIxListsOptions, Signalled } from "./from-ix.ts";

/** @throws BadOptionError */
export function readLists<Event>({ open, signal }: Signalled<readonly Event[]>, options: Omit<FromIxListsOptions<Event>, "lists" | "preventAbort">): Producer<Event> {
  const { closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkAbsent("fromIx", rest, "handleDemand", "handleStop");
  const stage: PushProducer<Event> = producer<Event>({
    bufferSize: Infinity,
    ...rest,
    handleDemand: (demand, self) => reading.demand(demand, self),
    handleStop: async (reason) => {
      await lists.return(causeOf(reason));
    },
  });
  const source = fromIterable<readonly Event[]>(open, {
    name: stage.name,
    stopWithinMs: rest.stopWithinMs,
    closeWithinMs,
    // What comes late here comes late there. A clean-up that fails is told to who leaves, which is the stage.
    handleReport: (report) => {
      if (report.kind === "late-failure" && !isEcho(report.error, signal)) stage.fail(report.error);
    },
  });
  // One list after the other. It is the source that keeps the time in which it has to be left, and says so.
  const lists = source.events({ maxDemand: 1, minDemand: 0, closeWithinMs: LONGEST_MS });
  const reading = new ListReading<Event>(lists);
  return stage;
}

/** One list after the other, while more events are demanded than came. */
class ListReading<Event> {
  readonly #lists: EventReader<readonly Event[]>;
  /** Below 0: what of the last list was not demanded, and waits in the buffer. Only what that does not serve is demanded. */
  #wanted = 0;
  #isReading = false;

  constructor(lists: EventReader<readonly Event[]>) {
    this.#lists = lists;
  }

  demand(demand: number, self: Self<Event>): void {
    this.#wanted = Math.max(0, this.#wanted) + demand;
    this.#read(self);
  }

  #read(self: Self<Event>): void {
    if (this.#isReading || this.#wanted <= 0) return;
    this.#isReading = true;
    this.#lists
      .next()
      .then(({ done, value }) => {
        this.#isReading = false;
        if (done === true) self.complete();
        else if (this.#take(value, self)) this.#read(self);
      })
      // Also what the list throws when it is looked at.
      .catch((error: unknown) => self.fail(error));
  }

  /** Whether to go on. */
  #take(list: readonly Event[], self: Self<Event>): boolean {
    if (!Array.isArray(list)) {
      self.fail(new SluiceError("SLUICE_BAD_PARTNER", `expected an item to be a list of events, got: ${show(list)}`));
      return false;
    }
    this.#wanted -= list.length;
    return emit(self, list);
  }
}
