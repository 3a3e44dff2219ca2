/**
 * A Node Duplex or Transform as a producerConsumer: gzip, ciphers, parsers, sockets.
 *
 * Demand: what consumers demand is read from the readable half, one `read()` for each event. The writable half is fed while
 * more is demanded than is in flight there, up to its own high-water mark; the producers are asked by a window.
 *
 * Overflow: the stage holds at most `maxDemand` events that are not written, by default 1,000 objects or 16 chunks of bytes.
 * Nothing is read that was not demanded; the Duplex holds what its two high-water marks allow, and what one write makes.
 *
 * Completion and errors: when the input has ended `end()` is called; 'end' of the readable half completes the stage, when
 * the writable half has finished too. An error of the Duplex fails the stage with the same object, after what it still
 * holds to be read, and cancels the producers with it; an error of a producer destroys the Duplex and goes the same way. A
 * 'close' before 'end' is an error, `SLUICE_BAD_PARTNER`.
 *
 * Cancel: the end of the stage destroys the Duplex once and waits until it has closed. When the readable half ends first,
 * the producers are cancelled and the stage ends normally: nobody would see what became of further input.
 *
 * Acks: an event counts as handled when the callback of its list's last write has been called.
 */
import {
  BadOptionError,
  CLOSE_WITHIN_MS,
  checkAbsent,
  checkOption,
  milliseconds,
  type OutletOptions,
  type ProducerConsumer,
  type StageOptions,
  type Target,
  type WindowOptions,
  checkPlain,
} from "../../core/index.ts";
import { duplexStage } from "./duplex-stage.ts";
import { checkNullish, type NullishOption } from "./nullish.ts";
import { isReadable, isWritable, type DuplexLike } from "./shapes.ts";

/** Options of {@link throughDuplex}: those of a producerConsumer without its callbacks. */
export interface ThroughDuplexOptions<In, Out>
  extends Pick<StageOptions<Out, never>, "name" | "signal" | "stopWithinMs" | "timing" | "handleReport">,
    Omit<OutletOptions<Out, Out>, "demand">,
    NullishOption,
    WindowOptions {
  /** Whom it subscribes to at its start. Default nobody. */
  readonly subscribeTo?: readonly Target<In>[] | undefined;
  /** How long the end waits for the Duplex to finish, and then for 'close', in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/**
 * A producerConsumer whose events go through a Duplex.
 *
 * @throws BadOptionError when it is no Duplex, or an option is wrong
 */
export function throughDuplex<In = unknown, Out = unknown>(
  duplex: DuplexLike,
  options: ThroughDuplexOptions<In, Out> = {},
): ProducerConsumer<In, Out> {
  checkPlain("throughDuplex", options);
  if (!isReadable(duplex) || !isWritable(duplex)) throw new BadOptionError("the duplex of throughDuplex", "a Node Duplex", duplex);
  const { closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkNullish(rest.nullish, duplex.writableObjectMode !== false || duplex.readableObjectMode !== false);
  checkAbsent("throughDuplex", rest, ...OWN_CALLBACKS, "demand");
  return duplexStage(duplex, rest, closeWithinMs);
}

const OWN_CALLBACKS = [
  "handleDemand",
  "handleEvents",
  "handleEvent",
  "handleComplete",
  "handleStop",
  "handleSubscribe",
  "handleCancel",
  "handleInfo",
] as const;
