/**
 * A source of `node:stream/iter` as a producer: what iterates lists of chunks, as `from`, `pull` and `push` of that module
 * give it.
 *
 * Demand: one `next()` after the other, as long as more chunks are demanded than came. The first demand is the first touch.
 *
 * Overflow: a list is taken whole; what of it was not demanded waits in the buffer. Nothing is read ahead.
 *
 * Completion and errors: the end of the source completes the stage; an error fails it with the same object, after what came
 * before.
 *
 * Cancel: the end of the stage calls `return` with its error or reason, and waits for it, but not behind a `next()` that is
 * stuck.
 *
 * Acks: a chunk is out of the source's hands when its list has come.
 */
import { CLOSE_WITHIN_MS, LONGEST_MS, SluiceError, causeOf, checkAbsent, checkOption, checkPlain, fromIterable, milliseconds, producer, show, type Producer, type ProducerOptions, type PushProducer, type Self } from "../../core/index.ts";
import type { ChunkLists } from "./iter-shapes.ts";

/** Options of {@link fromStreamIter}, beside those of a producer. The default of `bufferSize` is `Infinity`: it holds the rest of a list. */
export interface FromStreamIterOptions<Out> extends Omit<ProducerOptions<Out>, "handleDemand" | "handleStop"> {
  /** How long the end waits for `return()`, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/**
 * A producer of the chunks of a source. A chunk is an event, and a list of the source a list of ours.
 *
 * @throws BadOptionError when it is not iterable, or an option is wrong
 */
export function fromStreamIter<Out = Uint8Array>(source: ChunkLists<Out>, options: FromStreamIterOptions<Out> = {}): Producer<Out> {
  checkPlain("fromStreamIter", options);
  const { closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkAbsent("fromStreamIter", rest, "handleDemand", "handleStop");
  const reading = fromIterable<readonly Out[]>(source, {
    name: rest.name,
    stopWithinMs: rest.stopWithinMs,
    closeWithinMs,
    // What it has to tell is told by the stage: a clean-up that fails is an error of its own.
    handleReport: (report) => {
      if (report.kind === "late-failure") stage.fail(report.error);
    },
  });
  // It is `reading` that keeps the time in which the source has to be left, and says so.
  const lists = reading.events({ maxDemand: 1, minDemand: 0, closeWithinMs: LONGEST_MS });

  let wanted = 0;
  let isReading = false;
  const read = (self: Self<Out>): void => {
    if (isReading || wanted <= 0) return;
    isReading = true;
    lists.next().then(
      ({ done, value }) => {
        isReading = false;
        if (done === true) self.complete();
        else if (!Array.isArray(value)) self.fail(new SluiceError("SLUICE_BAD_PARTNER", `expected ${stage.name} to read lists of chunks, got: ${show(value)}`));
        else if (take(self, value as readonly Out[])) read(self);
      },
      (error: unknown) => self.fail(error),
    );
  };
  const take = (self: Self<Out>, list: readonly Out[]): boolean => {
    wanted -= list.length;
    try {
      self.emit(list);
      return true;
    } catch (error) {
      // The stage ends for another reason, and delivers what it has.
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      return false;
    }
  };

  const stage: PushProducer<Out> = producer<Out>({
    bufferSize: Infinity,
    ...rest,
    handleDemand(demand, self) {
      wanted = Math.max(0, wanted) + demand;
      read(self);
    },
    async handleStop(reason) {
      await lists.return(causeOf(reason));
    },
  });
  return stage;
}
