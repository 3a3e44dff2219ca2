/**
 * Operators of RxJS as a producerConsumer: back-pressure through their chain.
 *
 * Demand: an event is fed into the operators while fewer events are in them, fed and not settled, than outputs are demanded
 * (`feed: "strict"`), or while any output is demanded (`"eager"`); of tracked operators, while nothing would have to wait
 * inside. The producers are asked by a window, of which an event leaves when it has settled.
 * Outputs that meet the demand are given at once; fewer, of events that wait for something, with all that come in the same
 * turn of the event loop.
 *
 * Overflow: what waits for demand is what the events in the operators make beyond it: nothing of operators that make one
 * output of one event, where it is strict. No event is read for which there is no room in the window, whatever the operators
 * drop, gather or are busy with: at most `maxDemand` events are read that were neither dropped nor gathered, and whose outputs
 * were not delivered.
 *
 * Completion and errors: the end of the input completes the source of the operators, and what they emit then is delivered on
 * demand. An error of the input is one of that source: `catchError` and `retry` see it. An error of the operators fails the
 * stage with the same object, behind what they had emitted, and cancels the producers with it; when they complete early the
 * producers are left, and the stage ends normally. `retry` and `repeat` among the operators go on with the next event. What a
 * teardown of the operators throws at a normal end fails the stage; behind an error it is reported (`late-failure`).
 *
 * Cancel: the end of the stage unsubscribes from the operators once, and so from the inner observables that are active. It
 * waits for the producers that it left unused.
 *
 * Acks: an event counts as handled when it has settled and no output waits for demand. It has settled when `next` has
 * returned, and each inner observable that came of it has completed, failed or been unsubscribed. An event that was gathered
 * (`bufferCount`) has settled then. Of synchronous operators it counts as handled when `next` has returned.
 */
import { BadOptionError, checkAbsent, checkOption, checkPlain, oneOf, type JoinedOptions, type ProducerConsumer } from "../../core/index.ts";
import { operatorStage } from "./gate/operator-stage.ts";
import { isOperators, type Operators } from "./operators.ts";

/** Options of {@link throughOperators}: those of a producerConsumer without its callbacks. */
export interface ThroughOperatorsOptions<In, Out> extends Omit<JoinedOptions<In, Out>, "bufferLow" | "handleBufferLow"> {
  /**
   * How many events may be in the operators. `strict`: fewer than outputs are demanded, so that a loop that asks for one at a
   * time has one in work. `eager`: as many as the operators take, while anything is demanded and nothing waits for demand.
   * Default `strict`. It makes no difference to `sync`.
   */
  readonly feed?: "strict" | "eager" | undefined;
}

/**
 * A producerConsumer whose events go through operators of RxJS 7 or 8, under the back-pressure of its consumers. They are
 * given by `sync`, `tracked` or `each`, and subscribed at the first demand.
 *
 * An output that no event has caused, as nothing is being fed and no inner observable emits, fails the stage: an operator
 * among them is asynchronous and not tracked (`SLUICE_BAD_PARTNER`).
 *
 * @throws BadOptionError when these are no operators, or an option is wrong
 */
export function throughOperators<In, Out>(operators: Operators<In, Out>, options: ThroughOperatorsOptions<In, Out> = {}): ProducerConsumer<In, Out> {
  checkPlain("throughOperators", options);
  if (!isOperators(operators)) throw new BadOptionError("the operators of throughOperators", "what sync(), tracked() or each() returns", operators);
  const { feed = "strict", ...rest } = options;
  checkOption("feed", feed, oneOf("strict", "eager"));
  checkAbsent("throughOperators", rest, ...OWN_CALLBACKS, "demand");
  return operatorStage(operators, rest, feed === "eager");
}

const OWN_CALLBACKS = ["handleDemand", "handleEvents", "handleEvent", "concurrency", "ordered", "handleComplete", "handleStop", "handleSubscribe", "handleCancel", "handleInfo", "bufferLow", "handleBufferLow"] as const;
